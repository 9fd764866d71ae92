"""What the worker's answer becomes: synthetic rows, and what is told beside them. Pure; it sees no data."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from egress.privacy import costs
from egress.privacy.answer import NANO
from egress.privacy.result import Foreseen, Result
from egress.privacy.synthetic import NULL, Algorithm, Cut, Domain, SyntheticSpec
from egress.privacy.told import FORM
from egress.query.table import Table, Value
from hub.words import Message, say

# The one thing whose accuracy is known before: every cell of every table behind the rows.
CELLS = "cells"
NOBODY = say("Each row is drawn from a noisy model and is nobody's; it is for trying code, not for results.")
NULLS = say("An empty cell stands for a missing value and for values that the catalogue does not publish.")
CLASSES = say("A number or date is drawn evenly from its class; only the counts of classes follow the data.")


@dataclass(frozen=True)
class Marginal:
    """A table that was counted with noise: its columns, the noise's scale, and its half width at the confidence."""

    columns: tuple[int, ...]
    scale: float
    half_width: int


@dataclass(frozen=True)
class SyntheticAnswer:
    """The rows that were drawn, packed as the worker packs them, and how exact the marginals behind them are."""

    nano_rho: int
    epsilon: float
    delta: float
    confidence: float
    marginals: tuple[Marginal, ...]
    rows: str


def read_answer(spec: SyntheticSpec, raw: Mapping[str, Any]) -> SyntheticAnswer:
    """Raises: KeyError, TypeError, ValueError when `raw` holds no answer of `spec`."""
    marginals = tuple(
        Marginal(tuple(int(at) for at in columns), float(scale), int(half)) for columns, scale, half in raw["marginals"]
    )
    many = len(spec.columns)
    if not marginals or any(not one.columns or not set(one.columns) <= set(range(many)) for one in marginals):
        raise ValueError("the answer is of another spec")
    epsilon, delta, confidence = (float(raw[name]) for name in ("epsilon", "delta", "confidence"))
    answer = SyntheticAnswer(int(raw["nano_rho"]), epsilon, delta, confidence, marginals, str(raw["rows"]))
    _unpacked(spec, answer)
    return answer


def kept(answer: SyntheticAnswer) -> dict[str, Any]:
    """The form the ledger keeps."""
    return {
        "nano_rho": answer.nano_rho,
        "epsilon": answer.epsilon,
        "delta": answer.delta,
        "confidence": answer.confidence,
        "marginals": [[list(one.columns), one.scale, one.half_width] for one in answer.marginals],
        "rows": answer.rows,
    }


def synthetic_told(spec: SyntheticSpec, answer: SyntheticAnswer) -> Result:
    """The rows as a table, and their cost, accuracy and limits."""
    names = tuple(one.column for one in spec.columns)
    told = {
        "form": FORM,
        "kind": "synthetic",
        "rho": str(Decimal(answer.nano_rho) / NANO),
        "epsilon": answer.epsilon,
        "delta": answer.delta,
        "confidence": answer.confidence,
        "columns": [],
        "intervals": [],
        "algorithm": str(spec.algorithm),
        "marginals": [
            {"columns": [names[at] for at in one.columns], "scale": one.scale, "half_width": one.half_width}
            for one in answer.marginals
        ],
        "notes": [note.to_dict() for note in _notes(spec, answer)],
    }
    return Result(Table(names, tuple(_unpacked(spec, answer))), told)


def foreseen(spec: SyntheticSpec, nano_rho: int, confidence: float) -> tuple[Foreseen, ...]:
    """How far each count behind the rows may be off. Not known before where data choose the tables."""
    if spec.algorithm is not Algorithm.FIXED:
        return ()
    scale = costs.scale_for(nano_rho, spec.sensitivity)
    return (Foreseen(CELLS, CELLS, scale, float(costs.half_width(scale, confidence))),)


def _notes(spec: SyntheticSpec, answer: SyntheticAnswer) -> tuple[Message, ...]:
    half = max(one.half_width for one in answer.marginals)
    pairs = sum(len(one.columns) > 1 for one in answer.marginals)
    counted = say(
        "The model follows {single} tables of one column and {pairs} of several; each of their counts is off by ± "
        "{half} at most, at {percent} % confidence. What they do not hold, the rows do not show.",
        single=len(answer.marginals) - pairs,
        pairs=pairs,
        half=half,
        percent=f"{100 * answer.confidence:g}",
    )
    limit = say("Of one person at most {rows} rows were counted.", rows=spec.rows_per_person)
    return (NOBODY, counted, limit, NULLS, CLASSES)


def _unpacked(spec: SyntheticSpec, answer: SyntheticAnswer) -> list[tuple[Value | None, ...]]:
    """Raises: ValueError."""
    many = len(spec.columns)
    expected = 8 * many * spec.rows
    try:
        inflate = zlib.decompressobj()
        packed = inflate.decompress(base64.b64decode(answer.rows, validate=True), expected + 1)
    except zlib.error:
        raise ValueError("rows") from None
    if len(packed) != expected:
        raise ValueError("rows")
    steps = [step for (step,) in struct.iter_unpack("<q", packed)]
    return [
        tuple(_value(one, step) for one, step in zip(spec.columns, steps[at : at + many], strict=True))
        for at in range(0, len(steps), many)
    ]


def _value(one: Domain, step: int) -> Value | None:
    """Raises: ValueError for a step that the column does not have."""
    if step == NULL:
        return None
    if not isinstance(one, Cut):
        if not 0 <= step < len(one.values):
            raise ValueError("rows")
        return one.values[step]
    if not one.edges[0] <= step <= one.edges[-1]:
        raise ValueError("rows")
    if one.dates:
        return date.fromordinal(step)
    return step * 10**one.exponent if one.exponent >= 0 else float(Decimal(step).scaleb(one.exponent))
