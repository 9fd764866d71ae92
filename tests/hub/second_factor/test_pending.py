"""Logins between the two steps: short, and each challenge answered once."""

from __future__ import annotations

import pytest

from hub.policy.factors import Ask, FactorKind
from hub.second_factor.pending import Pendings

STEP = Ask(frozenset({FactorKind.APP}))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(("seconds", "there"), [(299.0, True), (300.0, False), (301.0, False)])
def test_a_pending_login_lasts_its_time(seconds: float, there: bool) -> None:
    clock = Clock()
    pendings = Pendings(300, clock)
    pending = pendings.begin("alice", "Alice", STEP)
    clock.now = seconds
    assert (pendings.find(pending.id) is not None) is there


def test_a_challenge_is_taken_once() -> None:
    pendings = Pendings(300, Clock())
    pending = pendings.change(pendings.begin("alice", "Alice", STEP), challenge=b"c")
    assert pendings.take_challenge(pending) == b"c"
    assert pendings.take_challenge(pending) == b""


def test_what_ended_stays_ended() -> None:
    pendings = Pendings(300, Clock())
    pending = pendings.begin("alice", "Alice", STEP)
    pendings.end(pending)
    pendings.change(pending, proof="second_factor.app")
    assert pendings.find(pending.id) is None
    assert pendings.take_challenge(pending) == b""


def test_ids_are_not_guessed_and_secrets_not_printed() -> None:
    pendings = Pendings(300, Clock())
    one, two = (pendings.change(pendings.begin("alice", "Alice", STEP), secret="S3CRET") for _ in range(2))
    assert one.id != two.id
    assert len(one.id) >= 43
    assert "S3CRET" not in repr(one)
    assert pendings.find("") is None
