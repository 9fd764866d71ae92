"""`bulle budget`: what is shown to whom, the statement as an event, and a new rho as a new version of the permit."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bulle.__main__ import run
from bulle.cli.schemas import schemas
from egress.privacy.account import Spending, reserve
from egress.privacy.form import TABLE
from egress.privacy.ledger import Caps, Reservation, nano
from egress.release.review import Choice, Vote
from hub.events.state import fold
from hub.policy.decide import may_spend_privacy
from hub.policy.verdict import Grant, Refusal
from tests.egress.privacy.releases import spec
from tests.egress.web.planted import CATALOGUE, NOW, SECRET, Planted, by_year, dp_table

Bulle = Callable[..., tuple[int, str]]
ONE = "reste-a-charge-1"


@pytest.fixture
def planted(tmp_path: Path) -> Planted:
    """Two projects spend: 0.25 released, 0.1 open and 0.05 lapsed here, 0.5 there; one exact table left."""
    made = Planted(tmp_path / "state")
    made.log.append("admin", "source.registered", "", {"catalogue": CATALOGUE.model_dump_json()})
    made.submit(ONE)
    seq = made.spend("reste-a-charge", 250_000_000)
    report = dp_table()
    sql = "SELECT year, count(*) AS visits FROM person_year WHERE age >= 18 GROUP BY year"
    made.checked(ONE, replace(report, sql=sql, dp={**report.dp, "reservation": seq}), by_year())
    votes = (Vote("by_sex_dp", Choice.REJECT), Vote("persons_by_year", Choice.APPROVE))
    made.desk.review(ONE, "carol", votes)
    made.release(ONE)
    made.spend("reste-a-charge", 100_000_000, "open")
    made.spend("reste-a-charge", 50_000_000, "lapsed")
    made.spend("urgences", 500_000_000, person="mallory")
    made.spend("urgences", 900_000_000, "refused", person="mallory")
    return made


@pytest.fixture
def bulle(planted: Planted, capsys: pytest.CaptureFixture[str]) -> Bulle:
    def call(*arguments: str, lang: str = "C") -> tuple[int, str]:
        code = run(["budget", *arguments], {"BULLE_STATE": str(planted.root), "LANG": lang})
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        assert code == 0 or said.err.strip()
        return code, said.out + said.err

    return call


def answer(bulle: Bulle, schema: str, *arguments: str) -> dict[str, Any]:
    code, said = bulle(*arguments, "--json")
    assert code == 0
    told: dict[str, Any] = json.loads(said)
    jsonschema.validate(told, schemas()[f"{schema}.schema.json"])
    return told


def accounts(part: dict[str, Any]) -> dict[str | None, tuple[float, ...]]:
    names = ("cap_rho", "spent_rho", "reserved_rho", "left_rho")
    return {each["project"]: tuple(each[name] for name in names) for each in part["accounts"]}


def test_the_operator_sees_every_account_and_what_it_was_spent_on(bulle: Bulle) -> None:
    (part,) = answer(bulle, "budget", "show")["sources"]
    assert accounts(part) == {
        None: (2, 0.8, 0.1, 1.1),
        "reste-a-charge": (1, 0.3, 0.1, 0.6),
        "urgences": (1, 0.5, 0, 0.5),
    }
    assert all(each["epsilon"] > 0 and each["delta"] == 1e-6 for each in part["accounts"])
    assert [each["standing"] for each in part["entries"]] == ["released", "lapsed", "reserved", "released"]
    assert part["entries"][-1]["asked"] == {
        "request": ONE,
        "title": "Spending by sex, with noise",
        "keys": ["person_year.year"],
        "filters": ["person_year.age >= 18"],
    }
    assert [(each["rho"], each["project"]) for each in part["refused"]] == [(0.9, "urgences")]
    assert [(each["request"], each["title"]) for each in part["unaccounted"]] == [(ONE, "Persons by year")]


def test_a_terminal_shows_the_same(bulle: Bulle) -> None:
    code, said = bulle("show")
    assert code == 0
    assert "Source rand-hie" in said
    assert "lapsed: nothing was drawn, it counts as spent" in said
    assert "by person_year.year where person_year.age >= 18" in said
    assert "Outside the budget: exact releases" in said
    assert str(SECRET) not in said
    french = bulle("show", lang="fr_FR.UTF-8")[1]
    assert "tous les projets" in french
    assert "0,25" in french


def test_a_person_sees_what_the_page_shows_them(bulle: Bulle) -> None:
    (part,) = answer(bulle, "budget", "show", "--as", "alice")["sources"]
    assert list(accounts(part)) == ["reste-a-charge"]
    assert {each["project"] for each in part["entries"]} == {"reste-a-charge"}
    assert part["refused"] == []
    (part,) = answer(bulle, "budget", "show", "--as", "hilda")["sources"]
    assert accounts(part)[None] == (2, 0.8, 0.1, 1.1)
    assert part["entries"][0]["asked"] is None
    assert answer(bulle, "budget", "show", "--as", "stranger")["sources"] == []
    assert "No permit gives you" in bulle("show", "--as", "stranger")[1]


def test_source_and_project_narrow_it(bulle: Bulle) -> None:
    (part,) = answer(bulle, "budget", "show", "--project", "urgences")["sources"]
    assert list(accounts(part)) == [None, "urgences"]
    assert [each["rho"] for each in part["entries"]] == [0.5]
    assert part["unaccounted"] == []
    assert len(answer(bulle, "budget", "show", "--source", "rand-hie")["sources"]) == 1
    for wrong in (("--source", "elsewhere"), ("--project", "elsewhere"), ("--project", "urgences", "--as", "alice")):
        code, said = bulle("show", *wrong)
        assert code == 2
        assert "no privacy budget of this name for you" in said


def test_the_statement_is_the_pages_and_its_taking_away_is_an_event(
    bulle: Bulle, planted: Planted, tmp_path: Path
) -> None:
    code, said = bulle("export", "--source", "rand-hie", "--as", "hilda")
    assert code == 0
    stated = json.loads(said)
    jsonschema.validate(stated, schemas()["budget-statement.schema.json"])
    assert (stated["cap_rho"], stated["spent_rho"], stated["reserved_rho"], stated["left_rho"]) == (2, 0.8, 0.1, 1.1)
    out = tmp_path / "statement.csv"
    assert bulle("export", "--source", "rand-hie", "--format", "csv", str(out))[0] == 0
    lines = out.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "at,source,project,kind,rho,request"
    assert len(lines) == 1 + 4 + 1 + 1
    assert "noise" not in out.read_text(encoding="utf-8")  # no author's word
    events = [event for event in planted.log.read() if event.kind == "budget.exported"]
    assert [(event.actor == "hilda", event.project) for event in events] == [(True, "reste-a-charge"), (False, "")]
    assert all((event.body["source"], event.body["channel"]) == ("rand-hie", "command line") for event in events)


def test_a_statement_that_is_not_given_leaves_no_file_and_no_event(
    bulle: Bulle, planted: Planted, tmp_path: Path
) -> None:
    out = tmp_path / "out.json"
    for wrong in (("--source", "rand-hie", "--as", "alice"), ("--source", "elsewhere")):
        code, said = bulle("export", *wrong, str(out))
        assert code == 2
        assert "no statement" in said
    assert not out.exists()
    out.write_text("mine", encoding="utf-8")
    assert bulle("export", "--source", "rand-hie", str(out))[0] == 3
    assert bulle("export", "--source", "rand-hie", str(tmp_path / "nowhere" / "out.json"))[0] == 3
    assert out.read_text(encoding="utf-8") == "mine"
    assert planted.events("budget.exported") == []


def spend(planted: Planted, rho: int) -> Reservation | Refusal:
    """As a worker does that began its request by the first permit."""
    enclave = fold(planted.log.read())
    permit = enclave.versions["reste-a-charge"][0]
    grant = may_spend_privacy(enclave.persons["alice"], permit, NOW.date(), enclave.stops)
    assert isinstance(grant, Grant)
    asked = replace(spec("SELECT sex, count(*) AS n FROM t GROUP BY sex"), source="rand-hie")
    held = reserve(planted.log, grant, Spending(TABLE, asked, "e" * 64, rho), Caps(2 * 10**9, nano(permit.rho)))
    assert isinstance(held, (Reservation, Refusal))
    return held


def test_a_grant_is_a_new_version_of_the_permit_and_counts_at_once(bulle: Bulle, planted: Planted) -> None:
    assert isinstance(spend(planted, 700_000_000), Refusal)  # 0.3 + 0.1 of 1.0 are gone
    told = answer(bulle, "budget-granted", "grant", "reste-a-charge", "1.25", "--why", "Second\nyear", "--as", "hilda")
    assert (told["before_rho"], told["cap_rho"], told["left_rho"], told["changed"]) == (1, 1.25, 0.85, True)
    issued = [event for event in planted.log.read() if event.kind == "permit.issued"][-1]
    assert (issued.actor, issued.project, issued.body["why"]) == ("hilda", "reste-a-charge", "Second year")
    assert issued.body["sha256"] == told["permit_sha256"]
    before, after = fold(planted.log.read()).versions["reste-a-charge"]
    assert after.model_copy(update={"rho": before.rho}) == before
    (part,) = answer(bulle, "budget", "show", "--project", "reste-a-charge")["sources"]
    assert accounts(part)["reste-a-charge"] == (1.25, 0.3, 0.1, 0.85)
    assert isinstance(spend(planted, 700_000_000), Reservation)
    assert isinstance(spend(planted, 700_000_000), Refusal)


def test_the_same_rho_again_changes_nothing(bulle: Bulle, planted: Planted) -> None:
    entries = planted.log.last()
    code, said = bulle("grant", "reste-a-charge", "1.00", "--why", "again")
    assert code == 0
    assert "already" in said
    assert planted.log.last() == entries


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (("reste-a-charge", "2.000000001", "--why", "more"), 2, "let source rand-hie spend 2.0 in all"),
        (("reste-a-charge", "0.399999999", "--why", "less"), 2, "spent or reserved rho 0.4"),
        (("reste-a-charge", "lots", "--why", "more"), 2, "lots is no budget"),
        (("elsewhere", "1", "--why", "more"), 2, "no permit for this project"),
        (("reste-a-charge", "1.5", "--why", " \n "), 3, "Say why"),
        (("reste-a-charge", "1.5"), 3, "--why"),
        (("reste-a-charge", "-1", "--why", "x"), 3, "-1"),
    ],
)
def test_a_grant_that_must_not_be_is_one_sentence_and_no_event(
    bulle: Bulle, planted: Planted, arguments: tuple[str, ...], code: int, why: str
) -> None:
    entries = planted.log.last()
    assert bulle("grant", *arguments)[0] == code
    assert why in bulle("grant", *arguments)[1]
    assert planted.log.last() == entries


def test_what_stands_against_issuing_the_permit_stands_against_the_grant(bulle: Bulle, planted: Planted) -> None:
    members = {"alice": "researcher", "carol": "output_checker"}
    planted.permit("reste-a-charge", members, until="2026-01-31")
    code, said = bulle("grant", "reste-a-charge", "1.5", "--why", "more")
    assert code == 2
    assert "is past" in said


def test_nothing_is_told_of_a_log_that_was_changed(bulle: Bulle, planted: Planted) -> None:
    with sqlite3.connect(planted.root / "events" / "log.db") as file:
        file.execute("DROP TRIGGER events_no_update")
        file.execute("UPDATE events SET actor = 'eve' WHERE seq = 3")
    for arguments in (("show",), ("export", "--source", "rand-hie"), ("grant", "urgences", "1.5", "--why", "x")):
        code, said = bulle(*arguments)
        assert code == 2
        assert "nothing is decided on it" in said
