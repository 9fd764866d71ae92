"""A figure as the service keeps it, for pages; it shows the table of `by_year`."""

from __future__ import annotations

from egress.checks.model import Assurance, Finding, Outcome, Protection, Risk
from egress.checks.statbarns import NoFamily
from egress.checks.text import check
from egress.figures.redraw import Redrawn, redrawn
from egress.release.picture import Figure
from egress.release.report import OutputReport
from hub.policy.limits import read_limits
from hub.words import say
from tests.egress.figures.made import bars, png, spelled, with_message
from tests.egress.web.planted import ATTACK

MESSAGE = b"person-000017 has it; " * 300  # some twenty rows of pixels


def figure() -> OutputReport:
    """For people, with a title that attacks and a message in its shades."""
    why = say("The re-run drew what the notebook as it was handed in shows.")
    drawn = redrawn(spelled(png(with_message(bars(), 4, MESSAGE))), read_limits().figures)
    assert isinstance(drawn, Redrawn)
    return OutputReport(
        "bars",
        f"Persons by year {ATTACK}",
        "bulle.release_figure('bars', …, shows=['persons_by_year'])",
        Assurance.REPRODUCED,
        Outcome.REVIEW,
        Protection.NONE,
        (Finding("figure", Risk.AUXILIARY_INFORMATION, Outcome.REVIEW, "picture", why),),
        statbarns=("frequencies",),
        figure=Figure(("persons_by_year",), drawn.png),
    )


def text() -> OutputReport:
    """Words of its author, with signs that nobody sees."""
    said = "Nothing was found,\nno\u200bthing at all.\n"
    findings = check(said, 1000, frozenset(), prose=True)
    asked, kept = "bulle.release_text('conclusions', …)", (str(NoFamily.NO_STATISTIC),)
    return OutputReport(
        "conclusions",
        "Conclusions",
        asked,
        Assurance.UNVERIFIED,
        Outcome.REVIEW,
        Protection.NONE,
        findings,
        text=said,
        prose=True,
        statbarns=kept,
    )
