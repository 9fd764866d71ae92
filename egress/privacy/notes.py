"""What is said beside the numbers of a DP table: what was left out, cut, rounded, and what an interval covers. Pure."""

from __future__ import annotations

from egress.privacy.spec import DpSpec, Kind, Shape
from hub.words import Message, say

LEFT_OUT = say("Rows without a person, or without a published value in a key column, are in no cell.")
INTERVALS = say(
    "An interval covers the noise, each on its own; it does not cover rows of a person beyond the limit, nor values "
    "that were cut or rounded before."
)
# Totals stay unbiased: cells add up to their sum but for noise. The interval, not the number, says what is plausible.
NEGATIVE = say("Noise may make a count negative; it is left so, as cutting it at 0 would raise every total.")
CLAMPED = say("Values outside the published bounds were counted as the nearest bound; missing values are not summed.")
NO_RATIO = say("A mean or a share is empty where its noisy count cannot be told from 0.")
DIGITS = say("Sums, means and shares are rounded to the second digit of their interval's half width.")
QUANTILE = say(
    "A quantile is one of its column's published values, and misses its rank by no more than the stated number of "
    "rows, at the stated confidence; in a cell with fewer rows it says nothing."
)


def notes_of(spec: DpSpec) -> tuple[Message, ...]:
    """What was done to the numbers, from the spec alone."""
    shapes = {column.shape for column in spec.columns}
    told = [LEFT_OUT]
    if shapes - {Shape.KEY, Shape.QUANTILE}:
        told.append(INTERVALS)
    if Shape.COUNT in shapes:
        told.append(NEGATIVE)
    if shapes & {Shape.SUM, Shape.MEAN, Shape.QUANTILE}:
        told.append(CLAMPED)
    if shapes & {Shape.MEAN, Shape.SHARE}:
        told.append(NO_RATIO)
    if shapes & {Shape.SUM, Shape.MEAN, Shape.SHARE}:
        told.append(DIGITS)
    if Shape.QUANTILE in shapes:
        told.append(QUANTILE)
    return (*told, *_steps(spec))


def _steps(spec: DpSpec) -> tuple[Message, ...]:
    """The columns that are summed in steps other than 1."""
    stepped = {(one.column, one.exponent) for one in spec.statistics if one.kind is Kind.TOTAL and one.exponent}
    return tuple(
        say(
            "Values of {column} were rounded to steps of {step} before they were summed.",
            column=column,
            step=f"1e{exponent}",
        )
        for column, exponent in sorted(stepped)
    )
