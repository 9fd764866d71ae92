"""The door: who may hand in, each folder once, and one sentence for what is not taken in."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from egress.airlock.conductor import Airlock
from egress.release.status import Status
from tests.egress.airlock.enclave import ENDED, TinyEnclave, airlock_of, issue, notebook
from tests.egress.airlock.remembering import RememberingRunner
from tests.egress.release.requests import permit

EMPTY = notebook()


def refused(enclave: TinyEnclave) -> list[str]:
    return [str(found.reason) for found in enclave.desk.look().entries.refused]


def test_a_folder_becomes_a_request_of_whose_outbox_it_lies_in(enclave: TinyEnclave) -> None:
    enclave.hand_in(EMPTY, person="bob", codes=b"1,2\n")
    assert enclave.airlock.take_in() == ("costs-1",)
    request = enclave.desk.look().request("costs-1")
    assert (request.person, request.project, request.status) == ("bob", "costs", Status.SUBMITTED)
    assert [file.name for file in request.files] == ["codes.csv"]
    assert request.title == "Study"


def test_each_folder_is_taken_in_once_and_ids_count(enclave: TinyEnclave) -> None:
    enclave.hand_in(EMPTY, "a")
    assert enclave.airlock.take_in() == ("costs-1",)
    assert enclave.airlock.take_in() == ()
    enclave.hand_in(EMPTY, "b")
    enclave.hand_in(EMPTY, "b", person="bob")
    assert enclave.airlock.take_in() == ("costs-2", "costs-3")


def test_what_is_edited_after_submission_is_not_what_was_submitted(enclave: TinyEnclave) -> None:
    folder = enclave.hand_in(EMPTY)
    enclave.airlock.take_in()
    frozen = enclave.desk.look().request("costs-1").notebook.sha256
    (folder / "study.ipynb").write_bytes(notebook("import bulle"))
    assert enclave.airlock.take_in() == ()
    assert enclave.desk.look().request("costs-1").notebook.sha256 == frozen


def expired(enclave: TinyEnclave) -> None:
    issue(enclave.log, permit(**ENDED))
    enclave.hand_in(EMPTY)


def not_on_it(enclave: TinyEnclave) -> None:
    enclave.hand_in(EMPTY, person="carol")


def unknown(enclave: TinyEnclave) -> None:
    enclave.hand_in(EMPTY, person="mallory")


def huge(enclave: TinyEnclave) -> None:
    folder = enclave.hand_in(EMPTY)
    with (folder / "study.ipynb").open("ab") as file:
        file.truncate(10_000_000_000)


def linked(enclave: TinyEnclave) -> None:
    folder = enclave.hand_in(EMPTY)
    (folder / "study.ipynb").unlink()
    (folder / "study.ipynb").symlink_to("/etc/passwd")


def strange(enclave: TinyEnclave) -> None:
    folder = enclave.hand_in(EMPTY)
    folder.rename(folder.with_name("\x1b[31mred\udcff.request"))


@pytest.mark.parametrize(
    ("lay", "sentence"),
    [
        (expired, "ended on 2026-05-31"),
        (not_on_it, "does not name carol as researcher"),
        (unknown, "not known to the enclave"),
        (huge, "larger than"),
        (linked, "cannot be read"),
        (strange, "folder's name"),
    ],
)
def test_what_is_not_taken_in_is_an_event_and_one_sentence(
    enclave: TinyEnclave, lay: Callable[[TinyEnclave], None], sentence: str
) -> None:
    lay(enclave)
    enclave.hand_in(EMPTY, "good", person="bob")
    made = enclave.airlock.take_in()
    if lay is not expired:  # where the permit ended, nobody's is taken
        assert made == ("costs-1",)  # one bad folder does not hold up another
    assert sentence in refused(enclave)[0]
    assert "\n" not in refused(enclave)[0]
    told = len(enclave.kinds())
    enclave.airlock.take_in()
    assert len(enclave.kinds()) == told  # once
    assert enclave.log.verify() is None


def test_the_sender_reads_their_own_sentence_and_nobody_elses(enclave: TinyEnclave) -> None:
    unknown(enclave)
    linked(enclave)
    enclave.airlock.take_in()
    look = enclave.desk.look()
    assert [found.entry.person for found in look.refused_visible_to("alice")] == ["alice"]
    assert look.refused_visible_to("bob") == ()


def test_a_flood_waits_for_tomorrow(enclave: TinyEnclave) -> None:
    intake = enclave.limits.intake.model_copy(update={"entries_per_day": 3})
    enclave.limits = enclave.limits.model_copy(update={"intake": intake})
    airlock: Airlock = airlock_of(enclave, RememberingRunner())
    for number in range(5):
        enclave.hand_in(EMPTY, f"n{number}")
    enclave.hand_in(EMPTY, "n", person="bob")
    assert len(airlock.take_in()) == 4  # three of alice's, and bob is not held up
    assert airlock.take_in() == ()
    enclave.clock.now += timedelta(hours=25)
    assert len(airlock.take_in()) == 2


def test_a_quarantine_that_cannot_be_written_loses_nothing(enclave: TinyEnclave) -> None:
    (enclave.root / "quarantine").write_bytes(b"a file stands here")
    enclave.hand_in(EMPTY)
    assert enclave.airlock.take_in() == ()
    assert "quarantine volume" in str(enclave.last("request.failed")["reason"]["text"])
    (enclave.root / "quarantine").unlink()
    assert enclave.airlock.take_in() == ("costs-1",)
