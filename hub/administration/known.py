"""Reads the policies that permits are held against."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from hub.administration.against import Known
from hub.events.state import Enclave
from hub.policy.files import policies_dir, read_purposes, read_rules


def read_known(policies: Path | None, enclave: Enclave, today: date) -> Known:
    """What a permit is held against, with the policies in `policies` (default: the shipped ones).

    Raises: PolicyFileError, also for rules that no permit names: what cannot be read grants nothing.
    """
    folder = policies or policies_dir()
    names = sorted(path.stem for path in (folder / "rules").glob("*.toml"))
    return Known(enclave, read_purposes(folder), {name: read_rules(name, folder) for name in names}, today)
