"""Every declared output is described by its author, in words that the log does not hold."""

from egress.airlock.desk import Desk
from egress.release.status import Status
from egress.store.quarantine import Quarantine
from tests.egress.airlock.enclave import BY_REGION, BY_SEX, TinyEnclave, notebook, release

WORDS = "Stays by region, for the annual report"


def describe(enclave: TinyEnclave, **descriptions: str) -> str:
    """A request of two outputs with these descriptions, processed; its id."""
    content = notebook(release("by_region", BY_REGION), release("by_sex", BY_SEX))
    enclave.hand_in(content, descriptions=descriptions)
    (made,) = enclave.airlock.take_in()
    enclave.airlock.process(made)
    return made


def test_a_request_that_leaves_one_out_goes_back_with_its_name(enclave: TinyEnclave) -> None:
    made = describe(enclave, by_region=WORDS)
    request = enclave.desk.look().request(made)
    assert request.status is Status.REFUSED
    (reason,) = request.reasons
    assert str(reason).endswith("nothing is said of by_sex.")
    assert request.outputs == ()  # nothing was computed, and no noise drawn


def test_what_is_said_is_read_by_who_may_see_the_request_and_stands_in_no_log(enclave: TinyEnclave) -> None:
    made = describe(enclave, by_region=WORDS, by_sex="By sex", nothing="No such output")
    request = enclave.desk.show(made, "carol")
    assert request.status is Status.IN_REVIEW
    assert enclave.desk.descriptions(request)["by_region"] == WORDS
    assert not [event for event in enclave.log.read() if WORDS in str(event.body)]


def test_descriptions_that_are_gone_or_changed_are_empty(enclave: TinyEnclave) -> None:
    made = describe(enclave, by_region=WORDS, by_sex="By sex")
    request = enclave.desk.show(made, "carol")
    elsewhere = Desk(enclave.log, Quarantine(enclave.root / "nowhere"), None, enclave.clock)  # type: ignore[arg-type]  # exports are not asked
    assert elsewhere.descriptions(request) == {}
