"""Policy files: each mistake is named with its file and key; what is shipped loads."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.catalogue.files import read_catalogue
from hub.policy.files import (
    PolicyFileError,
    parse_toml,
    policies_dir,
    read_permit,
    read_purposes,
    read_rules,
    read_toml,
)
from hub.policy.model import DataPermit, DisclosureRules, Role

PERMIT = """
project = "care"
title = "Care"
purpose = "public-health-research"
statement = "Needed"
source = "hospital"
rules = "health-fr"
rho = "1.0"
valid_from = 2026-03-01
valid_until = 2026-09-30
persons = [{ person = "alice", role = "researcher" }]
[tables.stay]
columns = ["region"]
"""


def sentence(tmp_path: Path, text: str) -> str:
    path = tmp_path / "permit.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyFileError) as caught:
        read_permit(path)
    return "\n".join(str(message) for message in caught.value.messages)


def test_a_permit_is_read(tmp_path: Path) -> None:
    path = tmp_path / "permit.toml"
    path.write_text(PERMIT, encoding="utf-8")
    assert read_permit(path).with_role(Role.RESEARCHER) == ("alice",)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('title = "Care"', 'titel = "Care"', ["permit.toml", "titel", "not known"]),
        ('title = "Care"\n', "", ["permit.toml", "title", "missing"]),
        ('project = "care"', 'project = "../care"', ["permit.toml", "project"]),
        ('project = "care"', 'project = "Care"', ["project"]),
        ('role = "researcher"', 'role = "king"', ["persons.0.role"]),
        ('["region"]', '["region", "region"]', ["tables.stay", "twice"]),
        ('["region"]', "[]", ["tables.stay.columns"]),
        ('["region"]', '["a b"]', ["tables.stay.columns.0"]),
        ("2026-09-30", "2026-02-01", ["valid_until comes before valid_from"]),
        ('rho = "1.0"', 'rho = "-1"', ["rho"]),
        ('rho = "1.0"', 'rho = "nan"', ["rho"]),
        ("2026-03-01", '"soon"', ["valid_from"]),
        ("project = ", "project == ", ["permit.toml", "not valid TOML"]),
    ],
)
def test_each_mistake_is_named_with_its_key(tmp_path: Path, old: str, new: str, named: list[str]) -> None:
    assert old in PERMIT
    text = sentence(tmp_path, PERMIT.replace(old, new, 1))
    for part in named:
        assert part in text


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    text = sentence(tmp_path, PERMIT.replace('title = "Care"', "x = 1").replace('rho = "1.0"', "y = 2"))
    assert text.count("\n") == 3  # two unknown keys, two missing ones


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(PolicyFileError, match="No such file"):
        read_permit(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PolicyFileError, match="not valid TOML"):
        read_permit(tmp_path / "binary.toml")
    with pytest.raises(PolicyFileError, match="cannot be read"):
        read_permit(tmp_path)


def test_a_file_above_the_size_limit_is_not_parsed(tmp_path: Path) -> None:
    path = tmp_path / "huge.toml"
    path.write_text("# " + "x" * 1_000_000, encoding="utf-8")
    with pytest.raises(PolicyFileError, match="larger than any policy file"):
        read_permit(path)


@settings(max_examples=60, deadline=None)
@given(text=st.one_of(st.text(max_size=200), st.sampled_from(PERMIT.splitlines()).map(lambda line: line * 2)))
def test_arbitrary_text_is_refused_with_sentences_only(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "arbitrary.toml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    with pytest.raises(PolicyFileError) as caught:
        read_toml(path, DataPermit)
    assert all(str(message) for message in caught.value.messages)


def test_the_shipped_rules_load_and_every_value_names_its_source() -> None:
    names = sorted(path.stem for path in (policies_dir() / "rules").glob("*.toml"))
    assert {"acro-default", "business-fr", "health-fr"} <= set(names)
    for name in names:
        rules = read_rules(name)
        assert rules.name == name
        for field in DisclosureRules.model_fields:
            value = getattr(rules, field)
            assert not hasattr(value, "source") or value.source


@pytest.mark.parametrize(
    ("name", "persons", "events", "dominance", "p"),
    [
        ("health-fr", 11, 11, (1, 0.85), 0.1),
        ("business-fr", 3, None, (1, 0.85), None),
        ("acro-default", 10, None, (2, 0.9), 0.1),
    ],
)
def test_the_shipped_thresholds_are_what_their_sources_say(
    name: str, persons: int, events: int | None, dominance: tuple[int, float], p: float | None
) -> None:
    rules = read_rules(name)
    assert rules.min_persons.value == persons
    assert (rules.min_events.value if rules.min_events else None) == events
    assert rules.dominance is not None
    assert (rules.dominance.value.n, rules.dominance.value.k) == dominance
    assert (rules.p_ratio.value if rules.p_ratio else None) == p


def test_rules_that_are_not_there_have_no_fallback() -> None:
    with pytest.raises(PolicyFileError, match="no rules called lenient"):
        read_rules("lenient")
    with pytest.raises(PolicyFileError, match="no rules called"):
        read_rules("../rules/health-fr")


def test_rules_in_a_file_are_read_from_there(tmp_path: Path) -> None:
    text = (policies_dir() / "rules" / "health-fr.toml").read_text(encoding="utf-8")
    own = tmp_path / "own.toml"
    own.write_text(text.replace('name = "health-fr"', 'name = "own"'), encoding="utf-8")
    assert read_rules(str(own)).name == "own"


def test_the_shipped_purposes_catalogues_and_permits_load() -> None:
    purposes = read_purposes().purposes
    assert any(purpose.allowed for purpose in purposes.values())
    assert any(not purpose.allowed for purpose in purposes.values())
    for path in (policies_dir() / "catalogues").glob("*.toml"):
        assert read_catalogue(path).source.rules
    for path in (policies_dir() / "permits").glob("*.toml"):
        assert read_permit(path).purpose in purposes


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe",
        b"a = " + b"[" * 50_000,
        b"a = " + b"{b=" * 50_000,
        b"a" + b".a" * 60_000 + b" = 1",
        b"[" + b"a . " * 60_000 + b"a]",
        b'"a"' + b'\t.\t"a"' * 60_000 + b" = 1",
        b"a = " + b"9" * 100_000,
        b"a = 1\na = 2",
        b"a = 9999-99-99",
        b"",
    ],
)
def test_whatever_is_sent_as_toml_is_refused_with_a_sentence_and_soon(content: bytes) -> None:
    with pytest.raises(PolicyFileError) as error:
        parse_toml(content, "permit.toml", DataPermit)
    assert error.value.messages
    assert all("permit.toml" in str(each) and len(str(each)) < 400 for each in error.value.messages)


@pytest.mark.parametrize(("parts", "refused"), [(100, False), (101, False), (102, True)])
def test_a_key_has_at_most_so_many_parts(parts: int, refused: bool) -> None:
    content = (".".join(["a"] * parts) + " = 1").encode()
    with pytest.raises(PolicyFileError) as error:
        parse_toml(content, "permit.toml", DataPermit)
    assert ("parts" in str(error.value)) is refused


def test_a_line_of_dots_and_a_row_of_numbers_are_no_keys() -> None:
    text = "# " + "." * 300 + "\ncut = [" + ", ".join(["0.5"] * 300) + "]"
    with pytest.raises(PolicyFileError) as error:
        parse_toml(text.encode(), "permit.toml", DataPermit)
    assert "parts" not in str(error.value)
