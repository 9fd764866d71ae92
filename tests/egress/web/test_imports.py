"""Asking for files to be brought in, and deciding on them, through the pages: as meant, and as attackers would."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from starlette.testclient import TestClient

from egress.imports.status import ImportStatus
from hub.policy.limits import read_limits
from tests.egress.scan import made
from tests.egress.web.hub_stand import PREFIX
from tests.egress.web.people import House, csrf, text_of
from tests.egress.web.planted import ATTACK, by_year

PROJECT, ID = "reste-a-charge", "reste-a-charge-import-1"
LIMITS = read_limits().imports
HERE = f"{PREFIX}imports"


def send(browser: TestClient, *files: tuple[str, bytes], **form: str) -> Any:
    """What the page's form sends; `form` replaces its fields."""
    token = csrf(browser.get(HERE).text) if "csrf" not in form else ""
    fields = {"csrf": token, "project": PROJECT, "title": "A tool", "why": "To weigh", "origin": "Our own", **form}
    return browser.post(HERE, data=fields, files=[("files", (name, content, "text/plain")) for name, content in files])


def status(house: House, identity: str = ID) -> ImportStatus:
    return house.planted.imports.show(identity, None).status


def act(browser: TestClient, what: str, **form: str) -> Any:
    page = browser.get(f"{HERE}/{ID}").text
    return browser.post(f"{HERE}/{ID}/{what}", data={"csrf": csrf(page), **form})


@pytest.fixture
def alice(house: House) -> TestClient:
    return house.person("alice")


def test_from_the_upload_to_the_project(house: House, alice: TestClient) -> None:
    content = b"def answer():\n    return 42\n"
    answer = send(alice, ("tool.py", content), title=ATTACK)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HERE}/{ID}")
    (asked,) = [event for event in house.planted.log.read() if event.kind == "import.asked"]
    assert (asked.actor, asked.project) == ("alice", PROJECT)
    assert asked.body["files"] == [
        {"name": "tool.py", "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    ]
    house.planted.bring_in()
    carol = house.person("carol")
    page = carol.get(f"{HERE}/{ID}").text
    assert "return 42" in page
    assert ATTACK not in page
    assert "Waiting for your decision" in text_of(carol.get(HERE).text)
    report = house.planted.imports.show(ID, None).report or ""
    assert act(carol, "decide", choice="approve", report=report).status_code == 303
    house.planted.bring_in()
    assert (house.planted.root / "imports" / PROJECT / "import-1" / "tool.py").read_bytes() == content
    assert "/imports/import-1/tool.py" in alice.get(f"{HERE}/{ID}").text
    assert act(alice, "withdraw", why="old").status_code == 303
    house.planted.bring_in()
    assert status(house) is ImportStatus.REMOVED


def test_who_decides_fetches_the_bytes_and_nobody_else_does(house: House, alice: TestClient) -> None:
    content = made.wheel()
    send(alice, ("tool.whl", content))
    house.planted.bring_in()
    carol = house.person("carol")
    for browser, place, code in ((carol, 1, 200), (carol, 2, 404), (alice, 1, 403), (house.person("mallory"), 1, 404)):
        answer = browser.post(f"{HERE}/{ID}/files/{place}", data={"csrf": csrf(page_of(browser))})
        assert answer.status_code == code
    fetched = carol.post(f"{HERE}/{ID}/files/1", data={"csrf": csrf(page_of(carol))})
    assert fetched.content == content
    assert fetched.headers["content-disposition"] == 'attachment; filename="tool.whl"'
    assert carol.get(f"{HERE}/{ID}/files/1").status_code == 405
    assert carol.post(f"{HERE}/{ID}/files/1", data={"csrf": "x"}).status_code == 403


def test_a_request_names_what_its_notebook_could_read(house: House, alice: TestClient) -> None:
    files = [{"name": "tool.py", "sha256": "e" * 64, "size": 3}]
    house.planted.submit(f"{PROJECT}-1", imports=[{"import": ID, "folder": "import-1", "files": files}])
    house.planted.checked(f"{PROJECT}-1", by_year())
    for person, path in ((alice, "requests"), (house.person("carol"), "review")):
        page = person.get(f"{PREFIX}{path}/{PROJECT}-1").text
        assert "/imports/import-1/tool.py" in page
        assert "e" * 64 in page


def test_a_rejection_needs_its_reason_and_reaches_who_asked(house: House, alice: TestClient) -> None:
    send(alice, ("tool.py", b"x = 1\n"))
    house.planted.bring_in()
    carol = house.person("carol")
    report = house.planted.imports.show(ID, None).report or ""
    silent = act(carol, "decide", choice="reject", report=report)
    assert silent.status_code == 422
    assert "Say why you reject it" in text_of(silent.text)
    assert act(carol, "decide", choice="reject", report=report, comment=f"Too much {ATTACK}").status_code == 303
    page = alice.get(f"{HERE}/{ID}").text
    assert "Too much" in page
    assert ATTACK not in page
    again = carol.post(
        f"{HERE}/{ID}/decide", data={"csrf": csrf(page_of(carol)), "choice": "approve", "report": report}
    )
    assert again.status_code == 409
    assert status(house) is ImportStatus.REJECTED


def page_of(browser: TestClient) -> str:
    return str(browser.get(HERE).text)


def test_nobody_decides_on_their_own_and_strangers_find_nothing(house: House, alice: TestClient) -> None:
    send(alice, ("tool.py", b"x = 1\n"))
    house.planted.bring_in()
    report = house.planted.imports.show(ID, None).report or ""
    for name, code in (("alice", 403), ("bob", 403), ("mallory", 404), ("stranger", 404)):
        browser = alice if name == "alice" else house.person(name)
        token = csrf(page_of(browser))
        for what in ("decide", "withdraw"):
            form = {"csrf": token, "choice": "approve", "report": report}
            expected = 303 if (name, what) == ("alice", "withdraw") else code
            if expected != 303:
                assert browser.post(f"{HERE}/{ID}/{what}", data=form).status_code == expected, (name, what)
        seen = browser.get(f"{HERE}/{ID}")
        assert (seen.status_code == 200) == (name in {"alice", "bob"})
        if name == "bob":  # a colleague reads what it is, and not the file that only its approver has to
            assert "Read it" not in seen.text
    assert status(house) is ImportStatus.IN_REVIEW


def test_a_form_of_another_session_does_nothing(house: House, alice: TestClient) -> None:
    send(alice, ("tool.py", b"x = 1\n"))
    before = house.planted.log.last()
    foreign = csrf(page_of(house.person("carol")))
    assert send(alice, ("tool.py", b"x = 2\n"), csrf=foreign).status_code == 403
    for what in ("decide", "withdraw"):
        assert alice.post(f"{HERE}/{ID}/{what}", data={"csrf": foreign, "why": "x"}).status_code == 403
    assert house.planted.log.last() == before
    assert send(house.browser(), ("tool.py", b"x"), csrf="x").status_code == 401


REFUSED = (
    ("../evil.py", b"x", 422, "rename it"),
    ("..\\evil.py", b"x", 422, "rename it"),
    ("/etc/passwd", b"x", 422, "rename it"),
    (".bashrc", b"x", 422, "rename it"),
    ("a\u202e.py", b"x", 422, "rename it"),
    ("empty.py", b"", 422, "empty"),
    ("big.bin", bytes(LIMITS.max_file_mb * 1_000_000 + 1), 422, "One file holds at most"),
    ("bomb.bin", bytes(LIMITS.max_total_mb * 1_000_000 + 100_000), 413, "One import holds at most"),
)


def test_what_is_no_import_is_one_sentence_and_an_event(house: House, alice: TestClient) -> None:
    for name, content, code, words in REFUSED:
        answer = send(alice, (name, content))
        assert answer.status_code == code, name
        assert words in text_of(answer.text), name
        last = house.planted.log.read()[-1]
        assert (last.kind, last.actor) == ("import.not_taken", "alice")
        assert "evil" not in str(last.body)
        assert list(house.planted.root.glob("arrivals/*/*")) == []
        if code == 422:
            assert 'value="A tool"' in answer.text  # what was typed is still there


def test_too_many_files_and_other_projects_are_refused(house: House, alice: TestClient) -> None:
    many = [(f"{number}.py", b"x") for number in range(LIMITS.max_files + 1)]
    assert send(alice, *many).status_code == 422
    assert send(alice, *many, *many).status_code == 400  # a form that is no form of ours
    assert send(alice, ("a.py", b"x"), project="urgences").status_code == 403
    assert send(alice, ("a.py", b"x"), project="../x").status_code == 403
    assert send(house.person("carol"), ("a.py", b"x")).status_code == 403
    assert not [event for event in house.planted.log.read() if event.kind == "import.asked"]


def test_other_bodies_are_no_form(alice: TestClient) -> None:
    for kind, body in (
        ("application/x-www-form-urlencoded", b"a=b"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1'),
        ("application/json", b"{}"),
    ):
        assert alice.post(HERE, content=body, headers={"Content-Type": kind}).status_code in {400, 403}, kind


def test_one_asks_so_often_and_no_more(house: House, alice: TestClient) -> None:
    for number in range(LIMITS.asked_per_day):
        assert send(alice, ("a.py", f"x = {number}\n".encode())).status_code == 303
    assert send(alice, ("a.py", b"x")).status_code == 429
    house.planted.now = house.planted.now.replace(day=house.planted.now.day + 2)
    assert send(alice, ("a.py", b"x")).status_code == 303


def test_the_scan_sends_a_program_back(house: House, alice: TestClient) -> None:
    send(alice, ("tool.py", made.ELF))
    house.planted.bring_in()
    page = alice.get(f"{HERE}/{ID}", headers={"Accept-Language": "fr"}).text
    assert "C&#39;est du code compilé" in page
    assert status(house) is ImportStatus.REFUSED
