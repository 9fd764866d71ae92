"""What people are told of a figure beside its tables, and of the notebook that was handed in; never a pass."""

from __future__ import annotations

import pytest
from PIL import Image

from egress.checks.model import Assurance, Outcome, Protection
from egress.checks.table import Table
from egress.figures.look import Looked, look
from egress.figures.rule import Shown
from egress.outputs.figures import DeclaredFigure
from hub.policy.limits import read_limits
from tests.egress.figures.made import drawn, png, spelled

LIMITS = read_limits().figures
WHOLE = Table(("sex", "n"), (("female", 20), ("male", 22), (None, 30)))
GAP = Table(WHOLE.columns, (("female", None), *WHOLE.rows[1:]))
FREE = Shown(Assurance.RECOMPUTED, Protection.NONE, WHOLE, WHOLE)
DRAWN = spelled(png(drawn()))


def looked(
    table: Shown = FREE, before: str | None = DRAWN, title: str = "By sex", keys: tuple[str, ...] = ()
) -> Looked:
    figure = DeclaredFigure("bars", ("by_sex",), title, 3, DRAWN, before)
    return look(figure, {"by_sex": table}, frozenset(keys), LIMITS)


def told(found: Looked) -> str:
    return " ".join(str(finding.why) for finding in found.findings)


def test_the_same_pixels_are_reproduced_and_still_for_people() -> None:
    found = looked()
    assert (found.assurance, found.outcome) == (Assurance.REPRODUCED, Outcome.REVIEW)
    assert found.picture is not None
    resaved = spelled(png(drawn(), optimize=True, compress_level=1))
    assert resaved != DRAWN
    assert looked(before=resaved).assurance is Assurance.REPRODUCED


@pytest.mark.parametrize(
    ("before", "why"),
    [
        (None, "shows no picture"),
        (spelled(png(Image.new("RGB", (64, 64), "red"))), "It differs"),
        (spelled(b"<svg/>"), "It differs"),
    ],
)
def test_another_picture_or_none_is_not_called_reproduced(before: str | None, why: str) -> None:
    found = looked(before=before)
    assert (found.assurance, found.outcome) == (Assurance.UNVERIFIED, Outcome.REVIEW)
    assert why in told(found)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (Shown(Assurance.RECOMPUTED, Protection.SUPPRESS, WHOLE, WHOLE), "release_chart"),
        (Shown(Assurance.RECOMPUTED, Protection.ROUND, WHOLE, WHOLE), "release_chart"),
        (Shown(Assurance.RECOMPUTED, Protection.DP, WHOLE, None), "release_chart"),
        (Shown(Assurance.REPRODUCED, Protection.NONE, GAP, WHOLE), "release_chart"),
        (Shown(Assurance.REPRODUCED, Protection.NONE, GAP, None), "release_chart"),
        (Shown(Assurance.RECOMPUTED, Protection.NONE, None, WHOLE), "is refused"),
        (Shown(Assurance.UNVERIFIED, Protection.NONE, WHOLE, WHOLE), "Nothing vouches"),
        (Shown(Assurance.REPRODUCED, Protection.NONE, WHOLE, WHOLE, curves=True), "by their times"),
    ],
)
def test_a_table_that_hides_or_does_not_leave_has_no_figure(table: Shown, why: str) -> None:
    found = looked(table)
    assert found.outcome is Outcome.FAIL
    assert found.picture is None
    assert why in told(found)


def test_a_missing_key_hides_nothing() -> None:
    assert looked(Shown(Assurance.REPRODUCED, Protection.NONE, WHOLE, WHOLE)).outcome is Outcome.REVIEW


def test_a_title_that_names_somebody_is_refused() -> None:
    assert looked(title="Of 1 85 05 78 006 084 91").outcome is Outcome.FAIL
    assert looked(title="Of person-000017", keys=("person-000017",)).outcome is Outcome.FAIL
