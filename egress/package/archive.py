"""The package as one ZIP file: the same contents give the same bytes."""

from __future__ import annotations

import io
import zipfile

from egress.package.contents import PackageContents
from egress.package.criteria import criteria
from egress.package.page import page
from egress.package.readme import readme
from egress.package.tables import to_csv
from egress.package.tidy import filed

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest a ZIP knows: no clock in the bytes


def build_package(contents: PackageContents) -> bytes:
    """index.html, tables/<name>.csv, criteria.json and README.txt."""
    files = {
        "README.txt": readme(contents),
        "criteria.json": criteria(contents),
        "index.html": page(contents).encode(),
    }
    for released in contents.tables:
        files[f"tables/{released.report.name}.csv"] = to_csv(filed(released))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3  # Unix, wherever it is built
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)
    return buffer.getvalue()
