"""Reserve, draw, settle on a real log: never over the cap; the same answer twice for one. Races: `test_races`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from egress.privacy import account as ledger_edge
from egress.privacy.account import (
    Account,
    Released,
    Spending,
    StoredAnswer,
    embedded_grant,
    release,
    reserve,
    settle,
)
from egress.privacy.answer import Answer, Noise
from egress.privacy.failure import PrivacyError
from egress.privacy.form import TABLE
from egress.privacy.ledger import Caps, Reservation, balance, fold
from hub.events.log import EventLog
from hub.extracts.manifest import Manifest
from hub.policy.verdict import Act, Grant, Refusal
from tests.egress.privacy.releases import extract, spec
from tests.egress.query.extracts import rules
from tests.hub.enclave import add_person, issue_permit, permit

COUNT = spec("SELECT sex, count(*) AS n FROM t GROUP BY sex")
GRANT = Grant(Act.SPEND_PRIVACY, "alice", "study", "permit.researcher")
NANO = 10**9


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    opened = EventLog(tmp_path / "log.db")
    add_person(opened, "alice")
    issue_permit(opened, permit("study"))
    yield opened
    opened.close()


@pytest.fixture
def packed(tmp_path: Path) -> tuple[Path, Manifest]:
    rows = [{"pid": f"p{at}", "sex": "FM"[at % 2], "site": 1 + at % 3, "cost": 10.0 * at} for at in range(60)]
    folder = tmp_path / "extract"
    return folder, extract(folder, rows)


def answer(nano_rho: int = 5) -> Answer:
    return Answer(Noise(nano_rho, 1.0, 1e-6, 0.95, (1.0,), (2,), (3,)), ((7, -8),))


def granted(log: EventLog, rho: Decimal) -> None:
    """The log's permit is what counts, whatever the caps were that a request began with."""
    issue_permit(log, permit("study").model_copy(update={"rho": rho}))


def kinds(log: EventLog) -> list[str]:
    return [event.kind for event in log.read() if event.kind.startswith("privacy.")]


def test_a_reservation_stands_in_the_log_before_it_is_answered(log: EventLog) -> None:
    held = reserve(log, GRANT, Spending(TABLE, COUNT, "e", 5), Caps(10, 10))
    assert isinstance(held, Reservation)
    (event,) = log.read(after=2)
    assert (event.kind, event.actor, event.project) == ("privacy.reserved", "alice", "study")
    assert event.body == {"source": "s", "spec": COUNT.digest, "extract": "e", "nano_rho": 5}
    assert fold(log.read()).entries[0].reservation == held


def test_the_same_spec_on_the_same_extract_gets_the_same_numbers_for_nothing(log: EventLog) -> None:
    held = reserve(log, GRANT, Spending(TABLE, COUNT, "e", 5), Caps(5, 5))
    assert isinstance(held, Reservation)
    settle(log, held, "alice", TABLE, answer())
    again = reserve(log, GRANT, Spending(TABLE, COUNT, "e", 5), Caps(5, 5))
    assert isinstance(again, StoredAnswer)
    assert again.answer == answer()
    assert kinds(log) == ["privacy.reserved", "privacy.released"]
    more = reserve(log, GRANT, Spending(TABLE, COUNT, "e", 6), Caps(5, 5))
    elsewhere = reserve(log, GRANT, Spending(TABLE, COUNT, "another", 5), Caps(5, 5))
    assert isinstance(more, Refusal)
    assert isinstance(elsewhere, Refusal)


@pytest.mark.parametrize(
    ("grant", "caps", "rule"),
    [
        (GRANT, Caps(4, 10), "privacy.source_cap"),
        (GRANT, Caps(10, 4), "privacy.project_cap"),
        (GRANT, Caps(10, None), "privacy.project_cap"),
        (replace(GRANT, act=Act.SUBMIT_REQUEST), Caps(10, 10), "privacy.grant"),
    ],
)
def test_a_refusal_reserves_nothing_and_leaves_an_event(log: EventLog, grant: Grant, caps: Caps, rule: str) -> None:
    granted(log, Decimal(caps.project or 0) / NANO)
    refused = reserve(log, grant, Spending(TABLE, COUNT, "e", 5), caps)
    assert isinstance(refused, Refusal)
    assert refused.rule == rule
    (event,) = log.read(after=3)
    assert (event.kind, event.body["rule"]) == ("privacy.refused", rule)
    assert fold(log.read()).entries == ()


def test_without_a_project_only_the_source_is_asked(log: EventLog) -> None:
    assert isinstance(reserve(log, embedded_grant("me"), Spending(TABLE, COUNT, "e", 5), Caps(5)), Reservation)
    assert isinstance(reserve(log, embedded_grant("me"), Spending(TABLE, COUNT, "e", 1), Caps(5)), Refusal)


def test_a_changed_log_grants_nothing(log: EventLog, tmp_path: Path) -> None:
    assert isinstance(reserve(log, GRANT, Spending(TABLE, COUNT, "e", 5), Caps(10, 10)), Reservation)
    with sqlite3.connect(tmp_path / "log.db") as file:
        file.execute("DROP TRIGGER events_no_update")
        file.execute("UPDATE events SET body = replace(body, '\"nano_rho\":5', '\"nano_rho\":1')")
    refused = reserve(log, GRANT, Spending(TABLE, COUNT, "e", 5), Caps(10, 10))
    assert isinstance(refused, Refusal)
    assert refused.rule == "privacy.tampered"


def change(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as file:
        file.execute("DROP TRIGGER IF EXISTS events_no_update")
        file.execute(statement)


def test_an_older_entry_changed_under_a_running_process_gives_nothing_back(log: EventLog, tmp_path: Path) -> None:
    for extract_digest in ("e", "f", "g"):
        assert isinstance(reserve(log, GRANT, Spending(TABLE, COUNT, extract_digest, 3), Caps(10, 10)), Reservation)
    less = "UPDATE events SET body = replace(body, '\"nano_rho\":3', '\"nano_rho\":1') WHERE seq = 3"
    change(tmp_path / "log.db", less)
    refused = reserve(log, GRANT, Spending(TABLE, COUNT, "h", 2), Caps(10, 10))
    assert isinstance(refused, Refusal)
    assert refused.rule == "privacy.source_cap"  # it goes by what it verified: 3 + 3 + 3 + 2 > 10
    fresh = EventLog(tmp_path / "log.db")
    refused = reserve(fresh, GRANT, Spending(TABLE, COUNT, "h", 1), Caps(10, 10))
    fresh.close()
    assert isinstance(refused, Refusal)
    assert refused.rule == "privacy.tampered"


def test_a_kept_answer_that_was_changed_is_not_given_out(log: EventLog, tmp_path: Path) -> None:
    held = reserve(log, GRANT, Spending(TABLE, COUNT, "e", 5), Caps(10, 10))
    assert isinstance(held, Reservation)
    settle(log, held, "alice", TABLE, answer())
    assert isinstance(reserve(log, GRANT, Spending(TABLE, COUNT, "other", 5), Caps(10, 10)), Reservation)
    change(tmp_path / "log.db", "UPDATE events SET body = replace(body, '[[7,-8]]', '[[7,-9]]') WHERE seq = 4")
    refused = reserve(log, GRANT, Spending(TABLE, COUNT, "e", 5), Caps(10, 10))
    assert isinstance(refused, Refusal)
    assert refused.rule == "privacy.tampered"


def test_another_extract_of_the_source_spends_from_the_same_account(log: EventLog) -> None:
    assert isinstance(reserve(log, GRANT, Spending(TABLE, COUNT, "first", 6), Caps(10, 10)), Reservation)
    for caps, rule in ((Caps(10, 100), "privacy.source_cap"), (Caps(100, 10), "privacy.project_cap")):
        granted(log, Decimal(caps.project or 0) / NANO)
        refused = reserve(log, GRANT, Spending(TABLE, COUNT, "second", 5), caps)
        assert isinstance(refused, Refusal)
        assert refused.rule == rule


def test_the_whole_way_draws_settles_and_remembers(log: EventLog, packed: tuple[Path, Manifest]) -> None:
    folder, manifest = packed
    asked = spec("SELECT site, sex, count(*) AS n, avg(cost) AS m FROM t GROUP BY ALL")
    account = Account(log, GRANT, folder, manifest, rules(), Decimal("0.6"))
    first = release(account, asked, Decimal("0.5"))
    assert isinstance(first, Released)
    assert first.charged == first.table.rho == Decimal("0.5")
    assert first.table.columns == ("site", "sex", "n", "m")
    assert [row[:2] for row in first.table.rows] == [(site, sex) for site in (1, 2, 3) for sex in "FM"]
    assert kinds(log) == ["privacy.reserved", "privacy.released"]
    again = release(account, asked, Decimal("0.5"))
    assert isinstance(again, Released)
    assert again.charged == 0
    assert again.table == first.table
    renamed = spec("SELECT avg(cost) AS mean_cost, sex AS s, count(*) AS visits, site FROM t GROUP BY ALL")
    same = release(account, renamed, Decimal("0.5"))
    assert isinstance(same, Released)
    assert same.charged == 0
    assert {(row[3], row[1], row[2], row[0]) for row in same.table.rows} == set(first.table.rows)
    over = release(account, COUNT, Decimal("0.100000001"))
    assert isinstance(over, Refusal)
    assert over.rule == "privacy.project_cap"
    assert kinds(log) == ["privacy.reserved", "privacy.released", "privacy.refused"]


def test_nothing_is_drawn_when_the_budget_does_not_reach(
    log: EventLog, packed: tuple[Path, Manifest], monkeypatch: pytest.MonkeyPatch
) -> None:
    def drawn(*_: object, **__: object) -> Answer:
        raise AssertionError("noise was drawn without a reservation")

    monkeypatch.setattr(ledger_edge, "draw", drawn)
    folder, manifest = packed
    granted(log, Decimal("0.4"))
    poor = Account(log, GRANT, folder, manifest, rules(), Decimal("0.4"))
    assert isinstance(release(poor, COUNT, Decimal("0.5")), Refusal)


def test_a_draw_that_failed_is_repeated_for_another_rho_only(log: EventLog, packed: tuple[Path, Manifest]) -> None:
    """The service repeats checks by itself: what fails for good would take the whole budget."""
    folder, manifest = packed
    (folder / "t.dp.parquet").write_bytes(b"not parquet")
    account = Account(log, embedded_grant("me"), folder, manifest, rules())
    with pytest.raises(PrivacyError):
        release(account, COUNT, Decimal("0.1"))
    again = release(account, COUNT, Decimal("0.1"))
    assert isinstance(again, Refusal)
    assert again.rule == "privacy.lapsed"
    for other in ("0.099999999", "0.100000001"):
        with pytest.raises(PrivacyError):
            release(account, COUNT, Decimal(other))
    paid = ["privacy.reserved", "privacy.lapsed"]
    assert kinds(log) == [*paid, "privacy.refused", *paid, *paid]
    same = Spending(TABLE, COUNT, ledger_edge.extract_digest(folder), 10**8)
    assert isinstance(reserve(log, GRANT, same, Caps(NANO, NANO)), Reservation)  # another project


def test_a_draw_that_fails_lapses_and_stays_spent(log: EventLog, packed: tuple[Path, Manifest]) -> None:
    folder, manifest = packed
    (folder / "t.dp.parquet").write_bytes(b"not parquet")
    with pytest.raises(PrivacyError) as failed:
        release(Account(log, embedded_grant("me"), folder, manifest, rules()), COUNT)
    assert "parquet" not in str(failed.value)
    assert kinds(log) == ["privacy.reserved", "privacy.lapsed"]
    assert balance(fold(log.read()), "s", 2 * NANO).spent == NANO // 10
