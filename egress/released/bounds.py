"""The bounds audit: what an outsider can put on each small or hidden cell, over everything published of one source.

It needs no row, so that it holds across projects too. Everything found depends on earlier releases: checkers read
which ones and which cells, authors one fixed sentence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from egress.checks.examined import TABLE, Rule
from egress.checks.model import Audience, Finding, Outcome, Protection, Risk
from egress.query.table import TOTAL, plain
from egress.released.cells import Number
from egress.released.fingerprint import Fingerprint, Status
from egress.released.outsider import Knowledge, Published
from egress.released.probe import MAX_ALONE, Block, determined
from egress.released.relations import TooManyLayersError
from egress.released.totals import totals
from egress.released.universe import Places
from hub.policy.model import DisclosureRules
from hub.words import Message, say

BOUNDS = Rule("bounds", Risk.DIFFERENCING)
EARLIER = say("This table conflicts with an earlier release; a checker sees which.")

# How many cells one finding names.
MOST_NAMED = 5


class Told(StrEnum):
    """What an outsider learns of a cell."""

    EXACT = "exact"  # a hidden value
    NARROW = "narrow"  # a hidden value, within less than the rules ask for
    SMALL = "small"  # a group that no table shows and the difference of two does: it has fewer persons than t
    OPEN = "open"  # the limits of computing left it undecided


@dataclass(frozen=True)
class Exposure:
    """A cell, or the difference of two (`beside` is then a cell inside the other), and what is learnt of its `number`.

    `tables`: positions of the tables that are needed for it, as far as they stand in one block.
    """

    told: Told
    number: Number
    cell: int
    beside: int | None
    tables: frozenset[int]


@dataclass(frozen=True)
class Audited:
    """What came out: exposures, unknown cells and programs that were looked at; `cells` when they were too many."""

    exposures: tuple[Exposure, ...]
    unknowns: int
    programs: int
    too_many: int = 0


def bounds_audit(
    request: Sequence[Fingerprint],
    earlier: Sequence[Fingerprint],
    rules: DisclosureRules,
    one_row_each: frozenset[str] = frozenset(),
) -> Mapping[str, tuple[Finding, ...]]:
    """Findings by output of the request: what its tables, published as they are, would tell beside `earlier` ones.

    `earlier`: of the same source; those that were not released tell nothing and are left out. `one_row_each`: tables
    of the source with one row per person.
    """
    shown = [one for one in earlier if one.status is Status.RELEASED and one.protect is not Protection.DP]
    asked = [one for one in request if one.protect is not Protection.DP]
    if not shown or not asked:
        return {}
    limits = rules.audit.value if rules.audit is not None else None
    if limits is not None and len(shown) > limits.tables:
        why = say(
            "{tables} earlier tables of this source are more than the {limit} that the machine audits: what they tell "
            "together with this one was not worked out.",
            tables=len(shown),
            limit=limits.tables,
        )
        return {one.output: (_checkers(why),) for one in asked}
    tables = (*asked, *shown)
    try:
        published = Published.of((*tables, *(totals(one) for one in tables)), one_row_each)
    except TooManyLayersError:
        return {one.output: (_checkers(_UNREAD),) for one in asked}
    audited = audit(published, len(asked), rules)
    exposures = tuple(
        replace(one, tables=frozenset(at for at in one.tables if at < len(tables))) for one in audited.exposures
    )
    audited = replace(audited, exposures=exposures)
    return _findings(published, audited, len(asked), rules)


_UNREAD = say("There are more kinds of cells than the machine compares: what they tell together was not worked out.")


# -- the audit


def audit(published: Published, own: int, rules: DisclosureRules) -> Audited:
    """What the first `own` tables add to what an outsider knows: only what hangs together with their cells."""
    touched = np.zeros(published.universe.size, dtype=bool)
    touched[[one.cell for one in published.universe.publications if one.table < own]] = True
    exposures: list[Exposure] = []
    unknowns = programs = too_many = 0
    for number in published.universe.numbers:
        known = published.knowledge(number)
        reached = np.concatenate([touched, np.zeros(known.size - len(touched), dtype=bool)])
        for lines, cells in known.blocks(reached):
            unknowns += len(cells)
            if rules.audit is not None and len(cells) > rules.audit.value.unknowns:
                too_many = max(too_many, len(cells))
                continue
            found, more = _block(published, known, (lines, cells), rules)
            exposures += found
            programs += more
    return Audited(tuple(exposures), unknowns, programs, too_many)


def _block(
    published: Published, known: Knowledge, places: tuple[Places, Places], rules: DisclosureRules
) -> tuple[list[Exposure], int]:
    lines, cells = places
    part, right = known.equations(lines, cells)
    block = Block(part, right, known.low[cells], known.high[cells], known.number.whole)
    told = _Reading(known, cells, block, rules).run()
    if not told:  # also where releases do not agree with one another: they tell nothing for certain
        return [], block.programs
    inside = np.unique(known.matrix[lines].indices).tolist()
    tables = frozenset(table for cell in inside for table, _ in published.universe.shown_in(cell, known.number))
    return [_exposure(published, known, int(cells[at]), what, tables) for at, what in told.items()], block.programs


@dataclass(eq=False)
class _Reading:
    """One block: which of its cells are told."""

    known: Knowledge
    cells: Places
    block: Block
    rules: DisclosureRules

    def run(self) -> dict[int, Told]:
        block = self.block
        if block.contradictory:
            return {}
        wanted = [at for at in np.flatnonzero(self.known.secret[self.cells]).tolist() if self._prior(at) > 0]
        if self.known.number.whole:
            wanted += [at for at in range(len(self.cells)) if self._is_difference(at) and block.high[at] >= 1]
        settled = block.low == block.high
        exact = determined(block.lines) if any(not settled[at] for at in wanted) else settled
        told: dict[int, Told] = {}
        asked: list[int] = []
        for at in wanted:
            if not settled[at] and not (exact[at] and not self._is_difference(at)):
                asked.append(at)
            elif not self._is_difference(at):
                told[at] = Told.EXACT
            elif not self._fine(at, block.low[at], block.low[at]):
                told[at] = Told.SMALL
        self._by_programs(asked, told)
        if self.known.number.whole:
            for at in self._small_remainders():
                told.setdefault(at, Told.SMALL)
        return {} if block.contradictory else told

    def _small_remainders(self) -> Iterator[int]:
        """One unknown cell of each shown cell of which shown cells leave few persons: a difference, if one is there."""
        lines, left = self.block.lines, -self.block.right
        for line in np.flatnonzero((left >= 1 - 1e-6) & (left < self.rules.min_persons.value - 1e-6)).tolist():
            inside = slice(lines.indptr[line], lines.indptr[line + 1])
            if (lines.data[inside] < 0).all():  # the cell itself is shown
                unknown = lines.indices[inside].tolist()
                yield from sorted(unknown, key=lambda at: not self._is_difference(at))[:1]

    def _by_programs(self, asked: list[int], told: dict[int, Told]) -> None:
        block = self.block
        alone = 0
        for at in block.spread(asked, self._fine):
            low, high = float(block.low[at]), float(block.high[at])
            if not self._carried(at, low, high):
                if alone == MAX_ALONE:
                    told[at] = Told.OPEN
                    continue
                alone += 1
                low, high = block.interval(at)
            if not self._fine(at, low, high):
                told[at] = self._what(at, low, high)

    def _carried(self, at: int, low: float, high: float) -> bool:
        """Whether bounds carried along the equations decide already: programs can only narrow them."""
        if self._is_difference(at):
            return not self._fine(at, low, high) and bool(self.block.reached_high[at] >= 1 - 1e-6)
        return not self._fine(at, low, high) and high > low

    def _is_difference(self, at: int) -> bool:
        return bool(self.cells[at] >= self.known.size - len(self.known.differences))

    def _prior(self, at: int) -> float:
        """How wide the interval is that the rules alone tell."""
        return float(self.known.high[self.cells[at]] - self.known.low[self.cells[at]])

    def _fine(self, at: int, low: float, high: float) -> bool:
        if self._is_difference(at):
            return high < 1 - 1e-6 or high >= self.rules.min_persons.value - 1e-6
        return high - low >= self._need(at, low, high) - 1e-6

    def _need(self, at: int, low: float, high: float) -> float:
        interval = self.rules.protection_interval.value if self.rules.protection_interval is not None else None
        if self.known.number.whole:
            return min(float(interval.counts if interval is not None else 1), self._prior(at))
        share = interval.share if interval is not None else 0.0
        middle = abs(high + low) / 2 if np.isfinite(high) and np.isfinite(low) else 0.0
        return max(2 * share * middle, 1e-6 * max(middle, 1.0))

    def _what(self, at: int, low: float, high: float) -> Told:
        if self._is_difference(at):
            return Told.SMALL
        return Told.EXACT if high - low < 1e-6 else Told.NARROW


def _exposure(published: Published, known: Knowledge, cell: int, told: Told, tables: frozenset[int]) -> Exposure:
    size = published.universe.size
    if cell < size:
        return Exposure(told, known.number, cell, None, tables)
    difference = known.differences[cell - size]
    line = known.line_of[cell]
    return Exposure(told, known.number, difference.parent, line.children[0] if line.children else None, tables)


# -- findings


def _findings(
    published: Published, audited: Audited, own: int, rules: DisclosureRules
) -> Mapping[str, tuple[Finding, ...]]:
    found: defaultdict[str, list[Finding]] = defaultdict(list)
    for at in range(own):
        output = published.tables[at].output
        mine = [one for one in audited.exposures if at in one.tables and any(table >= own for table in one.tables)]
        for told in Told:
            cells = [one for one in mine if one.told is told]
            if cells:
                found[output].append(_checkers(_why(published, told, cells, own, rules)))
        if audited.too_many:
            why = say(
                "{cells} unknown cells hang together over this table and earlier ones, more than the {limit} that the "
                "machine audits: what they tell together was not worked out.",
                cells=audited.too_many,
                limit=rules.audit.value.unknowns if rules.audit is not None else 0,
            )
            found[output].append(_checkers(why))
        if mine:
            found[output].append(BOUNDS.found(Outcome.REVIEW, TABLE, EARLIER))
        if not found[output]:
            why = say("No interval that earlier releases and this table leave is narrower than the rules ask for.")
            found[output].append(replace(BOUNDS.passed(TABLE, why), audience=Audience.CHECKER))
    return {output: tuple(findings) for output, findings in found.items()}


def _why(published: Published, told: Told, cells: Sequence[Exposure], own: int, rules: DisclosureRules) -> Message:
    named = "; ".join(dict.fromkeys(_named(published, one, own) for one in cells[:MOST_NAMED]))
    if told is Told.EXACT:
        return say(
            "Beside earlier releases, {count} hidden values are known exactly: {cells}.", count=len(cells), cells=named
        )
    if told is Told.NARROW:
        return say(
            "Beside earlier releases, {count} hidden values are known more nearly than the rules allow: {cells}.",
            count=len(cells),
            cells=named,
        )
    if told is Told.SMALL:
        return say(
            "Subtracted from one another, earlier releases and this table show {count} groups that may be of fewer "
            "than {threshold} persons: {cells}.",
            count=len(cells),
            threshold=rules.min_persons.value,
            cells=named,
        )
    return say("The audit left {count} cells undecided within its time: {cells}.", count=len(cells), cells=named)


def _named(published: Published, one: Exposure, own: int) -> str:
    first = _cell(published, one.cell, own)
    return first if one.beside is None else f"{first} − {_cell(published, one.beside, own)}"


def _cell(published: Published, cell: int, own: int) -> str:
    """A cell by project, request, output and keys; an earlier release that holds it stands before this request."""
    places = [(table < own, table, row) for table, row in published.universe.shown_in(cell)]
    _, table, row = min(places)
    fingerprint = published.tables[table]
    shown = fingerprint.table.rows[row]
    keys = [
        (TOTAL if at not in fingerprint.groupings[row] else _word(shown[fingerprint.table.columns.index(key.name)]))
        for at, key in enumerate(fingerprint.query.keys)
    ]
    name = "/".join((fingerprint.project, fingerprint.request, fingerprint.output))
    return " ".join((name, *keys))


def _word(value: object) -> str:
    return "–" if value is None else str(plain(value))  # type: ignore[arg-type]  # a key's value


def _checkers(why: Message) -> Finding:
    return replace(BOUNDS.found(Outcome.REVIEW, TABLE, why), audience=Audience.CHECKER)
