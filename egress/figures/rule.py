"""A declared figure beside the tables that it shows: why it cannot leave, and what people are told of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from egress.checks import text
from egress.checks.curves import STEPS
from egress.checks.examined import Rule
from egress.checks.model import Assurance, Finding, Outcome, Protection, Risk
from egress.checks.table import Table
from egress.outputs.figures import DeclaredFigure
from hub.words import Message, say

RULE = Rule("figure", Risk.COVERT_CHANNEL)
AGAIN = Rule("figure", Risk.AUXILIARY_INFORMATION)
_PICTURE = "picture"


class Before(Enum):
    """What the notebook as it was handed in shows, beside what its re-run drew."""

    SAME = auto()  # the same pixels
    OTHER = auto()
    NOTHING = auto()


@dataclass(frozen=True)
class Shown:
    """What a figure must know of a table: how it was made, what protects it, the table as it leaves, None where it is
    refused, and whether it is of survival curves.
    """

    assurance: Assurance
    protect: Protection
    leaving: Table | None
    exact: Table | None
    curves: bool = False


def are_curves(findings: Iterable[Finding]) -> bool:
    """Whether these are findings of a table of survival curves, whose steps are joined."""
    return any(found.check == STEPS.check for found in findings)


def refusal(shows: Iterable[str], tables: Mapping[str, Shown]) -> Message | None:
    """Why a figure of the tables that it `shows` cannot leave, whatever is on it. `tables` are the request's by name;
    other outputs are none.
    """
    return next((why for name in shows if (why := _unfit(name, tables.get(name))) is not None), None)


def _unfit(name: str, table: Shown | None) -> Message | None:
    if table is None:
        return say("The notebook declares no table {table}; a figure names the declared tables it shows.", table=name)
    if table.assurance is Assurance.UNVERIFIED:
        return say("Nothing vouches for its table {table}; a figure shows recomputed or reproduced ones.", table=name)
    if table.protect is not Protection.NONE:
        return say(
            "The notebook draws a figure from exact values, and its table {table} is protected: use "
            "bulle.release_chart, which the enclave draws from the protected table.",
            table=name,
        )
    if table.curves:
        return say(
            "A survival curve that the notebook draws shows single persons by their times, and its table {table} joins "
            "them: use bulle.release_chart, which the enclave draws from the joined steps.",
            table=name,
        )
    if table.leaving is None:
        return say("Its table {table} is refused; a figure leaves with its tables or not at all.", table=name)
    if _hides(table.exact, table.leaving):
        return say(
            "The notebook draws a figure from exact values, and its table {table} hides some: use "
            "bulle.release_chart, which the enclave draws from the protected table.",
            table=name,
        )
    return None


def _hides(exact: Table | None, leaving: Table) -> bool:
    """Whether a value is gone that the exact table has; without one, every gap may be such."""
    if exact is None or len(exact.rows) != len(leaving.rows):
        return exact is not None or any(value is None for row in leaving.rows for value in row)
    pairs = zip(exact.rows, leaving.rows, strict=True)
    return any(was is not None and now is None for old, new in pairs for was, now in zip(old, new, strict=True))


def findings(
    one: DeclaredFigure, before: Before, density: float, dense: float, keys: frozenset[str]
) -> tuple[Finding, ...]:
    """What there is to say of a figure that may leave: never a pass.

    `density`: bits for a pixel, of which more than `dense` are told. `keys`: person keys of the extract among the words
    of its title.
    """
    return (*_always(), _again(before), *_detail(density, dense), *text.identifiers(one.title, keys))


def _always() -> Iterator[Finding]:
    why = say(
        "The notebook drew this picture. It holds what a person sees, and can hold more: the low bits of each colour "
        "were taken away, and still shapes, positions and shades can spell something. Hold it against its tables."
    )
    yield RULE.found(Outcome.REVIEW, _PICTURE, why)


def _again(before: Before) -> Finding:
    if before is Before.SAME:
        return AGAIN.passed(_PICTURE, say("The re-run drew what the notebook as it was handed in shows."))
    if before is Before.NOTHING:
        why = say("The notebook as it was handed in shows no picture: nothing is there to hold the re-run's against.")
        return AGAIN.found(Outcome.REVIEW, _PICTURE, why)
    why = say("It differs: the notebook as it was handed in showed another picture than its re-run drew.")
    return AGAIN.found(Outcome.REVIEW, _PICTURE, why)


def _detail(density: float, dense: float) -> Iterator[Finding]:
    if density > dense:
        why = say(
            "The picture holds {density} bits for a pixel, and drawings of tables hold fewer than {dense}: look for "
            "what all this detail is.",
            density=round(density, 1),
            dense=dense,
        )
        yield RULE.found(Outcome.REVIEW, _PICTURE, why)
