"""One hub for all tests of the desk; an enclave of its own for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.egress.desk.people import DeskHouse, appoint
from tests.egress.web.hub_stand import RunningHub, running_hub
from tests.egress.web.planted import Planted


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    with running_hub(tmp_path_factory.mktemp("hub")) as running:
        yield running


@pytest.fixture
def planted(tmp_path: Path) -> Planted:
    planted = Planted(tmp_path / "state")
    appoint(planted)
    return planted


@pytest.fixture
def house(hub: RunningHub, planted: Planted) -> Iterator[DeskHouse]:
    with httpx.Client(timeout=20, trust_env=False) as http:
        yield DeskHouse(hub, planted, http)
