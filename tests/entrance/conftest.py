"""One hub with one directory for the module's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.directory.slapd import PEOPLE, Authority, Slapd, available
from tests.entrance.stand import Stand, standing_hub
from tests.hub.enclave import add_person, issue_permit, permit


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    if not available():
        pytest.skip("needs Debian's slapd and openssl")
    return Authority.make(tmp_path_factory.mktemp("authority") / "good")


@pytest.fixture(scope="session")
def slapd(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    server = Slapd(tmp_path_factory.mktemp("slapd"), authority)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def stand(slapd: Slapd, authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with standing_hub(tmp_path_factory.mktemp("hub"), slapd, authority) as running:
        for name in PEOPLE.keys() - {"mallory"}:
            add_person(running.log, name)
        issue_permit(running.log, permit("reste-a-charge"))
        yield running
        assert running.complaints() == ""
