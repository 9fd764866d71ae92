"""Earlier releases on today's extract: those that may hang together with a request, recomputed where needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from egress.checks.model import Protection
from egress.query.engine import Engine, EngineError
from egress.query.model import Aggregate, Measure, Query
from egress.released.cells import Rows, spreads
from egress.released.fingerprint import Fingerprint, Lineage, Status
from egress.released.joint import Before
from egress.released.lineage import on_extract
from egress.released.relations import reachable
from egress.released.universe import Held

# What a table shows in full needs no recomputing: these leave as they are.
_EXACT = frozenset({Aggregate.COUNT_ROWS, Aggregate.COUNT_VALUES, Aggregate.SUM})


@dataclass(frozen=True)
class Extract:
    """An extract as linking asks for it. Answers are remembered: many tables read the same joins."""

    engine: Engine
    lineage: Lineage | None = None
    _sources: dict[Rows, Rows | None] = field(default_factory=dict)

    def source(self, query: Query) -> Rows | None:
        """Of joined tables that hold as many rows as one of them does, that one: joins only looked things up."""
        (spread, *_) = spreads(query)
        rows = spread.layer.source
        if rows not in self._sources:
            self._sources[rows] = self._alone(query, rows)
        return self._sources[rows]

    def _alone(self, query: Query, rows: Rows) -> Rows | None:
        names, joins = rows
        packed: Mapping[str, int] = {name: table.rows for name, table in self.engine.manifest.tables.items()}
        if not joins or any(name not in packed for name in names):
            return None
        count = (Measure("n", Aggregate.COUNT_ROWS),)
        whole = replace(query, where=(), keys=(), measures=count, groupings=((),), columns=("n",), notes=())
        try:
            ((held,),) = self.engine.table(whole).rows
        except EngineError:
            return None
        return next((((name,), ()) for name in names if packed[name] == held), None)

    def before(self, tables: Sequence[Held], earlier: Sequence[Fingerprint]) -> tuple[Before, ...]:
        """Those of `earlier` that may hang together with `tables`; those of other rows are the bounds audit's."""
        asked = [
            (one, query, Held(query, one.table, one.groupings, None, self.source(query)))
            for one in earlier
            if one.status is Status.RELEASED and one.protect is not Protection.DP
            if (query := self._on_extract(one)) is not None
        ]
        near = reachable([*tables, *(held for _, _, held in asked)], len(tables))
        chosen = [(one, query, held) for at, (one, query, held) in enumerate(asked, len(tables)) if at in near]
        return tuple(self._read(chosen))

    def _on_extract(self, one: Fingerprint) -> Query | None:
        catalogue = self.engine.manifest.catalogue
        return on_extract(one, self.lineage or one.lineage, catalogue, self.engine.persons)

    def _read(self, chosen: Sequence[tuple[Fingerprint, Query, Held]]) -> Iterator[Before]:
        for one, query, held in chosen:
            if _shows_all(one):
                yield Before(one, held)
                continue
            try:
                table, evidence = self.engine.table(query), self.engine.evidence(query)
            except EngineError:  # differencing tells checkers of it
                continue
            if len(table.rows) == len(evidence.cells):
                groupings = tuple(cell.grouping for cell in evidence.cells)
                yield Before(one, Held(query, table, groupings, evidence, held.source))


def _shows_all(one: Fingerprint) -> bool:
    """Whether the released table is the exact one."""
    places = [one.table.columns.index(measure.name) for measure in one.query.measures]
    return (
        one.protect is not Protection.ROUND
        and all(measure.aggregate in _EXACT for measure in one.query.measures)
        and all(row[at] is not None for row in one.table.rows for at in places)
    )
