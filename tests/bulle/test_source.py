"""bulle.release_source in a notebook: what its author sees, and what a re-run leaves."""

from __future__ import annotations

import pytest

from bulle.source import declared
from egress.outputs.source_claim import SOURCE_MIME, Cells, EmittedSource, read_source
from hub.words import say

WORDS = {"name": "method", "cells": "text", "title": "How it was done"}


def test_its_author_reads_that_people_decide() -> None:
    bundle = declared(WORDS, lambda: None)
    assert read_source(bundle[SOURCE_MIME]) == EmittedSource("method", Cells.TEXT, "How it was done")
    assert "once an output checker has read them" in bundle["text/plain"]


def test_a_doubt_about_the_call_stands_first() -> None:
    doubt = say("Its arguments must be literals: no variable, f-string, expression or unknown keyword.")
    assert declared(WORDS, lambda: doubt)["text/plain"].startswith("Its arguments must be literals")


def test_wrong_words_are_told_and_declare_nothing() -> None:
    bundle = declared({**WORDS, "cells": "some"}, lambda: None)
    assert "all, code, text" in bundle["text/plain"]
    assert SOURCE_MIME not in bundle


def test_a_re_run_leaves_the_declaration_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BULLE_RERUN", "1")
    assert set(declared(WORDS, lambda: None)) == {SOURCE_MIME}
    assert declared({**WORDS, "cells": 7}, lambda: None) == {}
