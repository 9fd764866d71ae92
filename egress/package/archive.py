"""The package as one ZIP file: the same contents and the same key give the same bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from egress.package.contents import PackageContents
from egress.package.criteria import criteria
from egress.package.page import page
from egress.package.readme import readme
from egress.package.signature import SIGNATURE, SUMS, Signature, sums
from egress.package.tables import to_csv
from egress.package.tidy import filed

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest a ZIP knows: no clock in the bytes


def package_files(contents: PackageContents) -> dict[str, bytes]:
    """What is signed: README.txt, criteria.json, index.html and tables/<name>.csv."""
    files = {
        "README.txt": readme(contents),
        "criteria.json": criteria(contents),
        "index.html": page(contents).encode(),
    }
    for released in contents.tables:
        files[f"tables/{released.report.name}.csv"] = to_csv(filed(released))
    return files


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
