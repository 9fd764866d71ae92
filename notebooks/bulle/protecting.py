"""`bulle protect` from end to end: read the files, protect the cells, put the answer together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bulle.plainfile import PlainFileError, read_plain
from bulle.protection import Protection
from egress.package.tables import to_csv
from egress.proposals.tauargus import propose
from egress.protect.cellfile import COUNT, NUMBERS, VALUE, read_cells
from egress.protect.cellprotection import protect_cells
from egress.protect.csvlines import MAX_BYTES
from egress.protect.hierarchy import Hierarchy, read_hierarchy
from egress.protect.margins import with_margins
from egress.protect.protectedcells import Method, Wish
from egress.protect.system import Marks, Problem
from egress.protect.unusable import UnusableError
from hub.policy.files import read_rules
from hub.words import Message, say


@dataclass(frozen=True)
class Request:
    """What the command line asks for. `hierarchies` are FILE or COLUMN=FILE; `publish` None: what the file is about."""

    cells: Path
    rules: str
    hierarchies: Sequence[str] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    publish: str | None = None
    method: Method = Method.SUPPRESS
    base: int | None = None
    means: bool = False
    total: str = "Total"
    margins: bool = True
    tauargus: bool = False


def protect_file(request: Request) -> Protection:
    """The protected table of a cell file. Raises: UnusableError or PolicyFileError, with sentences."""
    rules = read_rules(request.rules)
    raw = _read(request.cells)
    file = read_cells(request.cells.name, raw, request.total, request.columns)
    hierarchies = [_hierarchy(named, file.keys, request.total) for named in request.hierarchies]
    cells = with_margins(file, hierarchies, computed=request.margins)
    wish = Wish(request.method, _published(request.publish, cells.value is not None), request.base, request.means)
    asked: list[Message] = []

    def proposer(problem: Problem) -> Marks | None:
        proposal = propose(problem, cells)
        asked.append(proposal.why)
        return proposal.marks

    done = protect_cells(cells, rules, wish, proposer if request.tauargus else None)
    return Protection(rules.name, done, asked[0] if asked else None)


def renamed(named: Sequence[str]) -> dict[str, str]:
    """`n=N_OBS` and so on, as given on the command line. Raises: UnusableError."""
    found: dict[str, str] = {}
    for one in named:
        column, _, header = one.partition("=")
        if column not in NUMBERS or not header:
            names = ", ".join(NUMBERS)
            raise UnusableError(say("--column takes NAME=HEADER, where NAME is one of {names}.", names=names))
        found[column] = header
    return found


def write_table(protection: Protection, path: Path) -> None:
    """The protected table as CSV, in a file that does not exist yet. Raises: OSError."""
    with path.open("xb") as file:
        file.write(to_csv(protection.table()))


def _published(publish: str | None, valued: bool) -> tuple[str, ...]:  # noqa: FBT001 -- a fact about the file
    if publish == "both":
        return (COUNT, VALUE)
    if publish is None:
        return (VALUE,) if valued else (COUNT,)
    return (publish,)


def _hierarchy(named: str, keys: Sequence[str], total: str) -> Hierarchy:
    column, mark, path = named.partition("=")
    if not mark or column not in keys:
        column, path = "", named
    file = Path(path)
    return read_hierarchy(file.name, _read(file), column or None, total)


def _read(path: Path) -> bytes:
    too_large = say("{file} is larger than {limit} MiB.", file=path.name[:100], limit=MAX_BYTES >> 20)
    try:
        return read_plain(path, MAX_BYTES, too_large)
    except PlainFileError as error:
        raise UnusableError(error.message) from error
