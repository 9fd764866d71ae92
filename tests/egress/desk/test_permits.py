"""Permits at the desk: drafted in a form or from a file, read as a plan, issued by a second administrator, ended."""

from __future__ import annotations

import tomllib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from egress.desk.form import of_permit, read
from hub.administration.written import permit_toml
from hub.policy.desk import read_desk
from hub.policy.files import policies_dir, read_permit
from tests.egress.desk.people import DeskHouse
from tests.egress.desk.permits import PROJECT, changed, draft, in_force, post, register
from tests.egress.web.hub_stand import DESK, RunningHub
from tests.egress.web.people import csrf, text_of
from tests.egress.web.planted import ATTACK, Planted

NEXT: dict[str, Any] = {
    "title": "What stays with patients, by age",
    "tables": {"person_year": {"columns": ["site", "year", "age"], "years": {"column": "year", "first": 1, "last": 2}}},
    "persons": [
        {"person": "alice", "role": "researcher"},
        {"person": "carol", "role": "output_checker"},
        {"person": "hilda", "role": "data_holder"},
    ],
}


@pytest.fixture(autouse=True)
def _source(house: DeskHouse) -> None:
    register(house)


def test_the_form_gives_back_the_permit_that_it_shows() -> None:
    permit = read_permit(policies_dir() / "permits" / "reste-a-charge.toml")
    found, typed = read(of_permit(permit).fields)
    assert found == permit
    assert typed.errors == {}


def test_a_draft_is_read_as_a_plan_and_issued_by_somebody_else(house: DeskHouse) -> None:
    identity = draft(house, changed(house, **NEXT))
    frank = house.person("frank")
    assert f"{identity}, drafted by erin" in text_of(frank.get(DESK).text)
    plan = text_of(frank.get(f"{DESK}drafts/{identity}").text)
    for told in ("Who loses access at once", "Bob Diallo", "Dora Petit", "granted no more", "rows of year 1 to 2 only"):
        assert told in plan
    assert "potential" not in plan  # the planted catalogue marks none
    answer = post(frank, f"drafts/{identity}/issue")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{DESK}permits/{PROJECT}")
    assert in_force(house).title == NEXT["title"]
    [issued] = [each for each in house.events("permit.issued") if each.get("draft") == identity]
    assert (issued["drafted_by"], issued["channel"]) == ("erin", "desk")
    page = text_of(frank.get(f"{DESK}permits/{PROJECT}").text)
    assert "Versions" in page
    assert "Drafted by" in page


def test_who_drafted_it_cannot_issue_it(house: DeskHouse) -> None:
    identity = draft(house, changed(house, **NEXT))
    erin = house.person("erin")
    page = erin.get(f"{DESK}drafts/{identity}").text
    assert "You drafted it" in page
    assert "/issue" not in page
    answer = post(erin, f"drafts/{identity}/issue")
    assert answer.status_code == 403
    assert "another administrator" in text_of(answer.text)
    assert [each["rule"] for each in house.events("permit.draft_refused")] == ["draft.own"]
    assert in_force(house).title != NEXT["title"]


def test_one_administrator_is_enough_where_the_policy_says_so(hub: RunningHub, planted: Planted) -> None:
    shipped = read_desk()
    alone = shipped.second_administrator.model_copy(update={"value": False})
    with httpx.Client(timeout=20, trust_env=False) as http:
        house = DeskHouse(hub, planted, http, shipped.model_copy(update={"second_administrator": alone}))
        identity = draft(house, changed(house, **NEXT))
        assert post(house.person("erin"), f"drafts/{identity}/issue").status_code == 303


def test_a_double_submit_and_two_at_once_issue_it_once(house: DeskHouse) -> None:
    house.planted.log.append("admin", "administrator.appointed", "", {"person": "dora", "why": "third"})
    identity = draft(house, changed(house, **NEXT))
    frank = house.person("frank")
    token = csrf(frank.get(DESK).text)
    with ThreadPoolExecutor(4) as threads:
        sent = [threads.submit(frank.post, f"{DESK}drafts/{identity}/issue", data={"csrf": token}) for _ in range(4)]
        answers = sorted(each.result().status_code for each in sent)
    assert answers == [303, 409, 409, 409]
    assert len([each for each in house.events("permit.issued") if each.get("draft")]) == 1


def test_what_was_issued_meanwhile_is_not_overwritten(house: DeskHouse) -> None:
    identity = draft(house, changed(house, **NEXT))
    house.planted.permit(PROJECT, {"alice": "researcher", "carol": "output_checker"})
    frank = house.person("frank")
    assert "Another version was issued" in text_of(frank.get(f"{DESK}drafts/{identity}").text)
    assert post(frank, f"drafts/{identity}/issue").status_code == 409


def test_refusals_stand_in_the_plan_and_at_the_fields_in_both_languages(house: DeskHouse) -> None:
    wrong = changed(
        house,
        purpose="insurance-selection",
        persons=[*NEXT["persons"], {"person": "alice", "role": "output_checker"}],
        tables={"person_year": {"columns": ["site", "phone"]}},
    )
    identity = draft(house, wrong)
    for language, told in (("en", "is forbidden"), ("fr", "est interdite")):
        frank = house.person("frank", language)
        page = frank.get(f"{DESK}drafts/{identity}").text
        assert told in text_of(page)
        assert "phone" in text_of(page)
        assert "/issue" not in page
        form = frank.get(f"{DESK}drafts/form?draft={identity}").text
        assert 'id="problem-purpose-1"' in form
        assert 'id="problem-persons-1"' in form
        assert 'id="problem-tables-1"' in form
    assert post(house.person("frank"), f"drafts/{identity}/issue").status_code == 403


def test_what_cannot_be_read_comes_back_at_its_field_with_all_that_was_typed(house: DeskHouse) -> None:
    erin = house.person("erin")
    typed = {
        **of_permit(in_force(house)).fields,
        "project": "Not A Name",
        "rho": "much",
        "valid_until": "soon",
        "statement": "Because of “this”",
        "first.person_year": "one",
        "person.9": "Zoé!",
        "step": "save",
    }
    answer = post(erin, "drafts/form", **typed)
    assert answer.status_code == 422
    for field in ("project", "rho", "valid_until", "persons", "years.person_year"):
        assert f'id="problem-{field}-1"' in answer.text, field
    for kept in ("Not A Name", "much", "Because of “this”", "Zoé!", 'name="column.person_year.site" checked'):
        assert kept in answer.text, kept
    assert house.events("permit.drafted") == []


def test_more_rows_are_given_and_nothing_is_lost_or_drafted(house: DeskHouse) -> None:
    erin = house.person("erin")
    first = erin.get(f"{DESK}drafts/form?source=rand-hie").text
    assert first.count('name="person.') == 3
    answer = post(erin, "drafts/form", source="rand-hie", title="Half", step="more", **{"person.2": "alice"})
    assert answer.status_code == 200
    assert answer.text.count('name="person.') >= 6
    assert 'value="Half"' in answer.text
    assert house.events("permit.drafted") == []


def test_a_permit_goes_out_as_toml_and_comes_in_as_a_draft(house: DeskHouse) -> None:
    erin = house.person("erin")
    answer = erin.get(f"{DESK}permits/{PROJECT}/file")
    assert answer.headers["content-disposition"] == f'attachment; filename="{PROJECT}.toml"'
    assert tomllib.loads(answer.text)["project"] == PROJECT
    upload = permit_toml(changed(house, **NEXT)).encode()
    sent = send(erin, upload)
    assert sent.status_code == 303
    identity = sent.headers["location"].removeprefix(f"{DESK}drafts/")
    assert erin.get(f"{DESK}drafts/{identity}/file").content == upload


def send(browser: httpx.Client, *files: bytes, token: str | None = None) -> httpx.Response:
    token = csrf(browser.get(DESK).text) if token is None else token
    parts = [("file", (f"permit{place}.toml", content)) for place, content in enumerate(files)]
    return browser.post(f"{DESK}drafts/upload", data={"csrf": token}, files=parts)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"a = " + b"[" * 50_000, 422),
        (b"a" + b".a" * 100_000 + b" = 1", 422),
        (b"\xff\xfe\x00", 422),
        (b"project = 'x'", 422),
        (b"#" * 299_999, 422),
        (b"#" * 400_000, 413),
    ],
)
def test_whatever_is_uploaded_is_answered_with_a_sentence(house: DeskHouse, content: bytes, status: int) -> None:
    answer = send(house.person("erin"), content)
    assert answer.status_code == status
    assert "Traceback" not in answer.text
    assert house.events("permit.drafted") == []


def test_an_upload_needs_the_sessions_token_and_one_file(house: DeskHouse) -> None:
    erin, good = house.person("erin"), permit_toml(changed(house, **NEXT)).encode()
    assert send(erin, good, token="").status_code == 403
    assert send(erin, good, good).status_code == 422
    assert house.events("permit.drafted") == []


def test_a_script_in_titles_names_and_reasons_is_text(house: DeskHouse) -> None:
    identity = draft(house, changed(house, title=ATTACK, statement=ATTACK))
    frank = house.person("frank")
    pages = [
        frank.get(f"{DESK}{path}").text for path in ("permits", f"drafts/{identity}", f"drafts/form?draft={identity}")
    ]
    post(frank, f"drafts/{identity}/withdraw", why=ATTACK)
    pages.append(frank.get(f"{DESK}drafts/{identity}").text)
    for page in pages:
        assert "<script>" not in page
        assert "onerror=alert(2)>" not in page
        assert "&lt;script&gt;" in page


def test_a_draft_is_turned_down_with_a_reason_and_not_without(house: DeskHouse) -> None:
    identity = draft(house, changed(house, **NEXT))
    frank = house.person("frank")
    answer = post(frank, f"drafts/{identity}/withdraw", why=" ")
    assert answer.status_code == 422
    assert post(frank, f"drafts/{identity}/withdraw", why="one column too many").status_code == 303
    assert [each["why"] for each in house.events("permit.draft_withdrawn")] == ["one column too many"]
    assert post(frank, f"drafts/{identity}/issue").status_code == 409


def test_a_permit_is_ended_with_a_reason_once(house: DeskHouse) -> None:
    erin = house.person("erin")
    assert post(erin, f"permits/{PROJECT}/end", why="").status_code == 422
    for _ in range(2):
        assert post(erin, f"permits/{PROJECT}/end", why="the data holder withdrew").status_code == 303
    assert len(house.events("permit.ended")) == 1
    page = text_of(erin.get(f"{DESK}permits/{PROJECT}").text)
    assert "the data holder withdrew" in page
    assert "End the permit" not in page


def test_what_is_not_there_is_404(house: DeskHouse) -> None:
    erin = house.person("erin")
    for path in ("permits/nothing", "permits/nothing/file", "drafts/nothing-draft-1", "drafts/nothing-draft-1/file"):
        assert erin.get(f"{DESK}{path}").status_code == 404, path
    for path in ("permits/nothing/end", "drafts/nothing/issue", "drafts/nothing/withdraw"):
        assert post(erin, path, why="because").status_code == 404, path
