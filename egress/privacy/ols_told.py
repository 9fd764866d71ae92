"""What the worker's answer to a regression becomes: the table of coefficients, and what is told beside it. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

from egress.privacy import costs
from egress.privacy.answer import NANO
from egress.privacy.intervals import Estimate, printed
from egress.privacy.ols import UNIT, OlsSpec
from egress.privacy.ols_fit import Fit, fit
from egress.privacy.result import Result
from egress.privacy.told import FORM
from egress.query.table import Table
from hub.words import Message, say

COLUMNS = (("term", "key"), ("estimate", "coefficient"), ("standard_error", "error"))
DROWNED = say(
    "Noise drowns the cross products at this rho, so that no coefficient is told; what was reserved stays spent."
)
ERRORS = say("Standard errors and intervals hold both sampling and the added noise, the noise to first order.")
ROWS = say("The errors are the classical ones: rows of one person are taken as independent of each other.")
CLAMPED = say("Values were cut at the published bounds first; rows that lack one of the columns take no part.")


@dataclass(frozen=True)
class OlsAnswer:
    """The noisy cross products of a spec, one integer per pair of `spec.products`, and what they cost."""

    nano_rho: int
    epsilon: float
    delta: float
    confidence: float
    scale: float
    noisy: tuple[int, ...]


def read_answer(spec: OlsSpec, raw: Mapping[str, Any]) -> OlsAnswer:
    """Raises: KeyError, TypeError, ValueError when `raw` holds no answer of `spec`."""
    noisy = tuple(int(value) for value in raw["noisy"])
    epsilon, delta, confidence, scale = (float(raw[name]) for name in ("epsilon", "delta", "confidence", "scale"))
    if len(noisy) != len(spec.products) or not 0 < scale < math.inf:
        raise ValueError("the answer is of another spec")
    return OlsAnswer(int(raw["nano_rho"]), epsilon, delta, confidence, scale, noisy)


def kept(answer: OlsAnswer) -> dict[str, Any]:
    """The form the ledger keeps."""
    return {**asdict(answer), "noisy": list(answer.noisy)}


def ols_told(spec: OlsSpec, answer: OlsAnswer) -> Result:
    """The coefficients with their errors and intervals, or that noise drowned them."""
    found = fit(spec, answer.noisy, answer.scale, answer.confidence)
    lines = () if found is None else _lines(found)
    notes = (DROWNED,) if found is None else (ERRORS, ROWS, CLAMPED, _counted(answer), _noise(answer))
    told = {
        "form": FORM,
        "rho": str(Decimal(answer.nano_rho) / NANO),
        "epsilon": answer.epsilon,
        "delta": answer.delta,
        "confidence": answer.confidence,
        "columns": [
            {"name": name, "shape": shape, "scale": None, "half_width": None, "ranks": None} for name, shape in COLUMNS
        ],
        "intervals": [[None, [float(one.low), float(one.high)], None] for _, one, _ in lines],
        "notes": [note.to_dict() for note in notes],
    }
    rows = tuple((term, float(one.value), float(error)) for term, one, error in lines)
    return Result(Table(tuple(name for name, _ in COLUMNS), rows), told, DROWNED if found is None else None)


def _lines(found: Fit) -> tuple[tuple[str, Estimate, Decimal], ...]:
    """Term, estimate and standard error, with the digits that the interval supports."""
    numbers = zip(found.terms, found.estimates, found.low, found.high, found.errors, strict=True)
    return tuple(
        (term, printed(Estimate(_exact(value), _exact(low), _exact(high)), None), _upwards(error))
        for term, value, low, high, error in numbers
    )


def _exact(value: float) -> Decimal:
    return Decimal(repr(value))


def _upwards(error: float) -> Decimal:
    """With two digits, the last one raised."""
    exact = _exact(error)
    place = Decimal(1).scaleb(exact.adjusted() - 1)
    return (exact / place).to_integral_value(ROUND_CEILING) * place if exact else exact


def _counted(answer: OlsAnswer) -> Message:
    """How many rows took part: the first product is their number."""
    steps = UNIT**2
    half = math.ceil(costs.half_width(answer.scale, answer.confidence) / steps)
    return say("{rows} complete rows took part, ± {half} by noise.", rows=round(answer.noisy[0] / steps), half=half)


def _noise(answer: OlsAnswer) -> Message:
    return say(
        "Each of the {products} cross products, of columns scaled to [−1, 1] by their bounds, carries discrete "
        "Gaussian noise of standard deviation {scale}.",
        products=len(answer.noisy),
        scale=f"{answer.scale / UNIT**2:.4g}",
    )
