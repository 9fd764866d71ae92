"""One directory for the module's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.directory.model import DirectorySettings
from tests.directory.slapd import BASE, SEARCHER, SEARCHER_PASSWORD, Authority, Slapd, available


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


@pytest.fixture
def settings(slapd: Slapd, authority: Authority) -> DirectorySettings:
    return settings_for(authority.ca, slapd.url)


def settings_for(ca_file: Path, *servers: str) -> DirectorySettings:
    return DirectorySettings(servers, ca_file, SEARCHER, SEARCHER_PASSWORD, BASE, seconds=3)
