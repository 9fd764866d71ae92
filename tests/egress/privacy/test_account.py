"""Reserve, draw, settle on a real log: never over the cap, in races and after a kill; the same answer twice for one."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from egress.privacy import account
from egress.privacy.account import Released, Spending, StoredAnswer, embedded_grant, release, reserve, settle
from egress.privacy.answer import Answer, Noise
from egress.privacy.failure import PrivacyError
from egress.privacy.ledger import Caps, Reservation, balance, fold
from egress.privacy.spec import to_json
from hub.events.log import EventLog
from hub.extracts.manifest import Manifest
from hub.policy.verdict import Act, Grant, Refusal
from tests.egress.privacy.releases import extract, spec
from tests.egress.query.extracts import rules

COUNT = spec("SELECT sex, count(*) AS n FROM t GROUP BY sex")
GRANT = Grant(Act.SPEND_PRIVACY, "alice", "study", "permit.researcher")
NANO = 10**9


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    opened = EventLog(tmp_path / "log.db")
    yield opened
    opened.close()


@pytest.fixture
def packed(tmp_path: Path) -> tuple[Path, Manifest]:
    rows = [{"pid": f"p{at}", "sex": "FM"[at % 2], "site": 1 + at % 3, "cost": 10.0 * at} for at in range(60)]
    folder = tmp_path / "extract"
    return folder, extract(folder, rows)


def answer(nano_rho: int = 5) -> Answer:
    return Answer(Noise(nano_rho, 1.0, 1e-6, 0.95, (1.0,), (2,), (3,)), ((7, -8),))


def kinds(log: EventLog) -> list[str]:
    return [event.kind for event in log.read()]


def test_a_reservation_stands_in_the_log_before_it_is_answered(log: EventLog) -> None:
    held = reserve(log, GRANT, Spending(COUNT, "e", 5), Caps(10, 10))
    assert isinstance(held, Reservation)
    (event,) = log.read()
    assert (event.kind, event.actor, event.project) == ("privacy.reserved", "alice", "study")
    assert event.body == {"source": "s", "spec": COUNT.digest, "extract": "e", "nano_rho": 5}
    assert fold(log.read()).entries[0].reservation == held


def test_the_same_spec_on_the_same_extract_gets_the_same_numbers_for_nothing(log: EventLog) -> None:
    held = reserve(log, GRANT, Spending(COUNT, "e", 5), Caps(5, 5))
    assert isinstance(held, Reservation)
    settle(log, held, "alice", answer())
    again = reserve(log, GRANT, Spending(COUNT, "e", 5), Caps(5, 5))
    assert isinstance(again, StoredAnswer)
    assert again.answer == answer()
    assert kinds(log) == ["privacy.reserved", "privacy.released"]
    more = reserve(log, GRANT, Spending(COUNT, "e", 6), Caps(5, 5))
    elsewhere = reserve(log, GRANT, Spending(COUNT, "another", 5), Caps(5, 5))
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
    refused = reserve(log, grant, Spending(COUNT, "e", 5), caps)
    assert isinstance(refused, Refusal)
    assert refused.rule == rule
    (event,) = log.read()
    assert (event.kind, event.body["rule"]) == ("privacy.refused", rule)
    assert fold(log.read()).entries == ()


def test_without_a_project_only_the_source_is_asked(log: EventLog) -> None:
    assert isinstance(reserve(log, embedded_grant("me"), Spending(COUNT, "e", 5), Caps(5)), Reservation)
    assert isinstance(reserve(log, embedded_grant("me"), Spending(COUNT, "e", 1), Caps(5)), Refusal)


def test_a_changed_log_grants_nothing(log: EventLog, tmp_path: Path) -> None:
    assert isinstance(reserve(log, GRANT, Spending(COUNT, "e", 5), Caps(10, 10)), Reservation)
    with sqlite3.connect(tmp_path / "log.db") as file:
        file.execute("DROP TRIGGER events_no_update")
        file.execute("UPDATE events SET body = replace(body, '\"nano_rho\":5', '\"nano_rho\":1')")
    refused = reserve(log, GRANT, Spending(COUNT, "e", 5), Caps(10, 10))
    assert isinstance(refused, Refusal)
    assert refused.rule == "privacy.tampered"


def test_the_whole_way_draws_settles_and_remembers(log: EventLog, packed: tuple[Path, Manifest]) -> None:
    folder, manifest = packed
    asked = spec("SELECT site, sex, count(*) AS n, avg(cost) AS m FROM t GROUP BY ALL")
    how: dict[str, Any] = {"extract_dir": folder, "manifest": manifest, "rules": rules(), "rho": Decimal("0.5")}
    first = release(log, GRANT, asked, **how, project_rho=Decimal("0.6"))
    assert isinstance(first, Released)
    assert first.charged == first.table.rho == Decimal("0.5")
    assert first.table.columns == ("site", "sex", "n", "m")
    assert [row[:2] for row in first.table.rows] == [(site, sex) for site in (1, 2, 3) for sex in "FM"]
    assert kinds(log) == ["privacy.reserved", "privacy.released"]
    again = release(log, GRANT, asked, **how, project_rho=Decimal("0.6"))
    assert isinstance(again, Released)
    assert again.charged == 0
    assert again.table == first.table
    renamed = spec("SELECT avg(cost) AS mean_cost, sex AS s, count(*) AS visits, site FROM t GROUP BY ALL")
    same = release(log, GRANT, renamed, **how, project_rho=Decimal("0.6"))
    assert isinstance(same, Released)
    assert same.charged == 0
    assert {(row[3], row[1], row[2], row[0]) for row in same.table.rows} == set(first.table.rows)
    over = release(log, GRANT, COUNT, **{**how, "rho": Decimal("0.100000001")}, project_rho=Decimal("0.6"))
    assert isinstance(over, Refusal)
    assert over.rule == "privacy.project_cap"
    assert kinds(log) == ["privacy.reserved", "privacy.released", "privacy.refused"]


def test_nothing_is_drawn_when_the_budget_does_not_reach(
    log: EventLog, packed: tuple[Path, Manifest], monkeypatch: pytest.MonkeyPatch
) -> None:
    def drawn(*_: object, **__: object) -> Answer:
        raise AssertionError("noise was drawn without a reservation")

    monkeypatch.setattr(account, "draw", drawn)
    folder, manifest = packed
    how: dict[str, Any] = {"extract_dir": folder, "manifest": manifest, "rules": rules(), "rho": Decimal("0.5")}
    assert isinstance(release(log, GRANT, COUNT, **how, project_rho=Decimal("0.4")), Refusal)


def test_a_draw_that_fails_lapses_and_stays_spent(log: EventLog, packed: tuple[Path, Manifest]) -> None:
    folder, manifest = packed
    (folder / "t.dp.parquet").write_bytes(b"not parquet")
    with pytest.raises(PrivacyError) as failed:
        release(log, embedded_grant("me"), COUNT, extract_dir=folder, manifest=manifest, rules=rules())
    assert "parquet" not in str(failed.value)
    assert kinds(log) == ["privacy.reserved", "privacy.lapsed"]
    assert balance(fold(log.read()), "s", 2 * NANO).spent == NANO // 10


_RACER = """
import json, sys
from egress.privacy.account import Spending, embedded_grant, reserve
from egress.privacy.ledger import Caps, Reservation
from egress.privacy.spec import from_json
from hub.events.log import EventLog
spec = from_json(json.loads(sys.argv[2]))
log = EventLog(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for turn in range(4):
    held = reserve(log, embedded_grant("racer"), Spending(spec, sys.argv[3] + str(turn), 30), Caps(200))
    print("held" if isinstance(held, Reservation) else "refused", flush=True)
    if sys.argv[4] == "hang" and turn == 0:
        sys.stdin.readline()
"""


def _racer(path: Path, name: str, mode: str = "run") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _RACER, str(path), json.dumps(to_json(COUNT)), name, mode],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )


def _go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def test_eight_processes_never_overspend_and_a_killed_one_stays_spent(log: EventLog, tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    victim = _racer(path, "victim", "hang")
    racers = [_racer(path, f"racer{at}-") for at in range(7)]
    try:
        for process in (victim, *racers):
            assert process.stdout is not None
            assert process.stdin is not None
            assert process.stdout.readline() == "ready\n"
        _go(victim)
        assert victim.stdout is not None
        first = victim.stdout.readline()  # the others could be faster, and leave it nothing
        for process in racers:
            _go(process)
        os.kill(victim.pid, signal.SIGKILL)
        outputs = [process.communicate(timeout=120)[0].split() for process in racers]
    finally:
        for process in (victim, *racers):
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
    assert first == "held\n"
    held = 1 + sum(line.count("held") for line in outputs)
    account_of_source = balance(fold(log.read()), "s", 200)
    assert held == 6  # 6 × 30 ≤ 200 < 7 × 30
    assert account_of_source.reserved == 180
    assert log.verify() is None


def test_the_victims_reservation_is_there_even_if_nothing_else_happened(log: EventLog, tmp_path: Path) -> None:
    victim = _racer(tmp_path / "log.db", "victim", "hang")
    assert victim.stdout is not None
    assert victim.stdout.readline() == "ready\n"
    _go(victim)
    assert victim.stdout.readline() == "held\n"
    victim.kill()
    victim.communicate(timeout=30)
    started = time.monotonic()
    assert balance(fold(log.read()), "s", 200).reserved == 30
    refused = reserve(log, embedded_grant("me"), Spending(COUNT, "e", 171), Caps(200))
    assert isinstance(refused, Refusal)
    assert time.monotonic() - started < 30  # the killed process left no lock behind
