"""The package of an approved request: built from what quarantine still holds unchanged, signed, put into exports."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from egress.airlock.failure import StepError
from egress.airlock.signing import Signs
from egress.package.archive import signed_package
from egress.package.contents import PackageContents, contents_of
from egress.package.signature import Signature, digest_of
from egress.release.model import ReleaseRequest
from egress.release.report import OutputReport
from egress.store.exports import Exports
from egress.store.quarantine import Quarantine
from hub.policy.model import DisclosureRules
from hub.policy.verdict import Act, Grant, Refusal, RefusedError
from hub.words import say


class Packer:
    """Makes packages; whoever calls it holds leave to release."""

    def __init__(self, quarantine: Quarantine, exports: Exports, signer: Signs) -> None:
        self._quarantine = quarantine
        self._exports = exports
        self._signer = signer

    def rules(self, request: ReleaseRequest) -> DisclosureRules:
        """The rules that the request was checked with, as they were then. Raises: StepError, QuarantineError."""
        if request.basis is None:
            raise StepError(say("Request {request} may not be released.", request=request.id))
        return DisclosureRules.model_validate_json(self._quarantine.get(request.basis.rules))

    def report(self, digest: str) -> OutputReport:
        """Raises: StepError, QuarantineError."""
        try:
            return OutputReport.from_bytes(self._quarantine.get(digest))
        except (ValueError, KeyError) as error:
            raise StepError(say("The report {digest} cannot be read.", digest=digest[:12])) from error

    def contents(self, grant: Grant, request: ReleaseRequest) -> PackageContents:
        """What a package is made of, as quarantine still holds it. Raises: StepError, PackageError, QuarantineError."""
        if not grant.covers(Act.RELEASE_REQUEST, request.project):
            raise StepError(say("Request {request} may not be released.", request=request.id))
        reports = tuple(self.report(output.report) for output in request.approved)
        return contents_of(request, reports, self.rules(request))

    def export(self, request: ReleaseRequest, files: Mapping[str, bytes]) -> str:
        """The digest of the package of `files` in exports, signed. Raises: StepError, RefusedError, ExportError."""
        package = signed_package(files, self._signature(request, digest_of(files)))
        digest = self._exports.write(request.id, package)
        if digest != hashlib.sha256(package).hexdigest():
            raise StepError(say("The package of request {request} is not what was built.", request=request.id))
        return digest

    def _signature(self, request: ReleaseRequest, digest: str) -> Signature:
        signature = self._signer.sign(request.id, digest)
        if isinstance(signature, Refusal):
            raise RefusedError(signature)
        if (signature.request, signature.digest) != (request.id, digest) or not signature.holds:
            raise StepError(say("The signature of request {request} does not hold.", request=request.id))
        return signature
