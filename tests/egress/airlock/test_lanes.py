"""The automatic lane: closed in every shipped rule; where a data holder opens it, only what passed goes through it."""

import shutil

import pytest

from egress.release.status import Status
from tests.egress.airlock.enclave import BY_SEX, TinyEnclave, airlock_of, notebook, release
from tests.egress.airlock.remembering import RememberingRunner


@pytest.fixture
def opened(enclave: TinyEnclave) -> TinyEnclave:
    """health-fr with the automatic lane open and a price limit that this small table meets."""
    policies = enclave.root / "policies"
    shutil.copytree(enclave.policies, policies)
    rules = policies / "rules" / "health-fr.toml"
    text = rules.read_text().replace("max_rho = 1.0", "max_rho = 1000.0")
    rules.write_text(text.replace("[automatic_lane]\nvalue = false", "[automatic_lane]\nvalue = true"))
    enclave.policies = policies
    enclave.airlock = airlock_of(enclave, RememberingRunner())
    return enclave


def process(enclave: TinyEnclave, *cells: str) -> Status:
    enclave.hand_in(notebook(*cells))
    enclave.airlock.take_in()
    return enclave.airlock.process("costs-1").status


def test_what_passes_every_check_is_released_where_the_rules_allow_it(opened: TinyEnclave) -> None:
    assert process(opened, release("stays_by_sex", BY_SEX)) is Status.RELEASED
    assert opened.kinds() == [
        "request.submitted",
        "request.rerun",
        "request.checked",
        "request.decided",
        "request.signed",
        "request.released",
    ]


def test_one_finding_sends_the_whole_request_to_people(opened: TinyEnclave) -> None:
    words = release("stays_by_sex", BY_SEX, title="zq7 xk9 w")
    assert process(opened, words) is Status.IN_REVIEW
