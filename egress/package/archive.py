"""The package as one ZIP file: the same contents and the same key give the same bytes."""

from __future__ import annotations

from collections.abc import Mapping

from egress.package.contents import PackageContents
from egress.package.crate import crate
from egress.package.criteria import criteria
from egress.package.described import CRATE
from egress.package.files import CRITERIA, PAGE, README, output_files
from egress.package.page import page
from egress.package.readme import readme
from egress.package.signature import SIGNATURE, SUMS, Signature, sums
from egress.store.zipped import zipped


def package_files(contents: PackageContents) -> dict[str, bytes]:
    """What is signed: how to read it, the criteria, the page, the outputs, and metadata that describe all of these."""
    outputs = output_files(contents)
    files = {
        README: readme(contents),
        CRITERIA: criteria(contents, outputs),
        PAGE: page(contents).encode(),
        **outputs,
    }
    return {**files, CRATE: crate(contents, files)}


def signed_package(files: Mapping[str, bytes], signature: Signature) -> bytes:
    """The archive of `files`, with their digests and the signature of these."""
    return zipped({**files, SUMS: sums(files), SIGNATURE: signature.to_bytes()})
