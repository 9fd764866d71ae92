"""Security keys: what is taken, and each way in which an answer is not the one that was asked for."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.policy.verdict import Refusal
from hub.second_factor.key import MAX_ANSWER, created, creation_options, request_options, used
from hub.second_factor.model import Key, Site
from hub.second_factor.site import site_of
from tests.hub.second_factor.soft_key import SoftKey

SITE = Site("enclave.example", "https://enclave.example")
HERE = ("enclave.example", "https://enclave.example")
CHALLENGE, OTHER = b"c" * 32, b"o" * 32


@pytest.fixture
def soft() -> SoftKey:
    return SoftKey()


def enrolled(soft: SoftKey) -> Key:
    key = created(soft.create(CHALLENGE, *HERE), SITE, CHALLENGE, "k1")
    assert isinstance(key, Key)
    return key


def rule(verdict: Key | Refusal) -> str | None:
    return verdict.rule if isinstance(verdict, Refusal) else None


def test_a_key_that_was_enrolled_is_taken_and_its_count_kept(soft: SoftKey) -> None:
    key = enrolled(soft)
    first = used(soft.get(CHALLENGE, *HERE), SITE, CHALLENGE, [key])
    assert first == replace(key, count=1)
    assert isinstance(first, Key)
    assert used(soft.get(OTHER, *HERE), SITE, OTHER, [first]) == replace(key, count=2)


@pytest.mark.parametrize(
    ("challenge", "site", "origin"),
    [
        (OTHER, *HERE),
        (CHALLENGE, "enclave.example", "https://evil.example"),
        (CHALLENGE, "enclave.example", "http://enclave.example"),
        (CHALLENGE, "enclave.example", "https://enclave.example:8443"),
        (CHALLENGE, "evil.example", "https://enclave.example"),
    ],
)
def test_another_challenge_site_or_origin_is_refused(soft: SoftKey, challenge: bytes, site: str, origin: str) -> None:
    key = enrolled(soft)
    assert rule(used(soft.get(challenge, site, origin), SITE, CHALLENGE, [key])) == "second_factor.wrong"
    assert rule(created(SoftKey().create(challenge, site, origin), SITE, CHALLENGE, "k2")) == "second_factor.wrong"


def test_an_answer_is_good_for_its_challenge_only(soft: SoftKey) -> None:
    key, answer = enrolled(soft), soft.get(CHALLENGE, *HERE)
    assert isinstance(used(answer, SITE, CHALLENGE, [key]), Key)
    assert rule(used(answer, SITE, OTHER, [key])) == "second_factor.wrong"


def test_another_key_is_refused_and_so_is_another_key_under_the_same_name(soft: SoftKey) -> None:
    key, stranger = enrolled(soft), SoftKey()
    assert rule(used(stranger.get(CHALLENGE, *HERE), SITE, CHALLENGE, [key])) == "second_factor.wrong"
    stranger.credential = soft.credential
    assert rule(used(stranger.get(CHALLENGE, *HERE), SITE, CHALLENGE, [key])) == "second_factor.wrong"
    assert rule(used(soft.get(CHALLENGE, *HERE), SITE, CHALLENGE, [])) == "second_factor.wrong"


@pytest.mark.parametrize(("kept", "refused"), [(4, None), (5, "second_factor.cloned"), (6, "second_factor.cloned")])
def test_a_count_that_does_not_rise_is_a_clone(soft: SoftKey, kept: int, refused: str | None) -> None:
    key = replace(enrolled(soft), count=kept)
    soft.count = 4
    assert rule(used(soft.get(CHALLENGE, *HERE), SITE, CHALLENGE, [key])) == refused


def test_a_key_that_does_not_count_is_taken_and_one_that_stopped_is_not(soft: SoftKey) -> None:
    key = enrolled(soft)
    soft.count = -1
    assert isinstance(used(soft.get(CHALLENGE, *HERE), SITE, CHALLENGE, [key]), Key)
    soft.count = -1
    answer = soft.get(CHALLENGE, *HERE)
    assert rule(used(answer, SITE, CHALLENGE, [replace(key, count=3)])) == "second_factor.cloned"


def test_an_enrolment_is_no_login_and_a_login_no_enrolment(soft: SoftKey) -> None:
    key = enrolled(soft)
    assert rule(used(soft.create(CHALLENGE, *HERE), SITE, CHALLENGE, [key])) == "second_factor.wrong"
    assert rule(created(soft.get(CHALLENGE, *HERE), SITE, CHALLENGE, "k2")) == "second_factor.wrong"


@given(st.one_of(st.text(max_size=200), st.recursive(st.none() | st.booleans() | st.text(), st.lists).map(json.dumps)))
def test_whatever_a_browser_sends_is_an_answer_or_a_refusal(answer: str) -> None:
    assert rule(used(answer, SITE, CHALLENGE, [])) == "second_factor.wrong"
    assert rule(created(answer, SITE, CHALLENGE, "k")) == "second_factor.wrong"


FIXED = SoftKey()
ENROLLED, ANSWER = enrolled(FIXED), FIXED.get(CHALLENGE, *HERE)


@given(st.data())
def test_a_good_answer_with_any_part_changed_is_refused(data: st.DataObject) -> None:
    answer = json.loads(ANSWER)
    part = data.draw(st.sampled_from(sorted(answer["response"])))
    value = answer["response"][part]
    at = data.draw(st.integers(0, len(value) - 2))  # the last character may hold spare bits
    answer["response"][part] = value[:at] + ("A" if value[at] != "A" else "B") + value[at + 1 :]
    verdict = used(json.dumps(answer), SITE, CHALLENGE, [ENROLLED])
    assert rule(verdict) in {"second_factor.wrong", "second_factor.cloned"}


def test_an_endless_answer_is_not_read(soft: SoftKey) -> None:
    key, answer = enrolled(soft), soft.get(CHALLENGE, *HERE)
    assert rule(used(answer + " " * MAX_ANSWER, SITE, CHALLENGE, [key])) == "second_factor.wrong"
    assert rule(used("[" * 60_000, SITE, CHALLENGE, [key])) == "second_factor.wrong"


def test_options_name_the_site_and_the_keys_and_nothing_secret(soft: SoftKey) -> None:
    key = enrolled(soft)
    asked = json.loads(request_options(SITE, [key], CHALLENGE))
    assert asked["rpId"] == "enclave.example"
    assert [each["id"] for each in asked["allowCredentials"]] == [key.credential]
    wanted = json.loads(creation_options(SITE, "alice", "Alice Martin", [key], secrets.token_bytes(32)))
    assert wanted["user"]["displayName"] == "Alice Martin"
    assert [each["id"] for each in wanted["excludeCredentials"]] == [key.credential]


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://enclave.example", SITE),
        ("https://enclave.example:8443/", Site("enclave.example", "https://enclave.example:8443")),
        ("http://localhost:8000", Site("localhost", "http://localhost:8000")),
        ("http://enclave.example", None),
        ("http://127.0.0.1:8000", None),
        ("https://[::1]:8000", None),
        ("https://192.0.2.1", None),
        ("", None),
    ],
)
def test_browsers_offer_keys_at_names_with_tls_only(url: str, site: Site | None) -> None:
    assert site_of(url) == site
