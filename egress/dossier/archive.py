"""A dossier as one ZIP file: the same request gives the same bytes."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping

from egress.dossier.contents import Dossier
from egress.dossier.readme import readme
from egress.package.signature import SUMS, sums
from egress.rerun.folder import NOTEBOOK
from egress.store.zipped import zipped

FACTS, RULES, CRITERIA = "dossier.json", "rules.json", "criteria-inside.json"
MANIFEST, ENVIRONMENT, STUDY, IMPORTS = "extract-manifest.json", "environment.txt", "study/", "imports/"


def dossier_bytes(dossier: Dossier) -> bytes:
    """The archive; `study/` is what the runner finds in its folder, `imports/` what it finds in /imports."""
    files = {
        "README.txt": readme(dossier),
        FACTS: json.dumps(dossier.facts(), ensure_ascii=False, indent=2, allow_nan=False).encode() + b"\n",
        ENVIRONMENT: dossier.environment,
        MANIFEST: dossier.manifest,
        RULES: dossier.rules,
        CRITERIA: dossier.criteria,
        STUDY + NOTEBOOK: dossier.notebook,
        **{STUDY + name: content for name, content in sorted(dossier.files.items())},
        **{
            f"{IMPORTS}{folder}/{name}": content
            for folder, held in sorted(dossier.imports.items())
            for name, content in sorted(held.items())
        },
    }
    return zipped({**files, SUMS: sums(files)})


def read_dossier(content: bytes) -> dict[str, bytes]:
    """The files of a dossier that `dossier_bytes` made. Raises: zipfile.BadZipFile for anything else."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def imports_in(study: Mapping[str, bytes]) -> dict[str, dict[str, bytes]]:
    """The files of each folder below /imports, out of what `read_dossier` gave."""
    imports: dict[str, dict[str, bytes]] = {}
    for path, content in study.items():
        if path.startswith(IMPORTS):
            folder, _, name = path.removeprefix(IMPORTS).partition("/")
            imports.setdefault(folder, {})[name] = content
    return imports
