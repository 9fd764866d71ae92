"""Who may ask, decide and withdraw, and what one import may be: boundary triples and roles."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from egress.imports.fold import fold
from egress.imports.guards import MEGABYTE, asked_since, can_ask, can_decide, can_withdraw, can_work_on
from egress.imports.model import ImportRequest
from egress.release.model import FrozenFile
from hub.policy.model import Membership, Person, Role
from hub.policy.stops import Scope, Stop, Stops
from hub.policy.verdict import Grant, Refusal
from tests.egress.imports.world import (
    APPROVED,
    LIMITS,
    NOW,
    REPORT,
    WHOLE_WAY,
    asker,
    asking,
    events,
    step,
)
from tests.egress.release.requests import ALICE, BOB, CAROL, DORA, TODAY, permit

HILDA = Person(id="hilda", name="Hilda")
WITH_HOLDER = permit(persons=(*permit().persons, Membership(person="hilda", role=Role.DATA_HOLDER)))
HALTED = Stops().stopped(Stop(Scope.PROJECT, "costs", "opal", "2026-06-01T00:00:00+00:00", "x"))


def asked(person: Person | None = ALICE, times: int = 0, imports: Any = None, **changes: Any) -> Grant | Refusal:
    standing = {key: changes.pop(key) for key in ("permit", "rules", "stops", "now") if key in changes}
    return can_ask(asking(**changes), asker(person, **standing), imports or {}, times, LIMITS)


def rule(verdict: Grant | Refusal) -> str:
    return verdict.rule


def file(name: str = "a.py", size: int = 10) -> FrozenFile:
    return FrozenFile(name, "a" * 64, size)


def test_a_researcher_asks_and_nobody_else() -> None:
    assert isinstance(asked(), Grant)
    assert rule(asked(CAROL)) == "permit.not_named"
    assert rule(asked(None)) == "person.unknown"
    assert rule(asked(permit=None)) == "permit.missing"
    assert rule(asked(rules=None)) == "import.no_rules"
    assert rule(asked(stops=HALTED)) == "halt.project"
    assert rule(asked(permit=permit(valid_until=date(2026, 5, 31)))) == "permit.ended"


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_what_one_import_may_be(more: int) -> None:
    over = more > 0
    many = tuple(file(f"{number}.py") for number in range(LIMITS.max_files + more))
    large = (file(size=LIMITS.max_file_mb * MEGABYTE + more),)
    half = LIMITS.max_total_mb * MEGABYTE // 2
    both = (file("a.py", half), file("b.py", half + more))
    assert (rule(asked(files=many)) == "import.files") is over
    assert (rule(asked(files=large)) == "import.file_size") is over
    assert (rule(asked(files=both)) in {"import.size", "import.file_size"}) is over
    assert (rule(asked(title="x" * (120 + more))) == "import.title") is over
    assert (rule(asked(why="x" * (500 + more))) == "import.why") is over
    assert (rule(asked(times=LIMITS.asked_per_day - 1 + more)) == "import.too_often") is over
    (placed,) = fold(events(*WHOLE_WAY[:5])).values()
    room = LIMITS.project_mb * MEGABYTE - sum(each.size for each in asking().files)
    held = {"x": replace(placed, files=(file(size=room + more),))}
    assert (rule(asked(imports=held)) == "import.project_size") is over


@pytest.mark.parametrize(
    "name", ["", "../a.py", "a/b.py", ".bashrc", "a b.py", "é.py", "a\n.py", "-rf", "x" * 101, "a\\b", "a\x00.py"]
)
def test_names_are_plain(name: str) -> None:
    assert rule(asked(files=(file(name),))) == "import.name"


def test_other_things_that_are_no_import() -> None:
    assert rule(asked(files=())) == "import.no_file"
    assert rule(asked(files=(file("a.py"), file("A.PY")))) == "import.name_twice"
    assert rule(asked(files=(file(size=0),))) == "import.empty"
    assert rule(asked(origin="")) == "import.origin"


@pytest.mark.parametrize(("hours", "counted"), [(-0.01, 2), (0, 1), (0.01, 1)])
def test_a_day_has_24_hours(hours: float, counted: int) -> None:
    log = events(WHOLE_WAY[0], step("import.not_taken", "alice"), step("import.not_taken", "bob"), APPROVED)
    assert asked_since(log, "alice", NOW + timedelta(minutes=1, hours=24 + hours)) == counted


def waiting(approver: str = "output_checker") -> ImportRequest:
    scanned = (*WHOLE_WAY[2][:3], {**WHOLE_WAY[2][3], "approver": approver})
    return fold(events(*WHOLE_WAY[:2], scanned))["costs-import-1"]


def decided(person: Person | None, found: ImportRequest | None = None, **more: Any) -> str:
    given = {"seen": REPORT, "permit": WITH_HOLDER, "stops": Stops(), **more}
    return rule(can_decide(found or waiting(), given["seen"], person, given["permit"], TODAY, given["stops"]))


def test_who_has_the_role_that_the_rules_name_decides_and_never_who_asked() -> None:
    assert decided(CAROL) == "permit.output_checker"
    assert decided(HILDA) == "permit.not_named"
    assert decided(HILDA, waiting("data_holder")) == "permit.data_holder"
    assert decided(CAROL, waiting("data_holder")) == "permit.not_named"
    assert decided(ALICE) == "import.own"
    assert decided(BOB) == "permit.not_named"
    assert decided(None) == "person.unknown"
    assert decided(CAROL, stops=HALTED) == "halt.project"
    assert decided(CAROL, seen="d" * 64) == "import.report"
    assert decided(CAROL, seen=None) == "import.report"
    own = permit(persons=(*permit().persons, Membership(person="alice", role=Role.DATA_HOLDER)))
    assert decided(ALICE, waiting("data_holder"), permit=own) == "import.own"


@pytest.mark.parametrize("length", [1, 2, 4, 5, 6, 7])
def test_one_decides_while_it_waits_for_that_and_once(length: int) -> None:
    found = fold(events(*WHOLE_WAY[:length]))["costs-import-1"]
    assert decided(CAROL, found, seen=found.report) == "import.wrong_status"


def test_who_withdraws() -> None:
    found = fold(events(*WHOLE_WAY[:5]))["costs-import-1"]
    for person, expected in ((ALICE, Grant), (CAROL, Grant), (DORA, Grant), (HILDA, Grant), (BOB, Refusal)):
        assert isinstance(can_withdraw(found, person, WITH_HOLDER, Stops()), expected), person.id
    assert rule(can_withdraw(found, ALICE, WITH_HOLDER, HALTED)) == "halt.project"
    assert isinstance(can_withdraw(found, ALICE, permit(valid_until=date(2026, 5, 31)), Stops()), Grant)
    gone = fold(events(*WHOLE_WAY))["costs-import-1"]
    assert rule(can_withdraw(gone, ALICE, WITH_HOLDER, Stops())) == "import.wrong_status"


def test_the_machine_stops_with_the_permit_and_takes_away_whatever_became_of_it() -> None:
    found = fold(events(*WHOLE_WAY[:4]))["costs-import-1"]
    assert isinstance(can_work_on(found, ALICE, permit(), TODAY, Stops()), Grant)
    assert rule(can_work_on(found, ALICE, permit(), TODAY, HALTED)) == "halt.project"
    assert rule(can_work_on(found, None, permit(), TODAY, Stops())) == "person.unknown"
    withdrawn = fold(events(*WHOLE_WAY[:6]))["costs-import-1"]
    assert isinstance(can_work_on(withdrawn, None, None, TODAY, HALTED), Grant)
    placed = fold(events(*WHOLE_WAY[:5]))["costs-import-1"]
    assert rule(can_work_on(placed, ALICE, permit(), TODAY, Stops())) == "import.wrong_status"
