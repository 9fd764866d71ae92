"""`README.txt` of a package, in both languages."""

from __future__ import annotations

from egress.checks.model import Protection
from egress.package.citation import TO_CITE, citation
from egress.package.contents import PackageContents, ReleasedFigure, ReleasedText
from egress.package.noise import OLS
from hub.language import render
from hub.words import Message, say

SYNTHETIC_TOLD = say(
    "The records of a synthetic extract are drawn from a noisy model; none is a person's. What the model does not "
    "hold, they do not show: they are for trying code and teaching, not for estimates."
)
_COLUMNS = (
    say("Columns that a table with differential privacy has beside its own, for a column called NAME:"),
    say("  NAME_low, NAME_high: the exact number lies between them with the confidence stated, as far as noise goes."),
    say("  NAME_scale: standard deviation of the noise on NAME, in its own unit, the same in every row."),
    say("  NAME_ranks: a quantile misses its rank by at most this number of rows, with the confidence stated."),
    say(
        "  rho, epsilon, delta, confidence: what the whole table cost (zCDP; epsilon at delta), the same in every row."
    ),
    say("  An added column whose name the table has already ends in _dp."),
)
TEXTS = say("texts/ holds texts and cells that were asked for and read; a character nobody sees is spelled out.")
_FIGURES = say("figures/ holds figures that the researcher's code drew of these tables, as PNG; people looked at them.")
_REGRESSION = say("  Of a regression, estimate_low and estimate_high hold sampling and noise together.")


def readme(contents: PackageContents) -> bytes:
    """English, then French."""
    return "\n\n".join(_in_language(contents, language) for language in ("en", "fr")).encode() + b"\n"


def _in_language(contents: PackageContents, language: str) -> str:
    sentences: tuple[Message, ...] = (
        say("Release package {request}", request=contents.request.id),
        say("index.html shows the released tables; it opens without a network."),
        say("tables/ holds each of them as CSV (UTF-8, comma, decimal point)."),
        say("An empty cell is a suppressed value, or a category that is missing."),
        say("An apostrophe at the beginning of a text keeps a spreadsheet from reading it as a formula."),
        say("criteria.json says by which rules and thresholds the tables were checked, and with which versions."),
        say("ro-crate-metadata.json says what the files are and how they came about, for catalogues (RO-Crate 1.2)."),
        say(
            "SHA256SUMS lists the digest of each file, signature.json is the enclave's signature of that list: "
            "`bulle verify` checks both."
        ),
        say(
            "The checks found nothing that the rules forbid, and people decided on the release. That is no promise "
            "that nobody can learn anything about a person from these numbers: do not try to."
        ),
    )
    noisy = [released for released in contents.tables if released.report.protect is Protection.DP]
    if any(not released.is_synthetic for released in noisy):
        sentences += _COLUMNS
    if any(released.told and released.told.kind == OLS for released in noisy):
        sentences += (_REGRESSION,)
    if any(released.is_synthetic for released in noisy):
        sentences += (SYNTHETIC_TOLD,)
    if any(isinstance(released, ReleasedText) for released in contents.outputs):
        sentences += (TEXTS,)
    if any(released.figures for released in contents.tables):
        sentences += (say("figures/ holds charts that the enclave drew of these tables, as SVG and PNG."),)
    if any(isinstance(released, ReleasedFigure) for released in contents.outputs):
        sentences += (_FIGURES,)
    names = "\n".join(f"  {name}" for name in contents.output_files)
    cited = [
        sentence
        for released in noisy
        if released.told and (sentence := citation(contents.request, released.report, released.told, language))
    ]
    if cited:
        names += "\n" + "\n".join([render(TO_CITE, language), *(f"  {sentence}" for sentence in cited)])
    return "\n".join(render(sentence, language) for sentence in sentences) + "\n" + names
