"""Notebooks on the review page: read once, apart, and hostile ones told in a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from egress.apart.reading import ApartReader
from egress.outputs.model import Rendered, Unreadable
from egress.store.quarantine import Quarantine
from egress.web.submitted import Submitted
from hub.policy.limits import read_limits
from hub.words import Message

CELLS = [
    {"cell_type": "code", "source": "x = 1\u202e", "outputs": [], "metadata": {}, "execution_count": None},
    {"cell_type": "markdown", "source": "# why", "metadata": {}},
]
NOTEBOOK = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": CELLS}).encode()


@pytest.fixture
def quarantine(tmp_path: Path) -> Quarantine:
    return Quarantine(tmp_path)


def test_cells_are_read_by_a_child_and_their_tricks_are_visible(quarantine: Quarantine) -> None:
    sources = Submitted(quarantine, ApartReader(read_limits().reader).notebook)
    (one, two) = sources.of(quarantine.put(NOTEBOOK))
    assert (one[:2], two) == ((1, True), (2, False, "# why"))
    assert "\u202e" not in one[2]
    told = sources.of(quarantine.put(b"\x80" * 100))
    assert isinstance(told, Message)


def test_a_notebook_is_read_once_and_the_last_few_are_kept(quarantine: Quarantine) -> None:
    read: list[bytes] = []

    def reading(raw: bytes, _: int) -> Rendered | Unreadable:
        read.append(raw)
        return Rendered(())

    sources = Submitted(quarantine, reading)
    for _ in range(2):
        sources.of(quarantine.put(NOTEBOOK))
    assert len(read) == 1
    for number in range(8):
        sources.of(quarantine.put(b"%d" % number))
    sources.of(quarantine.put(NOTEBOOK))
    assert len(read) == 10


def test_what_is_gone_from_quarantine_is_asked_for_again(quarantine: Quarantine, tmp_path: Path) -> None:
    sources, found = Submitted(quarantine, lambda *_: Rendered(())), quarantine.put(NOTEBOOK)
    [kept] = [path for path in tmp_path.rglob("*") if path.is_file()]
    kept.unlink()
    assert not isinstance(sources.of(found), tuple)
    quarantine.put(NOTEBOOK)
    assert isinstance(sources.of(found), tuple)
