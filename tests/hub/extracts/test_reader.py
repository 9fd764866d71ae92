"""Opening an extract: what is missing, changed or foreign is told in one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.extracts.pack import pack
from hub.extracts.reader import ExtractError, open_extract
from tests.hub.extracts.world import NOW, catalogue, write_source


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    pack(catalogue(), write_source(tmp_path / "source"), tmp_path / "extract", NOW)
    return tmp_path / "extract"


def edit(extract: Path, change: Callable[[dict[str, Any]], None]) -> None:
    manifest = json.loads((extract / "manifest.json").read_text(encoding="utf-8"))
    change(manifest)
    (extract / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def test_what_was_packed_opens(extract: Path) -> None:
    opened = open_extract(extract, verify_digests=True)
    assert opened.manifest.catalogue == catalogue()
    assert opened.path == extract


def test_a_changed_file_is_found_when_digests_are_asked_for(extract: Path) -> None:
    (extract / "stay.parquet").write_bytes((extract / "person.parquet").read_bytes())
    open_extract(extract)
    with pytest.raises(ExtractError, match=r"stay\.parquet .* was changed"):
        open_extract(extract, verify_digests=True)


def test_a_missing_or_linked_file_is_found(extract: Path) -> None:
    (extract / "stay.parquet").unlink()
    with pytest.raises(ExtractError, match=r"stay\.parquet is missing"):
        open_extract(extract)
    (extract / "stay.parquet").symlink_to("/etc/passwd")
    with pytest.raises(ExtractError, match=r"stay\.parquet is missing"):
        open_extract(extract)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda m: m["tables"]["stay"].update(file="../../etc/passwd"), "names a file that no extract has"),
        (lambda m: m["tables"]["stay"].update(file="/etc/passwd"), "names a file that no extract has"),
        (lambda m: m["tables"]["stay"].update(file="person.parquet"), "names a file that no extract has"),
        (lambda m: m["tables"].pop("stay"), "lists other tables"),
        (lambda m: m["catalogue"]["tables"].pop("stay"), "lists other tables"),
        (lambda m: m.update(schema="bulle.extract/2"), "has the schema bulle.extract/2"),
        (lambda m: m.pop("schema"), "has the schema None"),
        (lambda m: m.update(surprise=1), "first at surprise"),
        (lambda m: m["tables"]["stay"].update(rows=-1), "first at tables.stay.rows"),
        (lambda m: m["catalogue"]["source"].update(name="a b"), "first at catalogue.source.name"),
    ],
)
def test_a_manifest_that_is_not_right_is_refused(
    extract: Path, change: Callable[[dict[str, Any]], None], why: str
) -> None:
    edit(extract, change)
    with pytest.raises(ExtractError, match=why):
        open_extract(extract)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"schema": "\\u001b[2J"}'])
def test_a_manifest_that_is_no_manifest(extract: Path, content: bytes) -> None:
    (extract / "manifest.json").write_bytes(content)
    with pytest.raises(ExtractError) as caught:
        open_extract(extract)
    assert "\x1b" not in str(caught.value)


def test_a_folder_that_is_no_extract(tmp_path: Path) -> None:
    with pytest.raises(ExtractError, match="is not an extract"):
        open_extract(tmp_path)
    with pytest.raises(ExtractError, match="is not an extract"):
        open_extract(tmp_path / "none")


@settings(max_examples=80, deadline=None)
@given(content=st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_and_never_crash(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.getbasetemp() / "arbitrary-extract"
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_bytes(content)
    with pytest.raises(ExtractError):
        open_extract(folder)
