"""The automatic lane: closed in every shipped rule; where a data holder opens it, only what passed goes through it."""

import shutil
from datetime import timedelta

import pytest

from egress.release.status import Status
from hub.policy.verdict import RefusedError
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


def ask(enclave: TinyEnclave, name: str) -> Status:
    return enclave.ask(notebook(release("stays_by_sex", BY_SEX)), name).status


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


def test_the_lane_takes_so_many_a_day_and_so_far_apart(opened: TinyEnclave) -> None:
    assert ask(opened, "a") is Status.RELEASED
    opened.clock.now += timedelta(minutes=119)
    assert ask(opened, "b") is Status.IN_REVIEW
    opened.clock.now += timedelta(minutes=1)
    assert ask(opened, "c") is Status.RELEASED
    for name in ("d", "e"):
        opened.clock.now += timedelta(hours=2)
        assert ask(opened, name) is Status.RELEASED
    opened.clock.now += timedelta(hours=2)
    assert ask(opened, "f") is Status.IN_REVIEW  # four in 24 hours


def test_without_caps_or_beyond_them_people_look(opened: TinyEnclave) -> None:
    rules = opened.policies / "rules" / "health-fr.toml"
    text = rules.read_text()
    rules.write_text(text.replace("kilobytes = 1000", "kilobytes = 1").replace("outputs = 20", "outputs = 1"))
    assert ask(opened, "small") is Status.RELEASED
    opened.clock.now += timedelta(days=2)
    two = notebook(release("one", BY_SEX), release("two", BY_SEX))
    assert opened.ask(two, "two").status is Status.IN_REVIEW
    rules.write_text(text[: text.index("[automatic_caps]")])
    opened.clock.now += timedelta(days=2)
    assert ask(opened, "uncapped") is Status.IN_REVIEW


@pytest.mark.parametrize(("drawn", "chosen"), [(0.0, True), (0.0999, True), (0.1, False), (0.9, False)])
def test_the_lot_decides_after_the_release_and_its_author_is_not_told(
    opened: TinyEnclave, drawn: float, chosen: bool
) -> None:
    opened.airlock = airlock_of(opened, RememberingRunner(), lambda: drawn)
    request = opened.ask(notebook(release("stays_by_sex", BY_SEX)), "first")
    assert request.status is Status.RELEASED
    assert (request.sample is not None) is chosen
    if chosen:
        with pytest.raises(RefusedError, match="own request"):
            opened.acts.see_sample(request.id, "alice", "Fine.")
        opened.acts.see_sample(request.id, "carol", "Nothing to object.")
        with pytest.raises(RefusedError, match="Nobody has to look"):
            opened.acts.see_sample(request.id, "dora", "Nor I.")
