"""One hub with one directory for each module's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.directory.slapd import available
from tests.entrance.stand import Stand, peopled_hub


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    if not available():
        pytest.skip("needs Debian's slapd and openssl")
    with peopled_hub(tmp_path_factory.mktemp) as running:
        yield running
