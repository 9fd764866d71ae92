"""Reads catalogues: TOML to a Catalogue, each mistake named with its file and key."""

from __future__ import annotations

from pathlib import Path

from hub.catalogue.model import Catalogue
from hub.policy.files import read_toml


def read_catalogue(path: Path) -> Catalogue:
    """The catalogue in the TOML file at `path`. Raises: hub.policy.files.PolicyFileError."""
    return read_toml(path, Catalogue)
