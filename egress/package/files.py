"""Which files a package holds, and what each is. A kind of output that leaves as another file begins here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from egress.package.contents import PackageContents, Released, ReleasedFigure, ReleasedTable, ReleasedText
from egress.package.signature import SIGNATURE, SUMS
from egress.package.spelling import visible
from egress.package.tables import to_csv
from egress.package.tidy import filed

README, CRITERIA, PAGE = "README.txt", "criteria.json", "index.html"


@dataclass(frozen=True)
class FileNote:
    """What a file is: its name for people, its media type, a sentence about it; of an output, its statbarns."""

    name: str
    media: str
    about: str
    statbarns: tuple[str, ...] = ()


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
    return {
        README: FileNote("Read me", "text/plain", "How to read this package, in English and French."),
        CRITERIA: FileNote("Criteria", "application/json", "Rules, thresholds, versions and outcomes of the checks."),
        PAGE: FileNote("Page", "text/html", "The approved outputs to be looked at; it opens without a network."),
        SUMS: FileNote("Digests", "text/plain", "SHA-256 of every other file but the signature."),
        SIGNATURE: FileNote("Signature", "application/json", "The enclave's signature of the list of digests."),
        **{released.file: _noted(released) for released in contents.outputs},
        **{name: _chart(name, released) for released in contents.tables for name in released.figures},
    }


def _noted(released: Released) -> FileNote:
    report = released.report
    match released:
        case ReleasedTable():
            media = "text/csv"
            about = (
                f"Made by the enclave from the project's extract, checked and approved ({report.assurance}, "
                f"protection: {report.protect})."
            )
        case ReleasedText():
            media = "text/plain" if report.prose else "text/markdown"
            whose = "The researcher's own words." if report.prose else "Cells of the researcher's notebook."
            about = f"{whose} Read and approved by an output checker."
        case ReleasedFigure():
            media, shown = "image/png", ", ".join(released.figure.shows)
            about = (
                f"A figure that the researcher's code drew of {shown}; redrawn by the enclave, seen and approved by an "
                "output checker."
            )
    return FileNote(report.title or report.name, media, about, report.statbarns)


def _chart(name: str, released: Released) -> FileNote:
    media = "image/svg+xml" if name.endswith(".svg") else "image/png"
    about = f"A chart that the enclave drew of {released.file}, and of nothing else."
    title = next(picture.title for picture in released.report.pictures if f"/{picture.name}." in name)
    return FileNote(title or name, media, about, released.report.statbarns)
