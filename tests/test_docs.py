"""What the documents say stands: links lead somewhere, named commands exist, words of a machine pass are kept."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8"))
    missing = [target for target in targets if "://" not in target and not (document.parent / target).exists()]
    assert missing == []


def test_glossary_and_architecture_name_existing_places() -> None:
    places = set()
    for name in ("GLOSSARY.md", "ARCHITECTURE.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        places |= set(re.findall(r"`((?:hub|egress|policies|tests|images|scripts)/[a-z_/]+(?:\.py|\.toml)?)`", text))
    assert places, "the pattern finds nothing any more"
    assert [place for place in sorted(places) if not (ROOT / place).exists()] == []


def test_commands_in_the_readme_exist() -> None:
    named = set(
        re.findall(r"^bulle ([a-z]+(?: [a-z]+)?)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert "check" in {command.split()[0] for command in named}
    for command in sorted(named):
        done = subprocess.run(
            [sys.executable, "-m", "bulle", *command.split(), "--help"], capture_output=True, check=False
        )
        assert done.returncode == 0, command


def test_tests_that_documents_name_exist() -> None:
    named = {
        (path, test)
        for document in DOCUMENTS
        for path, test in re.findall(r"`(tests/[a-z_/]+\.py)::(test_[a-z_0-9]+)`", document.read_text(encoding="utf-8"))
    }
    assert len(named) > 20
    missing = [(path, test) for path, test in sorted(named) if f"\ndef {test}(" not in (ROOT / path).read_text("utf-8")]
    assert missing == []


CLAIMS = re.compile(
    r"\b(is|are|was|were|it's|results?) (?:now )?(anonymous|anonymi[sz]ed|safe|certified|compliant)\b", re.IGNORECASE
)


def test_no_text_claims_more_than_a_machine_can() -> None:
    texts = [
        *DOCUMENTS,
        *(ROOT / "hub").rglob("*.py"),
        *(ROOT / "egress").rglob("*.py"),
        *(ROOT / "notebooks").rglob("*.py"),
    ]
    found = [
        f"{path.name}: {hit.group(0)}" for path in texts for hit in CLAIMS.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []
