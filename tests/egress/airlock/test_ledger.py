"""The whole way with a ledger: what was published meets what is asked now, also in other projects and in races."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from egress.airlock.beside import EARLIER, UNREAD
from egress.checks.model import Audience, Finding, Outcome
from egress.release.ledger import Fate
from egress.release.model import ReleaseRequest
from egress.release.report import OutputReport
from egress.release.review import Choice, Vote
from egress.release.status import Status
from egress.released.fingerprint import Fingerprint
from egress.store.quarantine import Quarantine
from hub.policy.verdict import RefusedError
from tests.egress.airlock.enclave import BY_REGION, BY_SEX, TinyEnclave, make_enclave, notebook, release
from tests.egress.airlock.remembering import RememberingRunner

ONE_LESS = "SELECT sex, count(*) AS stays FROM stay WHERE cost <> 87 GROUP BY sex"  # 87: person 1, a woman
ALL = notebook(release("stays_by_sex", BY_SEX))
WITHOUT_ONE = notebook(release("others_by_sex", ONE_LESS))
BOTH = notebook(release("stays_by_sex", BY_SEX), release("others_by_sex", ONE_LESS))


def report(enclave: TinyEnclave, request: str, output: str, person: str) -> OutputReport:
    return enclave.desk.report(request, output, person)


def differencing(found: OutputReport) -> list[Finding]:
    return [finding for finding in found.findings if finding.check == "differencing" and finding.notable]


def released(enclave: TinyEnclave, content: bytes, name: str, project: str = "costs") -> ReleaseRequest:
    request = enclave.ask(content, name, project)
    enclave.approve(request.id)
    done = enclave.airlock.process(request.id)
    assert done.status is Status.RELEASED, done
    return done


def no_value_in_the_log(enclave: TinyEnclave) -> None:
    """Neither counts (200 women, 199 without one) nor differences stand in what was said of the checks."""
    said = [event.body for event in enclave.log.read() if event.kind in {"request.checked", "request.rechecked"}]
    for body in said:
        outputs = [{**output, "report": "", "fingerprint": ""} for output in body["outputs"]]
        text = json.dumps({**body, "outputs": outputs, "standing": "", "basis": ""})
        assert "200" not in text
        assert "199" not in text


def test_a_table_that_differs_from_a_release_by_one_person(enclave: TinyEnclave) -> None:
    first = released(enclave, ALL, "first")
    second = enclave.ask(WITHOUT_ONE, "second")
    assert second.status is Status.IN_REVIEW
    (record,) = second.outputs
    assert record.outcome is Outcome.REVIEW
    checkers = report(enclave, second.id, "others_by_sex", "carol")
    told = [finding for finding in differencing(checkers) if finding.audience is Audience.CHECKER]
    assert len(told) == 1
    text = str(told[0].why)
    assert "stays_by_sex" in text
    assert first.id in text
    assert "costs" in text
    assert checkers.exact is not None
    female = next(row for row, values in enumerate(checkers.exact.rows) if values[0] == "female")
    assert told[0].cells == ((female, 1),)
    (conflict,) = checkers.conflicts
    assert (conflict.project, conflict.request, conflict.output, conflict.fate) == (
        "costs",
        first.id,
        "stays_by_sex",
        "released",
    )
    (cell,) = conflict.cells
    assert (conflict.keys, cell.labels, cell.here, cell.there, cell.persons) == (("sex",), ("female",), 199, 200, 1)
    no_value_in_the_log(enclave)


def test_its_author_reads_one_sentence_that_names_nothing(enclave: TinyEnclave) -> None:
    released(enclave, ALL, "first")
    second = enclave.ask(WITHOUT_ONE, "second")
    theirs = report(enclave, second.id, "others_by_sex", "alice")
    assert [finding.why for finding in differencing(theirs)] == [EARLIER]
    assert all(not finding.cells for finding in differencing(theirs))
    assert theirs.conflicts == ()
    for word in ("costs-1", "stays_by_sex", "200"):
        assert word not in json.dumps([str(finding.why) for finding in theirs.findings])


def test_what_was_not_released_is_no_release(enclave: TinyEnclave) -> None:
    """In review, rejected or withdrawn: nobody can subtract it."""
    first = enclave.ask(ALL, "first")
    second = enclave.ask(WITHOUT_ONE, "second")
    assert not differencing(report(enclave, second.id, "others_by_sex", "carol"))
    enclave.desk.review(first.id, "carol", (Vote("stays_by_sex", Choice.REJECT),))
    third = enclave.ask(WITHOUT_ONE, "third")
    assert not differencing(report(enclave, third.id, "others_by_sex", "carol"))
    fates = {(entry.request, entry.fate) for entry in enclave.desk.look().ledger}
    assert fates == {(first.id, Fate.REFUSED), (second.id, Fate.PENDING), (third.id, Fate.PENDING)}


def test_the_same_table_again_is_no_conflict(enclave: TinyEnclave) -> None:
    released(enclave, ALL, "first")
    again = enclave.ask(ALL, "again")
    assert not differencing(report(enclave, again.id, "stays_by_sex", "carol"))


def test_two_tables_of_one_request_are_told_to_their_author(enclave: TinyEnclave) -> None:
    """What gives the one woman away is hidden in the later of the two, and its author reads beside which table."""
    request = enclave.ask(BOTH, "both")
    assert [output.outcome is Outcome.FAIL for output in request.outputs] == [False, False]
    theirs = report(enclave, request.id, "others_by_sex", "alice")
    (finding,) = differencing(theirs)
    assert (finding.audience, finding.outcome) == (Audience.AUTHOR, Outcome.PASS)
    assert finding.remedy is not None
    assert "stays_by_sex" in str(finding.why)
    assert theirs.protected is not None
    assert [row[:2] for row in theirs.protected.rows] == [("female", None), ("male", 200)]
    record = request.output("others_by_sex")
    assert record is not None
    assert record.fingerprint is not None
    kept = Fingerprint.from_bytes(Quarantine(enclave.root / "quarantine").get(record.fingerprint))
    assert kept.table == theirs.protected
    assert (kept.primary, kept.large) == ((0,), (0,))  # hidden for its own sake, and not for being small


def test_what_the_checks_refused_keeps_a_fingerprint_without_values(enclave: TinyEnclave) -> None:
    few = "SELECT region, count(*) AS stays FROM stay WHERE region = 'east' GROUP BY region"
    request = enclave.ask(notebook(release("few", few, protect="none"), release("stays_by_sex", BY_SEX)), "refused")
    record = request.output("few")
    assert record is not None
    assert (record.outcome, record.fingerprint is None) == (Outcome.FAIL, False)
    kept = Fingerprint.from_bytes(Quarantine(enclave.root / "quarantine").get(str(record.fingerprint)))
    assert list(kept.table.rows) == [("east", None)]
    (entry,) = [each for each in enclave.desk.look().ledger if each.output == "few"]
    assert entry.fate is Fate.REFUSED


def test_another_project_on_the_same_source(enclave: TinyEnclave) -> None:
    def other_pseudonyms(values: dict[str, list[Any]]) -> None:
        values["person_id"] = [f"q{name}" for name in values["person_id"]]

    enclave.second_project(other_pseudonyms)
    first = released(enclave, ALL, "first")
    second = enclave.ask(WITHOUT_ONE, "second", project="care")
    checkers = report(enclave, second.id, "others_by_sex", "carol")
    assert [(conflict.project, conflict.request) for conflict in checkers.conflicts] == [("costs", first.id)]
    theirs = report(enclave, second.id, "others_by_sex", "alice")
    assert [finding.why for finding in differencing(theirs)] == [EARLIER]


def test_a_total_that_gives_a_suppressed_cell_back(enclave: TinyEnclave) -> None:
    """sdc.md, attack N, with a day between the two tables: 400 stays less the 240 and 155 that were published."""
    first = released(enclave, notebook(release("stays_by_region", BY_REGION)), "first")
    second = enclave.ask(notebook(release("all_stays", "SELECT count(*) AS stays FROM stay")), "second")
    assert second.status is Status.REFUSED  # nothing would be left of it
    checkers = report(enclave, second.id, "all_stays", "carol")
    told = [finding for finding in checkers.findings if finding.audience is Audience.CHECKER and finding.notable]
    assert any(f"{first.id}/stays_by_region" in str(finding.why) for finding in told)
    theirs = report(enclave, second.id, "all_stays", "alice")
    assert EARLIER in [finding.why for finding in theirs.findings]
    assert not any(word in str(finding.why) for finding in theirs.findings for word in (first.id, "left", "240"))


# -- races


def test_of_two_that_race_the_later_one_is_looked_at_again(enclave: TinyEnclave) -> None:
    one, other = enclave.ask(ALL, "one"), enclave.ask(WITHOUT_ONE, "other")
    enclave.approve(one.id)
    enclave.approve(other.id)
    # the later one's turn comes first: the earlier one, decided before it, counts all the same
    after = enclave.airlock.process(other.id)
    assert after.status is Status.IN_REVIEW
    assert [(each.changed, each.void) for each in after.rechecks] == [(True, 1)]
    assert after.reviews == ()
    assert not (enclave.root / "exports" / other.id).exists()
    assert report(enclave, other.id, "others_by_sex", "carol").conflicts[0].fate == "approved"
    assert enclave.airlock.process(one.id).status is Status.RELEASED
    assert enclave.kinds()[-4:] == ["request.decided", "request.rechecked", "request.signed", "request.released"]
    # nobody has voted since: what was approved then is released now, and says so before anybody reads it
    assert [request.id for request in enclave.airlock.due()] == []
    no_value_in_the_log(enclave)
    # the same checker may let it go, knowing this
    enclave.approve(other.id)
    assert enclave.airlock.process(other.id).status is Status.RELEASED


def test_what_changes_between_the_look_and_the_event_is_seen(
    enclave: TinyEnclave, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the package is built, its author withdraws the other request: the transaction sees another ledger."""
    one = enclave.ask(ALL, "one")
    enclave.approve(one.id)
    other = enclave.ask(WITHOUT_ONE, "other")
    enclave.approve(other.id)
    build = enclave.airlock._packer.export

    def slow(*arguments: Any) -> str:
        digest = build(*arguments)
        monkeypatch.undo()
        enclave.acts.withdraw(one.id, "alice")
        return digest

    monkeypatch.setattr(enclave.airlock._packer, "export", slow)
    assert enclave.airlock.advance(other.id)
    assert enclave.desk.look().request(other.id).status is Status.APPROVED
    assert not (enclave.root / "exports" / other.id / "package.zip").exists()
    done = enclave.airlock.process(other.id)
    assert done.status is Status.RELEASED
    assert [each.changed for each in done.rechecks] == [False]  # less is said of it now: nobody has to look again


def test_what_was_released_meanwhile_and_changes_nothing_costs_nobody_time(enclave: TinyEnclave) -> None:
    one, other = enclave.ask(ALL, "one"), enclave.ask(ALL, "other")
    enclave.approve(other.id)
    enclave.approve(one.id)
    assert enclave.airlock.process(other.id).status is Status.RELEASED
    done = enclave.airlock.process(one.id)
    assert done.status is Status.RELEASED
    assert [each.changed for each in done.rechecks] == [False]
    assert len(done.reviews) == 1


def test_a_request_in_review_is_checked_again_before_people_read_it(enclave: TinyEnclave) -> None:
    waiting = enclave.ask(WITHOUT_ONE, "waiting")
    before = waiting.checks
    released(enclave, ALL, "first")
    assert [request.id for request in enclave.airlock.due()] == [waiting.id]
    now = enclave.airlock.process(waiting.id)
    assert now.status is Status.IN_REVIEW
    assert report(enclave, waiting.id, "others_by_sex", "carol").conflicts
    assert enclave.airlock.due() == ()
    votes = (Vote("others_by_sex", Choice.APPROVE),)
    with pytest.raises(RefusedError, match="repeated"):
        enclave.desk.review(waiting.id, "carol", votes, seen=before)
    enclave.desk.review(waiting.id, "carol", votes, seen=now.checks)
    assert enclave.desk.look().request(waiting.id).status is Status.APPROVED


# -- what quarantine does not give back


@pytest.fixture
def first_released(tmp_path: Path) -> Iterator[tuple[TinyEnclave, Path]]:
    made = make_enclave(tmp_path)
    made.airlock = made.with_runner(RememberingRunner())
    done = released(made, ALL, "first")
    digest = done.outputs[0].fingerprint
    assert digest is not None
    yield made, made.root / "quarantine" / digest[:2] / digest
    made.log.close()


@pytest.mark.parametrize("harm", ["gone", "altered", "another"])
def test_an_earlier_fingerprint_that_cannot_be_read(first_released: tuple[TinyEnclave, Path], harm: str) -> None:
    enclave, file = first_released
    file.chmod(0o600)
    if harm == "gone":
        file.unlink()
    elif harm == "altered":
        file.write_bytes(file.read_bytes().replace(b"200", b"900"))
    else:
        file.write_bytes(b"{}")
    second = enclave.ask(WITHOUT_ONE, "second")
    assert second.status is Status.IN_REVIEW  # a human, and nothing is lost
    assert enclave.last("request.checked")["unread"] == ["costs-1/stays_by_sex"]
    theirs = report(enclave, second.id, "others_by_sex", "alice")
    assert [finding.why for finding in differencing(theirs)] == [UNREAD]
    checkers = differencing(report(enclave, second.id, "others_by_sex", "carol"))
    assert any("costs-1" in str(finding.why) for finding in checkers)
    assert enclave.log.verify() is None
