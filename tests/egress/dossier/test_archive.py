"""A dossier holds what a re-run takes, by name and digest, in the same bytes each time."""

import hashlib
import io
import json
import subprocess
import zipfile
from pathlib import Path

from egress.dossier.archive import dossier_bytes, imports_in, read_dossier
from egress.dossier.contents import Dossier, MadeOutput
from hub.policy.limits import read_limits
from tests.egress.package.contents import request


def dossier() -> Dossier:
    return Dossier(
        request=request(),
        notebook=b"{}",
        files={"codes.csv": b"1,2\n"},
        rules=b"{}",
        criteria=b"{}",
        manifest=b"{}",
        environment=b"duckdb==2.0.0\n",
        imports={"import-1": {"tool.py": b"x = 1\n"}},
        limits=read_limits().runner,
        outputs=(MadeOutput("stays", "recomputed", "suppress", "a" * 64, "tables/stays.csv", "b" * 64),),
        sums="c" * 64,
    )


def files() -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(dossier_bytes(dossier()))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_same_request_gives_the_same_bytes() -> None:
    assert dossier_bytes(dossier()) == dossier_bytes(dossier())


def test_it_holds_the_study_and_names_the_rest_by_digest() -> None:
    inside = files()
    assert (inside["study/notebook.ipynb"], inside["study/codes.csv"]) == (b"{}", b"1,2\n")
    facts = json.loads(inside["dossier.json"])
    assert facts["image"] == "sha256:0"
    assert facts["extract"] == {"folder": "v1", "sha256": "3" * 64}
    assert facts["environment_sha256"] == hashlib.sha256(b"duckdb==2.0.0\n").hexdigest()
    assert facts["parameters"]["seconds"] == read_limits().runner.seconds
    assert facts["outputs"][0]["sha256"] == "b" * 64


def test_what_was_brought_in_is_kept_as_the_re_run_had_it() -> None:
    assert imports_in(read_dossier(dossier_bytes(dossier()))) == {"import-1": {"tool.py": b"x = 1\n"}}


def test_the_readme_says_how_to_run_it_again_in_both_languages() -> None:
    told = files()["README.txt"].decode()
    assert told.count("bulle rerun costs-1") == 2
    assert "Dossier de reproduction" in told


def test_its_list_of_digests_holds(tmp_path: Path) -> None:
    zipfile.ZipFile(io.BytesIO(dossier_bytes(dossier()))).extractall(tmp_path)
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path, check=True, capture_output=True)
