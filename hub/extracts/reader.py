"""Opens an extract: a folder is one only when its manifest says so and every file is there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from hub.extracts.contradiction import shown
from hub.extracts.manifest import MANIFEST, Manifest
from hub.extracts.pack import sha256_of
from hub.words import Message, say

MAX_MANIFEST_BYTES = 50_000_000
SCHEMA = "bulle.extract/1"


@dataclass(frozen=True)
class Extract:
    """An extract's folder and what its manifest says. `sha256` is the manifest's own digest, as events name it."""

    path: Path
    manifest: Manifest
    sha256: str


class ExtractError(Exception):
    """The folder is not an extract that can be used; `message` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


def open_extract(path: Path, *, verify_digests: bool = False) -> Extract:
    """The extract in the folder `path`. With `verify_digests`, every file is read and held against its digest.

    Raises: ExtractError.
    """
    manifest = _manifest(path)
    if set(manifest.tables) != set(manifest.catalogue.tables):
        raise ExtractError(say("The manifest of {folder} lists other tables than its catalogue.", folder=_name(path)))
    for name, digest in _files(path, manifest).items():
        file = path / name
        if file.is_symlink() or not file.is_file():
            raise ExtractError(say("{file} is missing from the extract {folder}.", file=name, folder=_name(path)))
        if verify_digests and _digest(file) != digest:
            raise ExtractError(
                say("{file} in the extract {folder} was changed after it was packed.", file=name, folder=_name(path))
            )
    return Extract(path, manifest, _digest(path / MANIFEST))


def _files(path: Path, manifest: Manifest) -> dict[str, str]:
    """Every file of the extract with its digest. The names are those that pack gives: no other can point elsewhere.

    Raises: ExtractError.
    """
    named = {table: (packed.file, f"{table}.parquet", packed.sha256) for table, packed in manifest.tables.items()}
    copies = {table: (copy.file, f"{table}.dp.parquet", copy.sha256) for table, copy in manifest.bounded.items()}
    if not set(copies) <= set(named) or any(file != known for file, known, _ in (*named.values(), *copies.values())):
        raise ExtractError(say("The manifest of {folder} names a file that no extract has.", folder=_name(path)))
    return {file: digest for file, _, digest in (*named.values(), *copies.values())}


def _manifest(path: Path) -> Manifest:
    file = path / MANIFEST
    if file.is_symlink() or not file.is_file():
        raise ExtractError(say("{folder} is not an extract: it has no {file}.", folder=_name(path), file=MANIFEST))
    try:
        if file.stat().st_size > MAX_MANIFEST_BYTES:
            raise ExtractError(say("The manifest of {folder} is larger than any manifest is.", folder=_name(path)))
        text = file.read_text(encoding="utf-8")
        raw = json.loads(text)
    except OSError as error:
        why = error.strerror or "I/O error"
        raise ExtractError(say("{folder} cannot be read: {why}.", folder=_name(path), why=why)) from error
    except (ValueError, RecursionError) as error:
        raise ExtractError(say("The manifest of {folder} is not JSON.", folder=_name(path))) from error
    found = raw.get("schema") if isinstance(raw, dict) else None
    if found != SCHEMA:
        raise ExtractError(
            say(
                "The manifest of {folder} has the schema {found}; this version reads {known}.",
                folder=_name(path),
                found=shown(str(found)),
                known=SCHEMA,
            )
        )
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = shown(".".join(str(part) for part in first["loc"]))
        raise ExtractError(
            say("The manifest of {folder} does not fit its schema, first at {key}.", folder=_name(path), key=key)
        ) from error


def _digest(file: Path) -> str:
    try:
        return sha256_of(file)
    except OSError as error:
        raise ExtractError(
            say("{file} cannot be read: {why}.", file=shown(str(file)), why=error.strerror or "I/O error")
        ) from error


def _name(path: Path) -> str:
    return shown(str(path))
