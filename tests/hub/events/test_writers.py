"""Which process may write what: every kind is somebody's, and nobody's decisions are the machine's."""

from __future__ import annotations

import pytest

from hub.events.kinds import KINDS
from hub.events.writers import WRITES, Writer, may_write
from hub.policy.verdict import Grant, Refusal

KEEPERS_OWN = {"log.refused"}
PEOPLES = ("review.given", "approval.given", "request.appealed", "request.recalled", "import.approved", "sample.seen")
ADMINS = ("permit.issued", "permit.ended", "person.added", "access.halted", "access.resumed", "source.registered")


def test_every_kind_has_a_process_that_writes_it_and_every_listed_kind_exists() -> None:
    named = set().union(*(kinds for writer, kinds in WRITES.items()))
    assert named == set(KINDS) - KEEPERS_OWN
    assert set(WRITES) == set(Writer)


@pytest.mark.parametrize("kind", PEOPLES)
def test_what_people_decide_comes_from_the_pages_or_from_root(kind: str) -> None:
    may = {writer for writer in Writer if isinstance(may_write(writer, kind, "p"), Grant)}
    assert may == {Writer.WEB, Writer.ADMIN}


@pytest.mark.parametrize("kind", ADMINS)
def test_what_opens_and_halts_comes_from_the_desk_or_from_root(kind: str) -> None:
    may = {writer for writer in Writer if isinstance(may_write(writer, kind, "p"), Grant)}
    assert may == {Writer.DESK, Writer.ADMIN}


@pytest.mark.parametrize("kind", ["administrator.appointed", "administrator.dismissed"])
def test_who_administers_is_said_by_root_alone(kind: str) -> None:
    assert {writer for writer in Writer if isinstance(may_write(writer, kind, ""), Grant)} == {Writer.ADMIN}


@pytest.mark.parametrize("writer", Writer)
def test_a_refusal_is_no_kind_that_a_process_writes_of_itself(writer: Writer) -> None:
    refused = may_write(writer, "log.refused", "")
    assert isinstance(refused, Refusal)
    assert refused.rule == "log.writer"
