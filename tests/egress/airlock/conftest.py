"""An enclave per test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.egress.airlock.enclave import TinyEnclave, make_enclave
from tests.egress.airlock.remembering import RememberingRunner


@pytest.fixture
def enclave(tmp_path: Path) -> Iterator[TinyEnclave]:
    made = make_enclave(tmp_path)
    made.airlock = made.with_runner(RememberingRunner())
    yield made
    made.log.close()
