"""The package as one ZIP file: the same contents and the same key give the same bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from egress.package.contents import PackageContents
from egress.package.crate import crate
from egress.package.criteria import criteria
from egress.package.described import CRATE
from egress.package.files import CRITERIA, PAGE, README, output_files
from egress.package.page import page
from egress.package.readme import readme
from egress.package.signature import SIGNATURE, SUMS, Signature, sums

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest a ZIP knows: no clock in the bytes


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
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in {**files, SUMS: sums(files), SIGNATURE: signature.to_bytes()}.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3  # Unix, wherever it is built
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)
    return buffer.getvalue()
