"""Certificates for the mail servers of these tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.directory.slapd import Authority
from tests.egress.web.planted import Planted


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("authority") / "good")


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that nobody trusts."""
    return Authority.make(tmp_path_factory.mktemp("authority") / "other")


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate for another host."""
    return Authority.make(tmp_path_factory.mktemp("authority") / "elsewhere", "mail.elsewhere.example")


@pytest.fixture
def planted(tmp_path: Path) -> Planted:
    return Planted(tmp_path / "state")
