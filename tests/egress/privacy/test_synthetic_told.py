"""Synthetic rows as they are kept and told: packed, unpacked, and nothing else taken for an answer."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from egress.privacy import costs
from egress.privacy.synthetic import NULL, Algorithm, Cut, Listed, SyntheticSpec
from egress.privacy.synthetic_told import foreseen, kept, read_answer, synthetic_told
from hub.words import Message

DAY = date(2020, 1, 1).toordinal()
SPEC = SyntheticSpec(
    "s",
    "t",
    3,
    (
        Listed("sex", ("F", "M")),
        Cut("cost", False, -2, (0, 500, 1000)),
        Cut("since", True, 0, (DAY, DAY + 30)),
        Cut("big", False, 3, (-2, 0, 5)),
    ),
    3,
    2,
    Algorithm.FIXED,
)


def packed(steps: Sequence[int]) -> str:
    return base64.b64encode(zlib.compress(struct.pack(f"<{len(steps)}q", *steps))).decode()


STEPS = (1, 1000, DAY + 30, -2, NULL, NULL, NULL, NULL)
RAW: dict[str, Any] = {
    "nano_rho": 500_000_000,
    "epsilon": 5.2,
    "delta": 1e-6,
    "confidence": 0.95,
    "marginals": [[[0], 7.35, 15], [[0, 1], 7.35, 15]],
    "rows": packed(STEPS),
}


def test_rows_have_the_types_of_their_columns() -> None:
    shown = synthetic_told(SPEC, read_answer(SPEC, RAW))
    assert shown.table.columns == ("sex", "cost", "since", "big")
    assert shown.table.rows == (("M", 10.0, date(2020, 1, 31), -2000), (None, None, None, None))
    assert shown.nothing is None


def test_cost_accuracy_and_limits_are_told() -> None:
    told = synthetic_told(SPEC, read_answer(SPEC, RAW)).told
    assert (told["kind"], told["rho"], told["epsilon"], told["delta"]) == ("synthetic", "0.5", 5.2, 1e-6)
    assert told["marginals"][1] == {"columns": ["sex", "cost"], "scale": 7.35, "half_width": 15}
    notes = " ".join(str(Message.from_dict(note)) for note in told["notes"])
    assert "nobody's" in notes
    assert "1 tables of one column and 1 of several" in notes
    assert "± 15 at most, at 95 % confidence" in notes
    assert "at most 3 rows" in notes


def test_what_is_kept_is_the_same_answer_again() -> None:
    answer = read_answer(SPEC, RAW)
    assert read_answer(SPEC, kept(answer)) == answer


@pytest.mark.parametrize(
    "change",
    [
        {"rows": packed(STEPS[:-1])},
        {"rows": packed((*STEPS, 0))},
        {"rows": packed((2, *STEPS[1:]))},
        {"rows": packed((-1, *STEPS[1:]))},
        {"rows": packed((1, 1001, *STEPS[2:]))},
        {"rows": packed((1, 1000, DAY + 31, *STEPS[3:]))},
        {"rows": "not base64"},
        {"rows": base64.b64encode(b"not zlib").decode()},
        {"rows": base64.b64encode(zlib.compress(bytes(10**7))).decode()},
        {"marginals": []},
        {"marginals": [[[4], 7.35, 15]]},
        {"marginals": [[[], 7.35, 15]]},
        {"marginals": [[[0], 7.35]]},
        {"epsilon": "x"},
    ],
)
def test_anything_else_is_no_answer(change: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        read_answer(SPEC, {**RAW, **change})


def test_accuracy_is_known_before_where_public_facts_choose_the_tables() -> None:
    (counts,) = foreseen(SPEC, 500_000_000, 0.95)
    assert counts.scale == pytest.approx(3 * len(SPEC.marginals) ** 0.5)
    assert counts.half_width == costs.half_width(counts.scale or 0, 0.95)
    other = SyntheticSpec("s", "t", 3, SPEC.columns, 3, 2, Algorithm.AIM)
    assert foreseen(other, 500_000_000, 0.95) == ()
