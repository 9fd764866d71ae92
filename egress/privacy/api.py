"""The room's doors: what a DP release costs and how exact it is (no data), the release, the price of an exact table.

Each call starts one worker process.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from egress.privacy.answer import NANO, Answer, Noise, noise_from, notes_of, table_of
from egress.privacy.child import ask
from egress.privacy.failure import PrivacyError
from egress.privacy.ledger import Reservation
from egress.privacy.spec import DpSpec, Shape, to_json
from hub.extracts.manifest import Manifest
from hub.policy.model import DisclosureRules
from hub.policy.verdict import Refusal
from hub.words import Message, say

# Without a wish, a table takes a twentieth of its source's cap: a fixed share carries no message of its author.
DEFAULT_SHARE = 20


@dataclass(frozen=True)
class ColumnAccuracy:
    """One noisy column: the scale (standard deviation) of its noise and the half width at the rules' confidence.

    Both in the column's own unit. A mean has neither before it is drawn: they depend on its count.
    """

    name: str
    scale: float | None
    half_width: float | None


@dataclass(frozen=True)
class Preview:
    """Cost and accuracy of a DP release. Nothing of it depends on data. `noise.nano_rho` is the charge.

    `offline`: the kernel let the worker process give up its network (it needs root or user namespaces).
    """

    spec: DpSpec
    noise: Noise
    columns: tuple[ColumnAccuracy, ...]
    cells: int
    notes: tuple[Message, ...]
    offline: bool

    @property
    def rho(self) -> Decimal:
        return Decimal(self.noise.nano_rho) / NANO


def preview(spec: DpSpec, rules: DisclosureRules, rho: Decimal | None = None) -> Preview | Refusal:
    """What `spec` would cost at `rho`; of None, a twentieth of the source's cap. Raises: PrivacyError."""
    cap = rules.privacy.value.source_cap_rho
    wanted = cap / DEFAULT_SHARE if rho is None else rho
    if not wanted.is_finite() or wanted <= 0 or wanted > cap or wanted * NANO != (wanted * NANO).to_integral_value():
        return Refusal(
            "dp.rho",
            say("rho is a number above 0, with at most 9 decimals, and at most {cap} for this source.", cap=str(cap)),
        )
    told = ask(_request("preview", spec, int(wanted * NANO), rules))
    noise = _noise(told, rules)
    columns = tuple(_accuracy(spec, noise, position) for position in range(len(spec.columns)))
    told_columns = tuple(column for column in columns if column is not None)
    return Preview(spec, noise, told_columns, spec.cells, notes_of(spec), told.get("offline") is True)


def draw(
    reservation: Reservation, spec: DpSpec, extract_dir: Path, manifest: Manifest, rules: DisclosureRules
) -> Answer:
    """The noisy statistics of `spec`, for what `reservation` holds; `table_of(spec, answer)` makes the table.

    Once per reservation: `egress.privacy.account.release` is the one caller, and settles it in the log.

    Raises: PrivacyError; the reservation then stays spent.
    """
    packed = manifest.tables.get(spec.tables[0])
    if reservation.spec != spec.digest or packed is None:
        raise PrivacyError(say("The reservation is for another release; nothing was released."))
    folder = extract_dir.resolve()
    file = folder / packed.file
    if file.parent != folder or file.is_symlink() or not file.is_file():
        raise PrivacyError(
            say("The extract lacks the file of table {table}; nothing was released.", table=spec.tables[0])
        )
    request = _request("draw", spec, reservation.nano_rho, rules)
    told = ask({**request, "file": str(file)})
    try:
        noisy = tuple(tuple(int(value) for value in vector) for vector in told["noisy"])
        answer = Answer(_noise(told, rules), noisy)
        table_of(spec, answer)
    except (KeyError, TypeError, ValueError):
        raise PrivacyError(_NO_ANSWER) from None
    return answer


_NO_ANSWER = say("The privacy worker gave no usable answer; nothing was released.")


def _request(act: str, spec: DpSpec, nano_rho: int, rules: DisclosureRules) -> dict[str, Any]:
    privacy = rules.privacy.value
    return {
        "act": act,
        "spec": to_json(spec),
        "nano_rho": nano_rho,
        "delta": privacy.delta,
        "confidence": privacy.confidence,
    }


def _noise(told: dict[str, Any], rules: DisclosureRules) -> Noise:
    try:
        return noise_from(told, rules.privacy.value.delta, rules.privacy.value.confidence)
    except (KeyError, TypeError, ValueError):
        raise PrivacyError(_NO_ANSWER) from None


def _accuracy(spec: DpSpec, noise: Noise, position: int) -> ColumnAccuracy | None:
    column = spec.columns[position]
    if column.shape is Shape.KEY:
        return None
    if column.shape is Shape.MEAN:
        return ColumnAccuracy(column.name, None, None)
    at = column.uses[0]
    step = Decimal(1).scaleb(spec.statistics[at].exponent)
    return ColumnAccuracy(column.name, noise.scales[at] * float(step), float(noise.half_widths[at] * step))
