"""The draw: noisy numbers for a reservation. Each call starts one worker process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from egress.privacy.child import ask, ask_all
from egress.privacy.failure import PrivacyError
from egress.privacy.files import files
from egress.privacy.form import A, Form, S
from egress.privacy.ledger import Reservation
from hub.extracts.manifest import Manifest
from hub.policy.model import DisclosureRules
from hub.words import say

_NO_ANSWER = say("The privacy worker gave no usable answer; nothing was released.")


def draw(  # noqa: PLR0913 -- what is drawn, for which reservation, on which extract, by which rules
    reservation: Reservation,
    form: Form[S, A],
    spec: S,
    extract_dir: Path,
    manifest: Manifest,
    *,
    rules: DisclosureRules,
) -> A:
    """The noisy answer of `spec`, for what `reservation` holds.

    Once per reservation: `egress.privacy.account.spend` is the one caller, and settles it in the log.

    Raises: PrivacyError; the reservation then stays spent.
    """
    return _answer(form, spec, ask(_request(reservation, form, spec, extract_dir, manifest, rules=rules)), rules)


def draw_all(
    wanted: Sequence[tuple[Reservation, S]],
    form: Form[S, A],
    extract_dir: Path,
    manifest: Manifest,
    rules: DisclosureRules,
) -> tuple[A | PrivacyError, ...]:
    """The same for several reservations, in order, with one start of the worker. One that fails stops no other.

    Raises: PrivacyError when no answer came at all; all reservations then stay spent.
    """
    requests: dict[int, Mapping[str, Any]] = {}
    found: dict[int, A | PrivacyError] = {}
    for at, (reservation, spec) in enumerate(wanted):
        try:
            requests[at] = _request(reservation, form, spec, extract_dir, manifest, rules=rules)
        except PrivacyError as error:
            found[at] = error
    for at, told in zip(requests, ask_all(tuple(requests.values())) if requests else (), strict=True):
        try:
            found[at] = told if isinstance(told, PrivacyError) else _answer(form, wanted[at][1], told, rules)
        except PrivacyError as error:
            found[at] = error
    return tuple(found[at] for at in range(len(wanted)))


def _request(  # noqa: PLR0913 -- as `draw`
    reservation: Reservation,
    form: Form[S, A],
    spec: S,
    extract_dir: Path,
    manifest: Manifest,
    *,
    rules: DisclosureRules,
) -> dict[str, Any]:
    """What the worker is asked. No data are in it. Raises: PrivacyError."""
    if reservation.spec != spec.digest:
        raise PrivacyError(say("The reservation is for another release; nothing was released."))
    paths = files(spec, manifest, extract_dir)
    privacy = rules.privacy.value
    return {
        "act": form.act,
        "spec": form.written(spec),
        "nano_rho": reservation.nano_rho,
        "delta": privacy.delta,
        "confidence": privacy.confidence,
        "files": {table: str(path) for table, path in paths.items()},
    }


def _answer(form: Form[S, A], spec: S, told: Mapping[str, Any], rules: DisclosureRules) -> A:
    """What the worker told, when it is an answer of `spec`. Raises: PrivacyError."""
    privacy = rules.privacy.value
    try:
        return form.read(spec, {**told, "delta": privacy.delta, "confidence": privacy.confidence})
    except (KeyError, TypeError, ValueError):
        raise PrivacyError(_NO_ANSWER) from None
