"""bulle.release_acro: a folder of ACRO is read as declarations; its verdicts are not, and nothing in it is trusted."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import bulle
from bulle.acro import MAX_RESULTS, AcroError, acro_payload
from egress.outputs.claimed import ACRO_MIME
from tests.bulle.shown import Shown, showing
from tests.extracts import rand_hie

FIXTURE = Path(__file__).parent / "acro_outputs"


@pytest.fixture(scope="module")
def extract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rand_hie(tmp_path_factory.mktemp("rand-hie"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the fixture beside the notebook."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(FIXTURE, tmp_path / "acro_outputs"))


@pytest.fixture
def shown(extract: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shown]:
    with showing(extract, monkeypatch) as call:
        yield call


def test_each_table_is_read_whatever_its_verdict(folder: Path) -> None:
    payload, others = acro_payload("acro_outputs")
    first, second = payload["tables"]
    assert others == 1
    assert first["rows"] == [
        ["2010", "G", 7],
        ["2010", "N", 102],
        ["2010", "R", 85],
        ["2011", "G", None],
        ["2011", "N", 79],
        ["2011", "R", 106],
    ]
    assert second["rows"][:2] == [["2010", "G / f", 3.5], ["2010", "G / m", 41234.5678]]
    assert second["asked"] == "ACRO output_1_0.csv: acro.crosstab(df.year, [df.grant, df.sex])"
    assert "please" not in json.dumps(payload)


def test_its_author_sees_that_verdicts_are_not_read(folder: Path, shown: Shown) -> None:
    (bundle,) = shown(bulle.release_acro, "acro_outputs")
    text = bundle["text/plain"]
    assert len(bundle[ACRO_MIME]["tables"]) == 2
    assert text.count("a person must look") == 2
    assert "Verdicts and exceptions in that folder are not read" in text
    assert "1 output of the folder is no table" in text
    assert "41,230" in text.replace("41,235", "41,230")
    assert "no automatic finding" not in text


def test_in_a_rerun_only_the_declaration_is_left(folder: Path, shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BULLE_RERUN", "1")
    (bundle,) = shown(bulle.release_acro, "acro_outputs")
    assert set(bundle) == {ACRO_MIME}


def rewrite(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    document = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    change(document)
    (folder / "results.json").write_text(json.dumps(document), encoding="utf-8")


def named(name: Any) -> Callable[[Path], None]:
    """A table of another name."""

    def change(document: dict[str, Any]) -> None:
        document["results"]["output_0"]["files"][0]["name"] = name

    return lambda folder: rewrite(folder, change)


def results(content: bytes) -> Callable[[Path], Any]:
    return lambda folder: (folder / "results.json").write_bytes(content)


def table(content: bytes) -> Callable[[Path], Any]:
    return lambda folder: (folder / "output_0_0.csv").write_bytes(content)


def linked(folder: Path, name: str = "output_0_0.csv") -> None:
    (folder / name).unlink()
    (folder / name).symlink_to("/etc/passwd")


def piped(folder: Path) -> None:
    (folder / "output_0_0.csv").unlink()
    os.mkfifo(folder / "output_0_0.csv")


def link_to_folder(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to("elsewhere")


HOSTILE: dict[str, Callable[[Path], Any]] = {
    "no folder": shutil.rmtree,
    "a linked folder": link_to_folder,
    "a linked table": linked,
    "linked results": lambda folder: linked(folder, "results.json"),
    "a pipe": piped,
    "no results": lambda folder: (folder / "results.json").unlink(),
    "a path that climbs": named("../../etc/passwd.csv"),
    "an absolute path": named("/etc/passwd.csv"),
    "another kind of file": named("results.json"),
    "a name that is none": named(7),
    "no files": lambda folder: rewrite(folder, lambda document: document["results"]["output_0"].update(files=7)),
    "no tables": lambda folder: rewrite(folder, lambda document: document.update(results={})),
    "a name in hiding": lambda folder: rewrite(folder, lambda document: document.update(results={"a\u200b": {}})),
    "no JSON": results(b"{"),
    "no UTF-8": results(b"\xff"),
    "an array": results(b"[]"),
    "deep": results(b"[" * 100_000),
    "huge": lambda folder: os.truncate(folder / "results.json", MAX_RESULTS + 1),
    "empty table": table(b""),
    "one line": table(b"a,b\n"),
    "ragged": table(b"a,b\n1,2,3\n"),
    "a text among numbers": table(b"a,b,c\nx,1,2\ny,3,secret\n"),
    "infinite": table(b"a,b,c\nx,1,inf\n"),
    "labels twice": table(b"a,b,b\nx,1,2\n"),
    "zero width": table("a,b,c\nx\u200b,1,2\n".encode()),
    "nul": table(b"a,b,c\nx\x00,1,2\n"),
    "long labels": table(b"a,b,c\n" + b"x" * 101 + b",1,2\n"),
    "too many cells": table(b"a,b\n" + b"".join(b"r%d,1\n" % at for at in range(5_001))),
    "a long number": table(b"a,b,c\nx,1," + b"9" * 50 + b"\n"),
}


@pytest.mark.parametrize("spoil", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_folder_is_one_sentence(folder: Path, spoil: Callable[[Path], Any]) -> None:
    spoil(folder)
    with pytest.raises(AcroError) as caught:
        acro_payload("acro_outputs")
    assert "root:" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["/etc", "..", "../x", "a/../b", "", "a\nb", 7])
def test_a_folder_elsewhere_is_one_sentence(folder: Path, shown: Shown, name: Any) -> None:
    (bundle,) = shown(bulle.release_acro, name)
    assert set(bundle) == {"text/html", "text/plain"}
