"""`README.txt` of a package, in both languages."""

from __future__ import annotations

from egress.package.contents import PackageContents
from hub.language import render
from hub.words import say


def readme(contents: PackageContents) -> bytes:
    """English, then French."""
    return "\n\n".join(_in_language(contents, language) for language in ("en", "fr")).encode() + b"\n"


def _in_language(contents: PackageContents, language: str) -> str:
    sentences = (
        say("Release package {request}", request=contents.request.id),
        say("index.html shows the released tables; it opens without a network."),
        say("tables/ holds each of them as CSV (UTF-8, comma, decimal point)."),
        say("An empty cell is a suppressed value, or a category that is missing."),
        say("An apostrophe at the beginning of a text keeps a spreadsheet from reading it as a formula."),
        say("criteria.json says by which rules and thresholds the tables were checked, and with which versions."),
        say(
            "The checks found nothing that the rules forbid, and people decided on the release. That is no promise "
            "that nobody can learn anything about a person from these numbers: do not try to."
        ),
    )
    names = "\n".join(f"  tables/{released.report.name}.csv" for released in contents.tables)
    return "\n".join(render(sentence, language) for sentence in sentences) + "\n" + names
