"""The metadata of a package: what the maintained validator says, who gave leave, and what is not told."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from rocrate_validator import services
from rocrate_validator.models import Severity, ValidationSettings
from urllib3 import HTTPResponse

from egress.package.archive import package_files
from egress.package.described import CRATE, misdescribed
from egress.release.model import Lane
from egress.release.review import Approval
from tests.egress.package.contents import built, contents

# The terms of https://w3id.org/ro/crate/1.2/context (CC0) that packages use: the validator asks for it by its address.
CONTEXT = Path(__file__).with_name("ro-crate-1.2-context.json")
FILES = package_files(contents())


def graph() -> dict[str, dict[str, Any]]:
    return {entity["@id"]: entity for entity in json.loads(FILES[CRATE])["@graph"]}


def kind(entity: dict[str, Any]) -> str:
    return entity["@type"] if isinstance(entity["@type"], str) else entity["@type"][0]


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No network: whatever the validator asks for is the context."""
    asked: list[str] = []

    def send(self: HTTPAdapter, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        asked.append(str(request.url))
        kind = {"Content-Type": "application/ld+json"}
        body = io.BytesIO(CONTEXT.read_bytes())
        return self.build_response(request, HTTPResponse(body, kind, 200, preload_content=False))

    monkeypatch.setattr(HTTPAdapter, "send", send)
    return asked


def test_the_maintained_validator_finds_nothing_that_ro_crate_requires(tmp_path: Path, offline: list[str]) -> None:
    zipfile.ZipFile(io.BytesIO(built(contents()))).extractall(tmp_path / "package")
    found = services.validate(
        ValidationSettings(
            rocrate_uri=str(tmp_path / "package"),
            profile_identifier="ro-crate-1.2",
            requirement_severity=Severity.REQUIRED,
            cache_path=tmp_path / "cache",
        )
    )
    assert [(issue.check.identifier, issue.message, issue.violatingEntity) for issue in found.get_issues()] == []
    assert "https://w3id.org/ro/crate/1.2/context" in offline


def test_every_term_is_one_of_the_context() -> None:
    known = set(json.loads(CONTEXT.read_text(encoding="utf-8"))["@context"])
    used = {key for entity in graph().values() for key in entity}
    used |= {name for entity in graph().values() for name in ([kind(entity)])}
    assert {term for term in used if not term.startswith(("@", "prov:"))} <= known
    assert "prov" in known


def test_every_file_is_described_by_its_digest() -> None:
    for name, content in FILES.items():
        if name != CRATE:
            assert graph()[name]["sha256"] == hashlib.sha256(content).hexdigest()
            assert graph()[name]["contentSize"] == str(len(content))
    assert misdescribed(FILES) == ()
    assert misdescribed({**FILES, "tables/stays.csv": b"x"}) == ("tables/stays.csv",)
    assert misdescribed({**FILES, "tables/more.csv": b"x"}) == ("tables/more.csv",)
    assert misdescribed({name: FILES[name] for name in FILES if name != "index.html"}) == ("index.html",)


@pytest.mark.parametrize("raw", [b"", b"{}", b"[1]", b'{"@graph": 1}', b'{"@graph": [{"@type": "File"}]}', b"[" * 9999])
def test_metadata_that_are_none_are_told(raw: bytes) -> None:
    assert misdescribed({**FILES, CRATE: raw}) is None


def test_a_check_gives_no_leave_and_the_decision_names_its_checks() -> None:
    found = graph()
    actions = [found[each["@id"]] for each in found["./"]["mentions"]]
    assert [kind(action) for action in actions] == [
        "AskAction",
        "CreateAction",
        "AssessAction",
        "AssessAction",
        "AuthorizeAction",
    ]
    decided = actions[-1]
    assert {each["@id"] for each in decided["prov:wasInformedBy"]} == {"#asked", "#checked", "#review-1"}
    tables = [{"@id": "tables/costs.csv"}, {"@id": "tables/stays.csv"}]
    assert decided["object"] == tables
    assert all("result" not in action for action in actions if kind(action) == "AssessAction")
    for action in actions:
        assert kind(found[action["agent"]["@id"]]) in {"Person", "Organization"}
        assert action["endTime"].startswith("2026-06-01T08:0")


def test_without_reviews_the_decision_rests_on_the_rules() -> None:
    made = contents()
    alone = replace(made, request=replace(made.request, reviews=(), lane=Lane.AUTOMATIC))
    raw = json.loads(package_files(alone)[CRATE])["@graph"]
    assert not [entity for entity in raw if entity["@id"].startswith(("#checker", "#review"))]


def test_who_had_to_agree_is_told_by_role_and_not_by_name() -> None:
    made = contents()
    given = (
        Approval("hilda", "data_holder", "2026-06-01T08:04:30.000+00:00", agrees=True),
        Approval("otto", "oversight", "2026-06-01T08:04:31.000+00:00", agrees=False),
    )
    raw = package_files(replace(made, request=replace(made.request, approvals=given)))[CRATE]
    found = {entity["@id"]: entity for entity in json.loads(raw)["@graph"]}
    assert kind(found["#agreed-1"]) == "AuthorizeAction"
    assert found["#approver-1"]["name"] == "Approver 1 (data holder)"
    assert {"@id": "#agreed-1"} in found["#decided"]["prov:wasInformedBy"]
    assert "#agreed-2" not in found
    assert b"hilda" not in raw


def test_it_names_nobody_and_claims_no_profile() -> None:
    text = FILES[CRATE].decode()
    for secret in ("alice", "carol", "5s-crate", "1234.5"):
        assert secret not in text
