"""The scan itself: bytes in, a `Scanned` out. No disk, no network, no clock; what it opens, it opens in memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import MappingProxyType

from egress.checks.identifiers import looks_direct
from egress.checks.model import Outcome
from egress.scan.archives import ArchiveError, Budget, members, shown
from egress.scan.kinds import ARCHIVES, COMPILED, READABLE, Kind, kind_of, text_of
from egress.scan.model import Looked, Member, Notice, Rules, Scanned
from egress.scan.texts import text_notices
from hub.words import Message, say

_MOST_NOTICES = 100  # of one file: more say nothing more, and the report stays a page
_ZIPS = frozenset({Kind.ZIP, Kind.WHEEL, Kind.OFFICE})
# What a name's ending promises; endings that are not here promise nothing.
_PROMISED = MappingProxyType(
    {
        **dict.fromkeys(("py", "r", "sql", "sh", "md", "txt", "csv", "tsv", "json", "toml", "yaml", "yml"), READABLE),
        **dict.fromkeys(("cfg", "ini", "rst", "html", "css", "js", "do", "sas", "jl", "stan"), READABLE),
        "ipynb": frozenset({Kind.NOTEBOOK}),
        "whl": frozenset({Kind.WHEEL}),
        "zip": frozenset({Kind.ZIP}),
        "tar": frozenset({Kind.TAR}),
        "gz": frozenset({Kind.GZIP}),
        "tgz": frozenset({Kind.GZIP}),
        "bz2": frozenset({Kind.BZIP2}),
        "xz": frozenset({Kind.XZ}),
        "pdf": frozenset({Kind.PDF}),
        "docx": frozenset({Kind.OFFICE}),
        "xlsx": frozenset({Kind.OFFICE}),
        "pptx": frozenset({Kind.OFFICE}),
        **dict.fromkeys(("png", "jpg", "jpeg", "gif", "tif", "tiff"), frozenset({Kind.IMAGE})),
        **dict.fromkeys(("parquet", "feather", "arrow", "h5", "npy", "sqlite", "db"), frozenset({Kind.DATA})),
    }
)
_BY_KIND = MappingProxyType(
    {
        Kind.CLOSED: (
            Outcome.FAIL,
            "archive.closed",
            say("An archive of this kind is not opened here; use zip or tar."),
        ),
        Kind.PICKLE: (Outcome.REVIEW, "code.pickle", say("A Python pickle runs code when it is opened.")),
        Kind.R_DATA: (
            Outcome.REVIEW,
            "code.r_data",
            say("An R data file can run code when it is used, and was not read."),
        ),
        Kind.OLD_OFFICE: (
            Outcome.FAIL,
            "office.old",
            say("A document of the old form can hold macros that are not looked for here; save it in the new form."),
        ),
        Kind.PDF: (Outcome.REVIEW, "not_read", say("A PDF was not read: identifiers in it were not looked for.")),
        Kind.IMAGE: (Outcome.REVIEW, "not_read", say("An image was not read: what it shows was not looked at.")),
        Kind.DATA: (
            Outcome.REVIEW,
            "not_read",
            say("A data file was not read: identifiers in it were not looked for."),
        ),
        Kind.UNKNOWN: (Outcome.REVIEW, "not_read", say("It is of no kind that is known here, and was not read.")),
    }
)


@dataclass
class _Looking:
    """One uploaded file while it is looked into."""

    name: str
    rules: Rules
    budget: Budget
    members: list[Member] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    compiled: list[str] = field(default_factory=list)

    def say(self, outcome: Outcome, rule: str, place: str, why: Message) -> None:
        self.notices.append(Notice(outcome, rule, place, why))


def scan(files: Iterable[tuple[str, bytes]], rules: Rules) -> Scanned:
    """What stands in `files`, (name, content) each. Never raises for what the bytes do."""
    budget = Budget(rules.max_unpacked, rules.max_entries)
    return Scanned(tuple(_looked(name, content, rules, budget) for name, content in files))


def _looked(name: str, content: bytes, rules: Rules, budget: Budget) -> Looked:
    looking = _Looking(name, rules, budget)
    try:
        kind = _look(looking, name, name, content, 0)
    except ArchiveError as error:
        kind = kind_of(content)
        looking.say(Outcome.FAIL, error.rule, name, error.why)
    _tell_compiled(looking, kind)
    notices = sorted(looking.notices, key=lambda notice: notice.outcome is not Outcome.FAIL)
    return Looked(name, kind, tuple(looking.members), tuple(notices[:_MOST_NOTICES]))


def _look(looking: _Looking, place: str, path: str, content: bytes, depth: int) -> Kind:
    """Look at one file or member, and into it where it is an archive; its kind. Raises: ArchiveError."""
    kind = kind_of(content)
    if looks_direct(PurePosixPath(path).name) is not None:
        looking.say(Outcome.REVIEW, "identifiers.name", place, say("Its name looks like an identifier of a person."))
    if kind in ARCHIVES:
        kind = _look_inside(looking, place, content, kind, depth)
    if kind in COMPILED:
        looking.compiled.append(place)
    elif kind in _BY_KIND:
        looking.say(*_BY_KIND[kind][:2], place, _BY_KIND[kind][2])
    elif kind in READABLE:
        looking.notices += text_notices(place, text_of(content) or "", looking.rules)
    _compare(looking, place, path, kind)
    return kind


def _look_inside(looking: _Looking, place: str, content: bytes, kind: Kind, depth: int) -> Kind:
    if depth == looking.rules.max_depth:
        why = say("Archives lie in archives in archives here; nobody can look through that. Bring the innermost.")
        raise ArchiveError("archive.depth", why)
    paths = []
    for path, member in members(content, kind, looking.budget):
        within = f"{place}/{shown(path)}" if path else place
        found = _look(looking, within, path or PurePosixPath(place).stem, member, depth + 1)
        paths.append(path)
        if path:
            looking.members.append(Member(shown(path), len(member), found))
    return _kind_of_zip(looking, place, paths) if kind is Kind.ZIP else kind


def _kind_of_zip(looking: _Looking, place: str, paths: list[str]) -> Kind:
    if any(path.endswith(".dist-info/WHEEL") for path in paths):
        return Kind.WHEEL
    if "[Content_Types].xml" not in paths and "mimetype" not in paths:
        return Kind.ZIP
    if any(path.endswith("vbaProject.bin") or path.startswith(("Basic/", "Scripts/")) for path in paths):
        looking.say(Outcome.FAIL, "office.macros", place, say("This document holds macros; save it without them."))
    return Kind.OFFICE


def _compare(looking: _Looking, place: str, path: str, kind: Kind) -> None:
    ending = PurePosixPath(path).suffix.lower().removeprefix(".")
    promised = _PROMISED.get(ending)
    if promised is not None and kind not in promised and not (kind in _ZIPS and Kind.ZIP in promised):
        why = say("Its name ends in .{ending}, but that is not what stands in it.", ending=ending)
        looking.say(Outcome.REVIEW, "name.content", place, why)


def _tell_compiled(looking: _Looking, kind: Kind) -> None:
    """Compiled code is told once for a file, with how many parts of it are and the first of them."""
    if not looking.compiled:
        return
    outcome = Outcome.FAIL if looking.rules.compiled == "refuse" else Outcome.REVIEW
    first = looking.compiled[0]
    if kind in COMPILED:
        why = say("This is compiled code; nobody can read what it does. Bring its source instead.")
    elif kind is Kind.WHEEL:
        why = say(
            "This Python wheel brings compiled code ({number} files, the first is {first}); nobody can read what it "
            "does. An admin can add it to the workspace's image instead.",
            number=len(looking.compiled),
            first=first,
        )
    else:
        why = say(
            "Compiled code lies in it ({number} files, the first is {first}); nobody can read what it does.",
            number=len(looking.compiled),
            first=first,
        )
    looking.say(outcome, "code.compiled", looking.name, why)
