"""`bulle verify`: whether a release package is what the enclave signed, for whoever receives one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulle.cli.failure import Code, failed
from bulle.cli.settings import Settings
from bulle.cli.shape import Command, option
from hub.policy.verdict import Refusal
from hub.words import say

if TYPE_CHECKING:  # loads where the command is called
    from egress.package.verify import Verified

MAX_PACKAGE = 1 << 30
MAX_KEY = 1 << 14


@click.command(
    "verify",
    cls=Command,
    about=say(
        "Whether a release package is what the enclave signed. With the enclave's public key the answer is complete; "
        "without it, compare the fingerprint with the one that the enclave publishes."
    ),
    example="bulle verify package.zip --key enclave.pub",
)
@click.argument("package", type=click.Path(path_type=Path))
@option("--key", about=say("The enclave's public key (PEM)."), type=click.Path(path_type=Path), metavar="FILE")
@option("--json", "as_json", about=say("Print JSON."), is_flag=True)
@click.pass_obj
def command(settings: Settings, package: Path, key: Path | None, as_json: bool) -> int:  # noqa: FBT001 -- a command line flag
    found = _found(package, key)
    code = _code(found, key)
    if as_json:
        settings.print_json(_described(settings, found, code))
    elif isinstance(found, Refusal):
        settings.print(found.reason)
    else:
        request, fingerprint = found.signature.request, found.signature.fingerprint
        settings.print(say("Package of request {request}: every file is what was signed.", request=request))
        if found.described:
            settings.print(say("Its RO-Crate metadata describe the same {count} files.", count=len(found.files) - 1))
        settings.print(say("Fingerprint of the key: {fingerprint}", fingerprint=fingerprint))
        if code is Code.REVIEW:
            settings.print(say("Whose key that is, only the fingerprint that the enclave publishes can tell."))
    return code


def _code(found: Verified | Refusal, key: Path | None) -> Code:
    if isinstance(found, Refusal):
        return Code.ERROR if found.rule == "package.unreadable" else Code.REFUSED
    return Code.REVIEW if key is None else Code.PASS


def _described(settings: Settings, found: Verified | Refusal, code: Code) -> dict[str, object]:
    verdict = {Code.PASS: "pass", Code.REVIEW: "review", Code.REFUSED: "refused", Code.ERROR: "error"}[code]
    answer: dict[str, object] = {"schema": "bulle.verify/1", "verdict": verdict}
    if isinstance(found, Refusal):
        return {**answer, "rule": found.rule, "why": settings.text(found.reason)}
    signature = {"request": found.signature.request, "fingerprint": found.signature.fingerprint}
    return {**answer, **signature, "described": found.described, "files": dict(found.files)}


def _found(package: Path, key: Path | None) -> Verified | Refusal:
    try:
        from egress.package.verify import verify_package  # noqa: PLC0415 -- an optional dependency
    except ImportError as error:
        raise failed(say("cryptography is not installed here; install bulle with its extra [signing].")) from error
    return verify_package(_read(package, MAX_PACKAGE), None if key is None else _public_key(key))


def _public_key(path: Path) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415 -- see above
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415 -- see above

    try:
        key = load_pem_public_key(_read(path, MAX_KEY))
    except ValueError:
        key = None  # told below, like a key of another kind
    if not isinstance(key, Ed25519PublicKey):
        raise failed(say("{file} holds no public key of a signer (Ed25519, PEM).", file=str(path)))
    return key.public_bytes_raw()


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        why = error.strerror or "I/O error"
        raise failed(say("{file} cannot be read: {why}.", file=str(path), why=why)) from error
    if len(content) > most:
        raise failed(say("{file} is larger than any file of this kind.", file=str(path)))
    return content
