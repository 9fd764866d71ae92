"""The ledger's page: what was released from a data source, and what was refused, for its output checkers."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from egress.airlock.desk import Desk
from egress.airlock.situation import Situation
from egress.package.spelling import visible
from egress.pages.visit import Visit
from egress.query.described import filters_in_words, keys_in_words
from egress.release.ledger import Entry
from egress.web import wording
from egress.web.visit import Renderer, roles_of

# Rows of a page; the command line lists all.
MOST = 200


@dataclass(frozen=True)
class Line:
    """One table. `open`: whether the reader may see its request; of others, project and date are all that is told."""

    entry: Entry
    open: bool
    keys: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    readable: bool = True


@dataclass(frozen=True)
class SourceLedger:
    """The tables of one source, newest first; `older`: those beyond the page."""

    source: str
    lines: tuple[Line, ...]
    older: int


@dataclass(frozen=True)
class LedgerPages:
    """The handler; the desk knows who may see what."""

    desk: Desk
    render: Renderer

    def ledger(self, visit: Visit) -> Response:
        """One section for each source whose tables this person checks."""
        situation = self.desk.look()
        return self.render.page(
            visit,
            "ledger.html",
            roles_of(situation, visit.person),
            section="ledger",
            sources=[
                self._of(situation, source, visit.person) for source in situation.sources_checked_by(visit.person)
            ],
            wording=wording,
        )

    def _of(self, situation: Situation, source: str, person: str) -> SourceLedger:
        entries = situation.ledger_for(person, source)
        newest = sorted(entries, key=lambda entry: (entry.at, entry.request), reverse=True)
        lines = tuple(self._line(situation, entry, person) for entry in newest[:MOST])
        return SourceLedger(source, lines, len(newest) - len(lines))

    def _line(self, situation: Situation, entry: Entry, person: str) -> Line:
        if not situation.sees(person, entry.project):
            return Line(entry, open=False)
        found = self.desk.fingerprint(entry)
        if found is None:
            return Line(entry, open=True, readable=False)
        keys = tuple(visible(text) for text in keys_in_words(found.query))
        return Line(entry, open=True, keys=keys, filters=tuple(visible(text) for text in filters_in_words(found.query)))
