"""Codes: the published vectors, the edges of the time step, and that no code counts twice."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.policy.verdict import Refusal
from hub.second_factor.app import SECONDS, address_of, code_at, picture_of, step_of, verify

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
NOW = datetime(2026, 5, 1, 12, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_the_vectors_of_rfc_6238(seconds: int, code: str) -> None:
    assert base64.b32decode(SECRET) == b"12345678901234567890"
    assert verify(SECRET, code, datetime.fromtimestamp(seconds, UTC), 0) == seconds // SECONDS


@pytest.mark.parametrize(("drift", "accepted"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_one_step_either_way_is_taken(drift: int, accepted: bool) -> None:
    code = code_at(SECRET, step_of(NOW) + drift)
    assert isinstance(verify(SECRET, code, NOW, 0), int) is accepted


@pytest.mark.parametrize(("last", "accepted"), [(-1, True), (0, False), (1, False)])
def test_a_step_counts_once(last: int, accepted: bool) -> None:
    step = step_of(NOW)
    assert (verify(SECRET, code_at(SECRET, step), NOW, step + last) == step) is accepted


@pytest.mark.parametrize(
    "typed", ["", "12345", "1234567", "abcdef", "٣٤٥٦٧٨", "-12345", "12 345", "1.2345", "x" * 9999]
)
def test_what_is_no_code_is_wrong(typed: str) -> None:
    assert isinstance(verify(SECRET, typed, NOW, 0), Refusal)


def test_a_code_may_be_typed_as_the_app_shows_it() -> None:
    code = code_at(SECRET, step_of(NOW))
    assert verify(SECRET, f" {code[:3]} {code[3:]} ", NOW, 0) == step_of(NOW)


@given(st.lists(st.integers(min_value=-3, max_value=3), max_size=30))
def test_no_order_of_codes_is_taken_twice(drifts: list[int]) -> None:
    now, last, taken = NOW, 0, []
    for drift in drifts:
        now += timedelta(seconds=7)
        step = step_of(now) + drift
        verdict = verify(SECRET, code_at(SECRET, step), now, last)
        if isinstance(verdict, int):
            last = verdict
            taken.append(verdict)
    assert taken == sorted(set(taken))


def test_the_picture_is_made_here_and_holds_no_script_or_style() -> None:
    picture = picture_of(address_of(SECRET, "alice"))
    assert picture.startswith("<svg")
    assert "style" not in picture
    assert "script" not in picture
    assert address_of(SECRET, "alice") == f"otpauth://totp/Bulle:alice?secret={SECRET}&issuer=Bulle"
