"""`bulle verify` as a stranger uses it: a package, perhaps a key; exit code, sentences, JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bulle.__main__ import run
from bulle.cli.schemas import schemas
from egress.package.signature import Signature
from egress.signer import public_half
from tests.egress.package.contents import KEY, built, contents

FINGERPRINT = Signature("", "", public_half(KEY), b"").fingerprint
Bulle = Callable[..., tuple[int, str]]


def pem(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture
def bulle(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Bulle:
    (tmp_path / "package.zip").write_bytes(built(contents()))
    (tmp_path / "key.pub").write_bytes(pem(KEY))
    (tmp_path / "other.pub").write_bytes(pem(Ed25519PrivateKey.from_private_bytes(bytes([1] * 32))))
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str, lang: str = "C") -> tuple[int, str]:
        code = run(["verify", *arguments], {"LANG": lang})
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return code, said.out + said.err

    return call


def test_with_the_enclaves_key_the_answer_is_complete(bulle: Bulle) -> None:
    code, said = bulle("package.zip", "--key", "key.pub")
    assert code == 0
    assert "every file is what was signed" in said
    assert FINGERPRINT in said


def test_without_a_key_a_person_compares_the_fingerprint(bulle: Bulle) -> None:
    code, said = bulle("package.zip")
    assert code == 1
    assert FINGERPRINT in said
    assert "only the fingerprint" in said


def test_another_key_and_another_file_are_refused(bulle: Bulle, tmp_path: Path) -> None:
    assert bulle("package.zip", "--key", "other.pub")[0] == 2
    changed = bytearray((tmp_path / "package.zip").read_bytes())
    (tmp_path / "changed.zip").write_bytes(changed.replace(b"criteria.json", b"Criteria.json"))
    code, said = bulle("changed.zip", "--key", "key.pub", lang="fr_FR.UTF-8")
    assert code == 2
    assert "n'est pas ce qui a été signé" in said


@pytest.mark.parametrize(
    "arguments",
    [(), ("none.zip",), ("key.pub",), ("package.zip", "--key", "none"), ("package.zip", "--key", "package.zip")],
)
def test_what_cannot_be_judged_ends_with_three(bulle: Bulle, arguments: tuple[str, ...]) -> None:
    code, said = bulle(*arguments)
    assert code == 3
    assert said.strip()


def test_json_says_the_same(bulle: Bulle) -> None:
    code, said = bulle("package.zip", "--key", "key.pub", "--json")
    answer = json.loads(said)
    assert (code, answer["verdict"], answer["request"]) == (0, "pass", "costs-1")
    assert (answer["fingerprint"], answer["described"]) == (FINGERPRINT, True)
    assert {"index.html", "tables/stays.csv", "ro-crate-metadata.json"} <= set(answer["files"])
    jsonschema.validate(answer, schemas()["verify.schema.json"])
    code, said = bulle("package.zip", "--key", "other.pub", "--json")
    jsonschema.validate(json.loads(said), schemas()["verify.schema.json"])
    assert (code, json.loads(said)["verdict"], json.loads(said)["rule"]) == (2, "refused", "package.other_key")
