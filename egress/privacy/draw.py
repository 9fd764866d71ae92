"""The draw: noisy statistics for a reservation. Each call starts one worker process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from egress.privacy.answer import Answer, Noise, noise_from, table_of
from egress.privacy.child import ask
from egress.privacy.failure import PrivacyError
from egress.privacy.files import files
from egress.privacy.ledger import Reservation
from egress.privacy.spec import DpSpec, to_json
from hub.extracts.manifest import Manifest
from hub.policy.model import DisclosureRules
from hub.words import say

_NO_ANSWER = say("The privacy worker gave no usable answer; nothing was released.")


def draw(
    reservation: Reservation, spec: DpSpec, extract_dir: Path, manifest: Manifest, rules: DisclosureRules
) -> Answer:
    """The noisy statistics of `spec`, for what `reservation` holds; `table_of(spec, answer)` makes the table.

    Once per reservation: `egress.privacy.account.release` is the one caller, and settles it in the log.

    Raises: PrivacyError; the reservation then stays spent.
    """
    if reservation.spec != spec.digest:
        raise PrivacyError(say("The reservation is for another release; nothing was released."))
    paths = files(spec, manifest, extract_dir)
    request = asked("draw", spec, reservation.nano_rho, rules)
    told = ask({**request, "files": {table: str(path) for table, path in paths.items()}})
    try:
        noisy = tuple(tuple(int(value) for value in vector) for vector in told["noisy"])
        answer = Answer(noise_of(told, rules), noisy)
        table_of(spec, answer)
    except (KeyError, TypeError, ValueError):
        raise PrivacyError(_NO_ANSWER) from None
    return answer


def asked(act: str, spec: DpSpec, nano_rho: int, rules: DisclosureRules) -> dict[str, Any]:
    """The worker's request; no data are in it."""
    privacy = rules.privacy.value
    return {
        "act": act,
        "spec": to_json(spec),
        "nano_rho": nano_rho,
        "delta": privacy.delta,
        "confidence": privacy.confidence,
    }


def noise_of(told: dict[str, Any], rules: DisclosureRules) -> Noise:
    """What the worker told of its noise. Raises: PrivacyError."""
    try:
        return noise_from(told, rules.privacy.value.delta, rules.privacy.value.confidence)
    except (KeyError, TypeError, ValueError):
        raise PrivacyError(_NO_ANSWER) from None
