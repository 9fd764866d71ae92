"""A package leaves once it is signed, and not before."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from egress.airlock.conductor import Airlock
from egress.airlock.signing import RemoteSigner, Signs
from egress.package.signature import Signature
from egress.package.verify import Verified, verify_package
from egress.release.status import Status
from egress.signer import Signer, public_half
from egress.store.exports import Exports
from egress.store.quarantine import Quarantine
from hub.policy.verdict import Refusal
from tests.egress.airlock.enclave import BY_SEX, KEY, TinyEnclave, make_enclave, notebook, release
from tests.egress.airlock.remembering import RememberingRunner


@pytest.fixture
def enclave(tmp_path: Path) -> Iterator[TinyEnclave]:
    made = make_enclave(tmp_path)
    made.airlock = made.with_runner(RememberingRunner())
    made.ask(notebook(release("stays_by_sex", BY_SEX)), "first")
    made.approve("costs-1")
    yield made
    made.log.close()


def with_signer(enclave: TinyEnclave, signer: Signs) -> Airlock:
    return Airlock(
        log=enclave.log,
        quarantine=Quarantine(enclave.root / "quarantine"),
        exports=Exports(enclave.root / "exports"),
        layout=enclave.layout,
        policies=enclave.policies,
        limits=enclave.limits,
        runner=RememberingRunner(),
        signer=signer,
        clock=enclave.clock,
    )


def exported(enclave: TinyEnclave) -> list[Path]:
    return [path for path in (enclave.root / "exports").rglob("*") if path.is_file()]


def test_what_leaves_carries_the_signature_that_the_log_tells_of(enclave: TinyEnclave) -> None:
    assert enclave.airlock.process("costs-1").status is Status.RELEASED
    package = enclave.desk.download("costs-1", "alice")
    found = verify_package(package, public_half(KEY))
    assert isinstance(found, Verified)
    said = enclave.last("request.signed")
    assert (said["digest"], said["fingerprint"]) == (found.signature.digest, found.signature.fingerprint)
    assert b"bulle verify" in zipfile.ZipFile(io.BytesIO(package)).read("README.txt")


def test_without_a_signer_nothing_is_exported_and_the_request_waits(enclave: TinyEnclave) -> None:
    alone = with_signer(enclave, RemoteSigner(enclave.root / "no-signer"))
    assert alone.process("costs-1").status is Status.APPROVED
    assert "does not answer" in str(enclave.last("request.failed"))
    assert exported(enclave) == []
    assert enclave.airlock.process("costs-1").status is Status.RELEASED


class Careless:
    """A signer that answers with a signature of something else, as one that was taken over could."""

    def __init__(self, signer: Signer, digest: str) -> None:
        self._signer = signer
        self._digest = digest

    def sign(self, request: str, digest: str) -> Signature | Refusal:
        made = self._signer.sign(request, self._digest)
        assert isinstance(made, Signature)
        return made if self._digest else Signature(request, digest, made.key, made.value)


@pytest.mark.parametrize("digest", ["f" * 64, ""])
def test_a_signature_of_something_else_is_none(enclave: TinyEnclave, digest: str) -> None:
    careless = with_signer(enclave, Careless(Signer(enclave.log, KEY, enclave.clock), digest))
    assert careless.process("costs-1").status is Status.APPROVED
    assert "does not hold" in str(enclave.last("request.failed"))
    assert exported(enclave) == []


def test_another_package_for_the_same_decision_is_not_signed(enclave: TinyEnclave) -> None:
    other = Signer(enclave.log, Ed25519PrivateKey.generate(), enclave.clock)
    assert isinstance(other.sign("costs-1", "e" * 64), Signature)
    assert enclave.airlock.process("costs-1").status is Status.APPROVED
    assert "Another package" in str(enclave.last("request.failed"))
    assert exported(enclave) == []
