"""A package in a stranger's hands: what was signed holds, everything else is told."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from egress.package import verify
from egress.package.archive import package_files, signed_package
from egress.package.described import CRATE
from egress.package.signature import SIGNATURE, SUMS, sums
from egress.package.verify import Verified, verify_package
from egress.release.signing import statement
from egress.signer import public_half
from hub.policy.verdict import Refusal
from tests.egress.package.contents import KEY, built, contents, signature

PACKAGE = built(contents())
FILES = package_files(contents())
OTHER = Ed25519PrivateKey.from_private_bytes(bytes([1] * 32))


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def unzipped(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rule(package: bytes, key: bytes | None = None) -> str:
    found = verify_package(package, key)
    return found.rule if isinstance(found, Refusal) else ""


def test_what_was_signed_holds() -> None:
    found = verify_package(PACKAGE, public_half(KEY))
    assert isinstance(found, Verified)
    assert found.signature.request == "costs-1"
    assert found.signature.fingerprint == hashlib.sha256(public_half(KEY)).hexdigest()
    assert found.described
    assert found.files == {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
    assert rule(PACKAGE) == ""
    assert rule(zipped(unzipped(PACKAGE)), public_half(KEY)) == ""  # packed again by another program


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda files: files.update({"tables/stays.csv": b"region,stays\nnorth,1\n"}), "package.changed"),
        (lambda files: files.update({"tables/more.csv": b"x"}), "package.changed"),
        (lambda files: files.update({"../evil": b"x"}), "package.changed"),
        (lambda files: files.pop("criteria.json"), "package.changed"),
        (lambda files: files.update({"Index.html": files.pop("index.html")}), "package.changed"),
        (lambda files: files.pop(SIGNATURE), "package.unsigned"),
        (lambda files: files.pop(SUMS), "package.unsigned"),
        (lambda files: files.update({SUMS: files[SUMS] + b"\n"}), "package.changed"),
        (lambda files: files.update({SIGNATURE: b"{}"}), "package.bad_signature"),
        (lambda files: files.update({SIGNATURE: b"[" * 100_000}), "package.bad_signature"),
    ],
)
def test_what_was_changed_is_told(change: Callable[[dict[str, bytes]], object], expected: str) -> None:
    files = unzipped(PACKAGE)
    change(files)
    assert rule(zipped(files), public_half(KEY)) == expected


def signed(files: dict[str, bytes]) -> bytes:
    """As the enclave would sign it, whatever it is."""
    return signed_package(files, signature(files))


def test_metadata_that_say_otherwise_are_told_whoever_signed_them() -> None:
    assert rule(signed({**FILES, "tables/stays.csv": b"x"})) == "package.metadata"
    assert rule(signed({**FILES, "tables/\x1b[31m": b"x"})) == "package.metadata"
    assert rule(signed({**FILES, CRATE: b"{"})) == "package.metadata"
    assert "tables/stays.csv" in str(verify_package(signed({**FILES, "tables/stays.csv": b"x"})))


def test_a_package_from_before_there_were_metadata_still_holds() -> None:
    found = verify_package(signed({name: content for name, content in FILES.items() if name != CRATE}))
    assert isinstance(found, Verified)
    assert not found.described


def test_the_sums_written_anew_do_not_help() -> None:
    changed = {**FILES, "tables/stays.csv": b"region,stays\nnorth,1\n"}
    files = {**changed, SUMS: sums(changed), SIGNATURE: unzipped(PACKAGE)[SIGNATURE]}
    assert rule(zipped(files)) == "package.changed"
    forged = json.loads(files[SIGNATURE])
    forged["sums_sha256"] = hashlib.sha256(sums(changed)).hexdigest()
    assert rule(zipped({**files, SIGNATURE: json.dumps(forged).encode()})) == "package.bad_signature"


def test_a_signature_for_another_request_is_another() -> None:
    forged = json.loads(unzipped(PACKAGE)[SIGNATURE]) | {"request": "costs-2"}
    assert rule(zipped({**unzipped(PACKAGE), SIGNATURE: json.dumps(forged).encode()})) == "package.bad_signature"


def test_another_key_is_told_by_its_fingerprint() -> None:
    strange = signed_package(FILES, signature(FILES, OTHER))
    found = verify_package(strange, public_half(KEY))
    assert isinstance(found, Refusal)
    assert found.rule == "package.other_key"
    assert hashlib.sha256(public_half(OTHER)).hexdigest() in str(found.reason)
    assert rule(strange) == ""  # whose key that is, only the fingerprint can tell


def test_the_files_that_differ_are_named_unless_their_names_are_no_names() -> None:
    found = verify_package(zipped({**unzipped(PACKAGE), "tables/stays.csv": b"x"}))
    assert "tables/stays.csv" in str(found)
    found = verify_package(zipped({**unzipped(PACKAGE), "\x1b[31m": b"x"}))
    assert "\x1b" not in str(found)


def test_two_files_of_one_name_are_refused() -> None:
    buffer = io.BytesIO(PACKAGE)
    with zipfile.ZipFile(buffer, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("index.html", b"other")
    assert rule(buffer.getvalue()) == "package.changed"


@given(st.binary(max_size=200) | st.integers(0, len(PACKAGE)).map(lambda cut: PACKAGE[:cut]))
def test_bytes_that_are_no_package_are_told_as_such(package: bytes) -> None:
    assert rule(package) in {"package.unreadable", ""} or package == PACKAGE


@given(st.integers(0, len(PACKAGE) - 1), st.integers(1, 255))
def test_no_changed_byte_passes_unseen(place: int, by: int) -> None:
    changed = bytearray(PACKAGE)
    changed[place] ^= by
    found = verify_package(bytes(changed), public_half(KEY))
    # where the archive itself does not look (times, attributes), the files are still what was signed
    assert isinstance(found, Refusal) or unzipped(bytes(changed)) == unzipped(PACKAGE)


def test_what_unpacks_to_more_than_it_says_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "MAX_BYTES", 1 << 20)
    bomb = zipped({"zeros": bytes(1 << 21)})
    assert rule(bomb) == "package.size"
    size = struct.pack("<I", 1 << 21)
    lied = bomb.replace(size, struct.pack("<I", 10))
    assert rule(lied) == "package.unreadable"


def test_anyone_can_verify_with_common_tools(tmp_path: Path) -> None:
    """sha256sum and openssl, as README.txt's reader may have them."""
    for name, content in unzipped(PACKAGE).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    subprocess.run(["sha256sum", "--check", "--strict", SUMS], cwd=tmp_path, check=True, capture_output=True)
    digest = hashlib.sha256((tmp_path / SUMS).read_bytes()).hexdigest()
    (tmp_path / "said").write_bytes(statement("costs-1", digest))
    pem = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key").write_bytes(pem)
    (tmp_path / "value").write_bytes(signature(FILES).value)
    command = "openssl pkeyutl -verify -pubin -inkey key -rawin -in said -sigfile value"
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
