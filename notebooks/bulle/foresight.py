"""What a DP release would cost and how exact it would be, in numbers and words to act on. No row is read for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from typing import Any

from bulle.show import printable
from egress.privacy import costs
from egress.privacy.answer import NANO, ColumnAccuracy
from egress.privacy.kinds import Planned
from egress.privacy.ladder import WORTH, WRONG, Rung, by_size, found_out, ladder, worth_telling
from egress.privacy.ols_preview import COEFFICIENT
from egress.privacy.preview import Preview
from egress.privacy.spec import Shape
from egress.privacy.synthetic_told import CELLS
from hub.language import render
from hub.policy.model import DisclosureRules
from hub.words import Message, Value, say

# Digits of a half width; few enough to read, and more than an interval is worth.
_COUNTED = 4


def to_json(seen: Preview, rules: DisclosureRules) -> dict[str, Any]:
    """Cost and accuracy as `preview` in `bulle.check/1`; numbers that depend on no row."""
    return {
        **cost_json(seen.rho, seen.noise.epsilon, rules),
        "cells": seen.cells,
        "columns": [_column(seen, column) for column in seen.columns],
        "ladder": [_rung(seen, rung) for rung in ladder(seen, rules)],
    }


def cost_json(rho: Decimal, epsilon: float, rules: DisclosureRules) -> dict[str, Any]:
    """The part of it that every kind of private release has."""
    privacy = rules.privacy.value
    return {
        "rho": float(rho),
        "epsilon": epsilon,
        "delta": privacy.delta,
        "confidence": privacy.confidence,
        "source_cap": float(privacy.source_cap_rho),
        "source_share": float(rho / privacy.source_cap_rho),
        "found_out": found_out(float(rho)),
    }


def planned_json(planned: Planned, rules: DisclosureRules) -> dict[str, Any]:
    """The same of a private release that is no SQL table; other rho tell their cost alone."""
    privacy = rules.privacy.value
    rho = Decimal(planned.nano_rho) / NANO
    columns = planned.way.foreseen(planned.spec, planned.nano_rho, privacy.confidence)
    return {
        **cost_json(rho, costs.epsilon(float(rho), privacy.delta), rules),
        "cells": planned.way.numbers(planned.spec),
        "columns": [
            {
                "name": column.name,
                "shape": column.shape,
                "scale": column.scale,
                "half_width": column.half_width,
                "ranks": None,
                "groups": [{"rows": rows, "half_width": half} for rows, half in column.groups],
                "worth_from": column.worth_from,
            }
            for column in columns
        ],
        "ladder": [],
    }


def _column(seen: Preview, column: ColumnAccuracy) -> dict[str, Any]:
    groups = []
    if column.shape in (Shape.MEAN, Shape.SHARE):
        (asked,) = (one for one in seen.spec.columns if one.name == column.name)
        told = by_size(seen.spec, seen.noise, asked)
        groups = [{"rows": rows, "half_width": half} for rows, half in told]
    return {
        "name": column.name,
        "shape": str(column.shape),
        "scale": column.scale,
        "half_width": column.half_width,
        "ranks": column.ranks,
        "groups": groups,
        "worth_from": worth_telling(column),
    }


def _rung(seen: Preview, rung: Rung) -> dict[str, Any]:
    """`widths`: per column how far it is off, in its unit; quantiles in rows of rank; None for means and shares."""
    widths = [one.half_width if one.shape is not Shape.QUANTILE else one.ranks for one in rung.columns]
    return {"rho": float(rung.rho), "epsilon": rung.epsilon, "asked": rung.rho == seen.rho, "widths": widths}


def lines(preview: Mapping[str, Any] | None, language: str) -> list[str]:
    """Cost and accuracy of a DP output, one line each."""
    if preview is None:
        return []
    told = [_cost(preview), _tester(preview)]
    if any(column["shape"] == COEFFICIENT for column in preview["columns"]):
        told += _coefficients(preview["columns"], preview["confidence"])
    else:
        told += [one for column in preview["columns"] for one in _accuracy(column, preview["confidence"])]
    return [render(one, language) for one in told]


def _cost(preview: Mapping[str, Any]) -> Message:
    return say(
        "Cost: rho {rho} (epsilon {epsilon} at delta {delta}), {percent} % of the {cap} that this source has in all.",
        rho=plain(preview["rho"]),
        epsilon=f"{preview['epsilon']:.3g}",
        delta=f"{preview['delta']:g}",
        percent=f"{100 * preview['source_share']:.3g}",
        cap=plain(preview["source_cap"]),
    )


def _tester(preview: Mapping[str, Any]) -> Message:
    return say(
        "Whoever tests from this table alone whether a given person is in the data, and is wrong about {wrong} of 100 "
        "who are not, recognises at most {found} of 100 who are; by guessing it would be {wrong}.",
        wrong=round(100 * WRONG),
        found=_hundredth(preview["found_out"]),
    )


def _hundredth(share: float) -> str:
    return "100" if share > 0.9995 else f"{100 * share:.1f}".removesuffix(".0")


def _accuracy(column: Mapping[str, Any], confidence: float) -> list[Message]:
    name, often = printable(column["name"]), _often(confidence)
    if column["ranks"] is not None:
        return [
            say(
                "{column}: misses its rank by at most {ranks} rows of the group, {right} times in {all}.",
                column=name,
                ranks=upwards(column["ranks"], _COUNTED),
                **often,
            )
        ]
    if column["groups"]:
        return [_group(name, group, often) for group in column["groups"]]
    if column["shape"] == CELLS:
        width = upwards(column["half_width"], _COUNTED)
        return [
            say("Each count behind the rows: off by at most {width}, {right} times in {all}.", width=width, **often)
        ]
    told: dict[str, Value] = {"column": name, "width": upwards(column["half_width"], _COUNTED), **often}
    if column["worth_from"] is None:
        return [say("{column}: off by at most {width}, {right} times in {all}.", **told)]
    return [
        say(
            "{column}: off by at most {width}, {right} times in {all}; that is within {percent} % "
            "of groups from about {least} on.",
            **told,
            least=upwards(column["worth_from"], 2),
            percent=round(100 * WORTH),
        )
    ]


def _group(name: str, group: Mapping[str, Any], often: Mapping[str, int]) -> Message:
    rows, half = upwards(group["rows"], _COUNTED), group["half_width"]
    if half is None:
        return say("{column}, in a group of {rows} rows: lost in the noise.", column=name, rows=rows)
    return say(
        "{column}, in a group of {rows} rows: off by at most about {width}, {right} times in {all}.",
        column=name,
        rows=rows,
        width=upwards(half, 2),
        **often,
    )


def _coefficients(columns: Sequence[Mapping[str, Any]], confidence: float) -> list[Message]:
    """From how many rows on a regression is told at all, and what noise does to each coefficient from there."""
    told = [
        say(
            "Coefficients are told only if noise does not drown them: from about {least} complete rows on, where "
            "numbers spread evenly over their published bounds, categories are equally frequent and columns unrelated. "
            "Numbers that spread over a tenth of their bounds need about a hundred times as many.",
            least=upwards(columns[0]["worth_from"], 2),
        )
    ]
    for column in columns[1:]:  # the first one is the constant
        known = [group for group in column["groups"] if group["half_width"] is not None]
        if known:
            told.append(
                say(
                    "{column}, in {rows} such rows: noise alone moves a coefficient of 0 by at most about {width}, "
                    "{right} times in {all}; sampling comes on top.",
                    column=printable(column["name"]),
                    rows=upwards(known[0]["rows"], _COUNTED),
                    width=upwards(known[0]["half_width"], 2),
                    **_often(confidence),
                )
            )
    return told


def _often(confidence: float) -> dict[str, int]:
    """0.95 is 19 times in 20."""
    share = Fraction(confidence).limit_denominator(1000)
    return {"right": share.numerator, "all": share.denominator}


def upwards(number: float, digits: int) -> str:
    """With so many digits, the last one raised: what is off by at most this is never off by more."""
    exact = Decimal(str(number))
    if not exact:
        return "0"
    place = Decimal(1).scaleb(exact.adjusted() - digits + 1)
    if exact == exact.to_integral_value():
        place = max(place, Decimal(1))
    return f"{(exact / place).to_integral_value(ROUND_CEILING) * place:,f}"


def plain(number: float) -> str:
    """A rho as one would write it: no exponent, no more digits than it has."""
    return f"{Decimal(str(number)).normalize():f}"


def most_telling(preview: Mapping[str, Any]) -> int | None:
    """The column whose accuracy is drawn against rho: the first that has one before it is drawn."""
    known = [place for rung in preview["ladder"][:1] for place, width in enumerate(rung["widths"]) if width is not None]
    return known[0] if known else None
