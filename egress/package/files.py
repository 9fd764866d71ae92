"""Which files a package holds, and what each is. A kind of output that leaves as another file begins here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from egress.package.contents import PackageContents, Released, ReleasedFigure, ReleasedText
from egress.package.signature import SIGNATURE, SUMS
from egress.package.spelling import visible
from egress.package.tables import to_csv
from egress.package.tidy import filed

README, CRITERIA, PAGE = "README.txt", "criteria.json", "index.html"


@dataclass(frozen=True)
class FileNote:
    """What a file is: its name for people, its media type, a sentence about it."""

    name: str
    media: str
    about: str


def output_files(contents: PackageContents) -> dict[str, bytes]:
    """The approved outputs, each as the file that leaves."""
    files: dict[str, bytes] = {}
    for released in contents.outputs:
        files |= {released.file: output_bytes(released), **released.figures}
    return files


def output_bytes(released: Released) -> bytes:
    """One approved output as it leaves; a text as it was read, with all spelled out that a reader cannot see."""
    if isinstance(released, ReleasedFigure):
        return released.figure.png
    if isinstance(released, ReleasedText):
        return visible(released.text).encode()
    return to_csv(filed(released))


def notes_of(contents: PackageContents) -> Mapping[str, FileNote]:
    """What every file of the package is, by its name."""
    about = "Made by the enclave from the project's extract, checked and approved ({}, protection: {})."
    read = "{} Read and approved by an output checker."
    drawn = "A figure that the researcher's code drew of {}; redrawn by the enclave, seen and approved by a checker."
    return {
        README: FileNote("Read me", "text/plain", "How to read this package, in English and French."),
        CRITERIA: FileNote("Criteria", "application/json", "Rules, thresholds, versions and outcomes of the checks."),
        PAGE: FileNote("Page", "text/html", "The approved outputs to be looked at; it opens without a network."),
        SUMS: FileNote("Digests", "text/plain", "SHA-256 of every other file but the signature."),
        SIGNATURE: FileNote("Signature", "application/json", "The enclave's signature of the list of digests."),
        **{
            released.file: FileNote(
                released.report.title or released.report.name,
                "text/csv",
                about.format(released.report.assurance, released.report.protect),
            )
            for released in contents.tables
        },
        **{
            released.file: FileNote(
                released.report.title or released.report.name,
                "text/plain" if released.report.prose else "text/markdown",
                read.format("The researcher's own words." if released.report.prose else "Cells of the notebook."),
            )
            for released in contents.outputs
            if isinstance(released, ReleasedText)
        },
        **{
            released.file: FileNote(released.report.title, "image/png", drawn.format(", ".join(released.figure.shows)))
            for released in contents.outputs
            if isinstance(released, ReleasedFigure)
        },
        **{name: _chart(name, released) for released in contents.tables for name in released.figures},
    }


def _chart(name: str, released: Released) -> FileNote:
    media = "image/svg+xml" if name.endswith(".svg") else "image/png"
    about = f"A chart that the enclave drew of {released.file}, and of nothing else."
    title = next(picture.title for picture in released.report.pictures if f"/{picture.name}." in name)
    return FileNote(title or name, media, about)
