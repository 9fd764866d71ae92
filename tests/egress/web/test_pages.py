"""Who may open which page and do which act, asked over HTTP by people who logged in through the hub."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from anyio.to_thread import current_default_thread_limiter
from starlette.testclient import TestClient

from egress.pages.protection import HEADERS, POLICY
from egress.pages.site import THREADS
from tests.egress.web.hub_stand import PREFIX
from tests.egress.web.people import House, csrf, text_of
from tests.egress.web.planted import ATTACK, SECRET, by_site, by_year, noisy, single_persons

ONE, OTHER = "reste-a-charge-1", "urgences-1"
PAGES = [("GET", "requests/{}"), ("GET", "review/{}")]
ACTS = [("POST", "requests/{}/withdraw"), ("POST", "requests/{}/download"), ("POST", "review/{}")]
ALL_VOTES = {"vote.visits_by_site": "reject", "vote.persons_by_year": "approve", "comment.visits_by_site": "Too small."}


@pytest.fixture
def waiting(house: House) -> House:
    """Two requests wait for checkers: one of alice, one of mallory on another project."""
    house.planted.submit(ONE)
    house.planted.checked(ONE, by_site(), by_year(), single_persons())
    house.planted.submit(OTHER, person="mallory", title="Emergency visits")
    house.planted.checked(OTHER, by_year())
    return house


def post(browser: TestClient, path: str, token: str, **form: str) -> tuple[int, str]:
    if path.startswith("review/"):
        form.setdefault("checks", checks_of(browser.get(f"{PREFIX}{path}").text))
    answer = browser.post(f"{PREFIX}{path}", data={"csrf": token, **form})
    return answer.status_code, answer.text


def checks_of(page: str) -> str:
    """Which checks a review page shows, as its form says it."""
    found = re.search(r'name="checks" value="([^"]+)"', page)
    return found.group(1) if found else ""


def token_of(browser: TestClient) -> str:
    return csrf(browser.get(f"{PREFIX}requests").text)


def decide(house: House, **votes: str) -> None:
    carol = house.person("carol")
    status, _ = post(carol, f"review/{ONE}", token_of(carol), **(votes or ALL_VOTES))
    assert status == 303


def test_the_first_page_is_a_persons_own(waiting: House) -> None:
    for name, page in (("alice", "requests"), ("carol", "queue"), ("bob", "requests"), ("stranger", "requests")):
        assert waiting.person(name).get(PREFIX).headers["location"] == f"{PREFIX}{page}"


def test_every_page_carries_the_headers(waiting: House) -> None:
    alice = waiting.person("alice")
    paths = ["requests", f"requests/{ONE}", "nowhere", f"review/{ONE}", "static/style.css", "health", "oauth_callback"]
    for path in paths:
        answer = alice.get(f"{PREFIX}{path}")
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, path
    assert "unsafe" not in POLICY
    assert "*" not in POLICY
    assert "script-src" not in POLICY  # default-src 'none' leaves no script


def test_pages_hold_no_script_no_style_and_nothing_from_elsewhere(waiting: House) -> None:
    for browser, path in ((waiting.person("alice"), f"requests/{ONE}"), (waiting.person("carol"), f"review/{ONE}")):
        page = browser.get(f"{PREFIX}{path}").text
        assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=\"|javascript:", page)
        assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", page)


def test_an_author_reads_findings_for_authors_and_no_exact_value(waiting: House) -> None:
    page = text_of(waiting.person("alice").get(f"{PREFIX}requests/{ONE}").text)
    assert "suppressed" in page
    assert "1 row of the table is about fewer than 11 persons" in page
    assert "person_id stands in a filter" in page
    for hidden in ("One person makes", "Disclosure price", "largest share", "Dominance", f"{SECRET:,}", str(SECRET)):
        assert hidden not in page


def test_a_checker_reads_everything(waiting: House) -> None:
    page = text_of(waiting.person("carol").get(f"{PREFIX}review/{ONE}").text)
    for shown in ("One person makes 88 %", "ρ = 3.25", "ε = 14.2 at δ = 10⁻⁶", f"{SECRET:,}", "GROUP BY site", "88 %"):
        assert shown in page
    assert "the checks refused this output" in page.lower()


@pytest.mark.parametrize(("person", "path"), [("alice", f"requests/{ONE}"), ("carol", f"review/{ONE}")])
def test_noise_is_told_to_both_with_its_margin(house: House, person: str, path: str) -> None:
    house.planted.submit(ONE)
    house.planted.checked(ONE, noisy())
    page = text_of(house.person(person).get(f"{PREFIX}{path}").text)
    assert "5526 ± 12" in page
    assert "ρ = 0.25 (ε = 3.1 at δ = 10⁻⁷), discrete Gaussian noise." in page
    assert "how far the exact one may lie, with 95 % confidence" in page
    assert "suppressed 55" not in page


def test_a_checker_does_not_vote_on_what_was_refused(waiting: House) -> None:
    page = waiting.person("carol").get(f"{PREFIX}review/{ONE}").text
    assert set(re.findall(r'name="vote\.([a-z_]+)"', page)) == {"visits_by_site", "persons_by_year"}


def test_the_queue_holds_what_the_person_may_check_oldest_first(waiting: House) -> None:
    waiting.planted.submit("reste-a-charge-2", person="bob", title="Later")
    waiting.planted.checked("reste-a-charge-2", by_year())
    waiting.planted.submit("reste-a-charge-3", title="Not yet checked")
    found = {
        name: re.findall(r'review/([a-z0-9-]+)"', waiting.person(name).get(f"{PREFIX}queue").text)
        for name in ("carol", "bob", "alice", "stranger")
    }
    assert found == {"carol": [ONE, "reste-a-charge-2"], "bob": [OTHER], "alice": [], "stranger": []}


@pytest.mark.parametrize("person", ["mallory", "stranger"])
@pytest.mark.parametrize(("method", "path"), PAGES + ACTS)
def test_a_foreign_request_looks_like_one_that_is_not_there(
    waiting: House, person: str, method: str, path: str
) -> None:
    browser = waiting.person(person)
    form = {"csrf": token_of(browser), "vote.persons_by_year": "approve"} if method == "POST" else None
    before = len(waiting.planted.log.read())
    answers = [
        browser.request(method, PREFIX + path.format(request), data=form)
        for request in (ONE, "reste-a-charge-9", "no-such-project-1")
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    texts = [
        text_of(answer.text).replace(request, "?")
        for answer, request in zip(answers, (ONE, "reste-a-charge-9", "no-such-project-1"), strict=True)
    ]
    assert len(set(texts)) == 1
    assert len(waiting.planted.log.read()) == before


@pytest.mark.parametrize(("method", "path"), PAGES + ACTS)
def test_another_persons_cookie_jar_opens_only_their_own(waiting: House, method: str, path: str) -> None:
    """alice's own requests, asked for with mallory's session and alice's CSRF token."""
    alice, mallory = waiting.person("alice"), waiting.person("mallory")
    answer = mallory.request(
        method, PREFIX + path.format(ONE), data={"csrf": token_of(alice)} if method == "POST" else None
    )
    assert answer.status_code == (403 if method == "POST" else 404)


@pytest.mark.parametrize("path", [path for _, path in ACTS] + ["logout"])
@pytest.mark.parametrize("token", [None, "", "wrong", "é"])
def test_an_act_without_the_sessions_token_is_refused(waiting: House, path: str, token: str | None) -> None:
    carol = waiting.person("carol")
    form = {**ALL_VOTES, **({} if token is None else {"csrf": token})}
    answer = carol.post(PREFIX + path.format(ONE), data=form)
    assert answer.status_code == 403
    assert "not made for your session" in answer.text
    assert waiting.planted.events("review.given") == []
    assert carol.get(f"{PREFIX}queue").status_code == 200


def test_an_act_by_link_does_not_exist(waiting: House) -> None:
    alice = waiting.person("alice")
    for path in (f"requests/{ONE}/withdraw", f"requests/{ONE}/download", "logout"):
        assert alice.get(f"{PREFIX}{path}").status_code == 405


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Dest": "empty", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Dest": "image"},
    ],
)
def test_a_script_or_frame_of_another_page_gets_nothing(waiting: House, headers: dict[str, str]) -> None:
    carol = waiting.person("carol")
    answer = carol.get(f"{PREFIX}review/{ONE}", headers=headers)
    assert answer.status_code == 403
    assert "visits_by_site" not in answer.text
    token = token_of(carol)
    answer = carol.post(f"{PREFIX}review/{ONE}", data={"csrf": token, **ALL_VOTES}, headers=headers)
    assert answer.status_code == 403
    assert waiting.planted.events("review.given") == []


def test_a_form_sent_from_another_site_is_refused(waiting: House) -> None:
    carol = waiting.person("carol")
    headers = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "cross-site"}
    answer = carol.post(f"{PREFIX}review/{ONE}", data={"csrf": token_of(carol), **ALL_VOTES}, headers=headers)
    assert answer.status_code == 403


def test_the_author_cannot_review_and_reads_why(waiting: House) -> None:
    alice = waiting.person("alice")
    for answer in (
        alice.get(f"{PREFIX}review/{ONE}"),
        alice.post(f"{PREFIX}review/{ONE}", data={"csrf": token_of(alice), **ALL_VOTES}),
    ):
        assert answer.status_code == 403
        assert "You cannot review your own request" in answer.text
    assert waiting.planted.events("review.given") == []


def test_a_colleague_cannot_review_either(waiting: House) -> None:
    bob = waiting.person("bob")  # researcher here, output checker elsewhere
    assert bob.get(f"{PREFIX}review/{ONE}").status_code == 403
    assert post(bob, f"review/{ONE}", token_of(bob), **ALL_VOTES)[0] == 403
    assert waiting.planted.events("review.given") == []


def test_a_review_sent_twice_counts_once(waiting: House) -> None:
    carol = waiting.person("carol")
    token = token_of(carol)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: post(carol, f"review/{ONE}", token, **ALL_VOTES), range(2)))
    answers.append(post(carol, f"review/{ONE}", token, **{**ALL_VOTES, "vote.visits_by_site": "approve"}))
    assert [status for status, _ in answers] == [303, 303, 303]
    assert len(waiting.planted.events("review.given")) == 1
    (decided,) = waiting.planted.events("request.decided")
    assert (decided["approved"], decided["rejected"]) == (["persons_by_year"], ["visits_by_site"])


@pytest.mark.parametrize(
    ("votes", "sentence"),
    [
        ({"vote.persons_by_year": "approve"}, "Vote on every output; without a vote: visits_by_site."),
        ({**ALL_VOTES, "vote.persons_by_year": "perhaps"}, "A vote is to approve, to ask for changes, or to reject."),
        ({**ALL_VOTES, "vote.one_person": "approve"}, "nobody can approve it."),
        ({**ALL_VOTES, "vote.<b>": "approve"}, "has no output called &lt;b&gt;"),
        ({**ALL_VOTES, "comment": "x" * 2001}, "A comment is longer than 2000 characters; shorten it."),
    ],
)
def test_votes_that_do_not_fit_come_back_as_typed(waiting: House, votes: dict[str, str], sentence: str) -> None:
    carol = waiting.person("carol")
    typed = {**votes, "comment.persons_by_year": "Kept & <shown>"}
    status, page = post(carol, f"review/{ONE}", token_of(carol), **typed)
    assert status == 422
    assert sentence in page
    assert "Kept &amp; &lt;shown&gt;</textarea>" in page
    assert waiting.planted.events("review.given") == []


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"csrf=a&csrf=b", "application/x-www-form-urlencoded", 400),
        (b"csrf=%ff", "application/x-www-form-urlencoded", 400),
        (b"\xff\xfe", "application/x-www-form-urlencoded", 400),
        (b"a=1&" * 3000, "application/x-www-form-urlencoded", 400),
        (b"a=" + b"x" * 500_000, "application/x-www-form-urlencoded", 413),
        (b'{"csrf": "a"}', "application/json", 400),
        (b"--x--", "multipart/form-data; boundary=x", 400),
    ],
)
def test_a_form_that_our_pages_do_not_send_is_refused(waiting: House, content: bytes, kind: str, status: int) -> None:
    carol = waiting.person("carol")
    answer = carol.post(f"{PREFIX}review/{ONE}", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert "Traceback" not in answer.text


def test_a_comment_reaches_the_author_with_the_decision_only(waiting: House) -> None:
    alice = waiting.person("alice")
    assert "Too small." not in alice.get(f"{PREFIX}requests/{ONE}").text
    decide(waiting)
    page = alice.get(f"{PREFIX}requests/{ONE}").text
    assert "Too small." in page
    assert "carol" not in page  # who checked is not told


def test_a_package_is_fetched_once_and_only_by_the_projects_researchers(waiting: House) -> None:
    decide(waiting)
    waiting.planted.release(ONE, b"PK package")
    alice, carol, mallory = (waiting.person(name) for name in ("alice", "carol", "mallory"))
    assert post(carol, f"requests/{ONE}/download", token_of(carol))[0] == 403
    assert post(mallory, f"requests/{ONE}/download", token_of(mallory))[0] == 404
    token = csrf(alice.get(f"{PREFIX}requests/{ONE}").text)
    fetched = alice.post(f"{PREFIX}requests/{ONE}/download", data={"csrf": token})
    assert (fetched.status_code, fetched.content) == (200, b"PK package")
    assert fetched.headers["content-type"] == "application/zip"
    assert fetched.headers["content-disposition"] == f'attachment; filename="{ONE}.zip"'
    again = alice.post(f"{PREFIX}requests/{ONE}/download", data={"csrf": token})
    assert again.status_code == 409
    assert "was fetched already; it leaves once" in again.text
    page = alice.get(f"{PREFIX}requests/{ONE}").text
    assert "The package was fetched on" in page
    assert "Fetch the package" not in page
    assert len(waiting.planted.events("package.downloaded")) == 1


def test_a_package_that_was_changed_does_not_leave(waiting: House) -> None:
    decide(waiting)
    waiting.planted.release(ONE, b"PK package")
    (waiting.planted.root / "exports" / ONE / "package.zip").write_bytes(b"PK another")
    alice = waiting.person("alice")
    status, page = post(alice, f"requests/{ONE}/download", token_of(alice))
    assert status == 503
    assert "was changed after it was sealed" in page
    assert waiting.planted.events("package.downloaded") == []


def test_an_author_withdraws_until_it_is_decided(waiting: House) -> None:
    alice, bob = waiting.person("alice"), waiting.person("bob")
    assert "Withdraw this request" not in bob.get(f"{PREFIX}requests/{ONE}").text
    assert post(bob, f"requests/{ONE}/withdraw", token_of(bob))[0] == 403
    assert "Withdraw this request" in alice.get(f"{PREFIX}requests/{ONE}").text
    assert post(alice, f"requests/{ONE}/withdraw", token_of(alice))[0] == 303
    assert "Withdraw this request" not in alice.get(f"{PREFIX}requests/{ONE}").text
    assert post(alice, f"requests/{ONE}/withdraw", token_of(alice))[0] == 409


def test_a_permit_that_ended_stops_votes_and_keeps_the_page(waiting: House) -> None:
    members = {"alice": "researcher", "carol": "output_checker"}
    waiting.planted.permit("reste-a-charge", members, until="2026-11-01")
    carol = waiting.person("carol")
    page = carol.get(f"{PREFIX}review/{ONE}")
    assert page.status_code == 200
    assert "ended on 2026-11-01" in page.text
    assert "Record my decision" not in page.text
    assert post(carol, f"review/{ONE}", token_of(carol), **ALL_VOTES)[0] == 403


def test_a_checker_taken_off_the_permit_sees_nothing_at_once(waiting: House) -> None:
    carol = waiting.person("carol")
    assert carol.get(f"{PREFIX}review/{ONE}").status_code == 200
    waiting.planted.permit("reste-a-charge", {"alice": "researcher", "dora": "output_checker"})
    assert carol.get(f"{PREFIX}review/{ONE}").status_code == 404


def test_a_report_that_was_changed_is_said_and_the_rest_is_shown(waiting: House) -> None:
    digest = waiting.planted.desk.show(ONE, "carol").outputs[0].report
    (waiting.planted.root / "quarantine" / digest[:2] / digest).write_bytes(b"{}")
    page = text_of(waiting.person("carol").get(f"{PREFIX}review/{ONE}").text)
    assert "in quarantine was changed after it was frozen" in page
    assert "Persons by year" in page


@pytest.mark.parametrize(("person", "path"), [("alice", f"requests/{ONE}"), ("dora", f"review/{ONE}")])
def test_hostile_text_is_escaped_and_made_visible(house: House, person: str, path: str) -> None:
    house.planted.submit(ONE, title=ATTACK, source="print('\u202e\x1b[2J')")
    house.planted.checked(ONE, by_site(f"{ATTACK}\u202egnp.exe"))
    page = house.person(person).get(f"{PREFIX}{path}").text
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "{{7*7}}" in page
    assert "\u202e" not in page
    assert "⟨U+202E⟩gnp.exe" in page


def test_refused_submissions_are_told_to_their_sender_only(house: House) -> None:
    reason = {"text": "submission.json is missing; use `bulle request submit`, which writes it.", "values": {}}
    body = {"entry": "try-1.request", "reason": reason}
    house.planted.log.append("alice", "request.refused_entry", "reste-a-charge", body)
    assert "submission.json is missing" in house.person("alice").get(f"{PREFIX}requests").text
    assert "submission.json is missing" not in house.person("bob").get(f"{PREFIX}requests").text


@pytest.mark.parametrize("path", ["requests", "queue", f"requests/{ONE}", f"review/{ONE}"])
def test_somebody_unknown_is_sent_to_log_in(waiting: House, path: str) -> None:
    answer = waiting.browser().get(f"{PREFIX}{path}")
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("/hub/api/oauth2/authorize?")


@pytest.mark.parametrize("path", [path for _, path in ACTS])
def test_an_act_by_somebody_unknown_does_nothing(waiting: House, path: str) -> None:
    before = len(waiting.planted.log.read())
    answer = waiting.browser().post(PREFIX + path.format(ONE), data=ALL_VOTES)
    assert answer.status_code == 401
    assert len(waiting.planted.log.read()) == before


def test_pages_come_in_the_readers_language(waiting: House) -> None:
    french = waiting.person("alice", "fr-FR,fr;q=0.9,en;q=0.5")
    page = french.get(f"{PREFIX}requests/{ONE}")
    assert page.headers["content-language"] == "fr"
    assert "Une personne doit regarder" in page.text
    switched = french.get(f"{PREFIX}language/en", params={"next": f"{PREFIX}requests/{ONE}"})
    assert switched.headers["location"] == f"{PREFIX}requests/{ONE}"
    assert "A person must look" in french.get(switched.headers["location"]).text
    assert french.get(f"{PREFIX}language/xx").status_code == 404


def test_few_pages_are_computed_at_once(house: House) -> None:
    with TestClient(house.app) as client:
        assert client.portal is not None
        tokens = client.portal.call(lambda: current_default_thread_limiter().total_tokens)
    assert tokens == THREADS


def test_of_what_a_checker_reviewed_the_newest_are_shown_and_the_others_counted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("egress.web.checker.MOST", 1)
    for request in ("reste-a-charge-1", "reste-a-charge-2"):
        house.planted.submit(request, title=f"Study {request}")
        house.planted.checked(request, by_year())
        votes = [{"output": "persons_by_year", "choice": "approve", "comment": "Read."}]
        house.planted.log.append(
            "carol", "review.given", "reste-a-charge", {"request": request, "votes": votes, "comment": ""}
        )
    page = text_of(house.person("carol").get(f"{PREFIX}queue").text)
    assert "Study reste-a-charge-2" in page
    assert "Study reste-a-charge-1" not in page
    assert "1 older one is not shown here" in page
