"""What a DP release costs and how exact it is, before anything is drawn. No data enter it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from egress.privacy.answer import NANO, ColumnAccuracy, Noise, accuracies, notes_of
from egress.privacy.child import ask
from egress.privacy.draw import asked, noise_of
from egress.privacy.spec import DpSpec, Shape
from hub.policy.model import DisclosureRules
from hub.policy.verdict import Refusal
from hub.words import Message, say

# Without a wish, a table takes a twentieth of its source's cap: a fixed share carries no message of its author.
DEFAULT_SHARE = 20


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
    told = ask(asked("preview", spec, int(wanted * NANO), rules))
    noise = noise_of(told, rules)
    columns = tuple(column for column in accuracies(spec, noise) if column.shape is not Shape.KEY)
    return Preview(spec, noise, columns, spec.cells, notes_of(spec), told.get("offline") is True)
