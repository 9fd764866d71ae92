"""What administrators file, folded from the log: drafts of permits, and every version of permits and catalogues. Pure.

An event that was written by hand and says nothing readable changes nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

from hub.catalogue.model import Catalogue
from hub.events.chain import Event
from hub.extracts.plan import permit_digest
from hub.policy.model import DataPermit
from hub.words import say

V = TypeVar("V")


class Fate(StrEnum):
    """What became of a draft."""

    OPEN = "open"
    ISSUED = "issued"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"


FATES = MappingProxyType(
    {
        Fate.OPEN: say("waits to be issued"),
        Fate.ISSUED: say("issued"),
        Fate.WITHDRAWN: say("taken back or turned down"),
        Fate.REPLACED: say("replaced by a later one"),
    }
)


@dataclass(frozen=True)
class Draft:
    """A permit that one administrator wrote; it never changes. `base`: the digest of the version that was in force, ""
    where there was none. `why`: why it was written, where that was said, and once it is withdrawn, why.
    """

    id: str
    permit: DataPermit
    by: str
    at: str
    base: str
    fate: Fate = Fate.OPEN
    why: str = ""


@dataclass(frozen=True)
class Version:
    """One version of a permit, by the digest of its text. `draft`, `drafted_by`: where it was drafted at the desk."""

    permit: DataPermit
    sha256: str
    by: str
    at: str
    why: str = ""
    draft: str = ""
    drafted_by: str = ""


@dataclass(frozen=True)
class CatalogueVersion:
    """One version of a source's catalogue."""

    catalogue: Catalogue
    by: str
    at: str


def _none() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Papers:
    """Drafts by id; versions by project and source, oldest first."""

    drafts: Mapping[str, Draft] = field(default_factory=_none)
    permits: Mapping[str, tuple[Version, ...]] = field(default_factory=_none)
    sources: Mapping[str, tuple[CatalogueVersion, ...]] = field(default_factory=_none)

    def current(self, project: str) -> str:
        """The digest of the project's last version, "" where there is none."""
        versions = self.permits.get(project, ())
        return versions[-1].sha256 if versions else ""

    def open_drafts(self) -> tuple[Draft, ...]:
        """The drafts that wait, oldest first."""
        return tuple(draft for draft in self.drafts.values() if draft.fate is Fate.OPEN)

    def next_draft(self, project: str) -> str:
        """The id of the project's next draft."""
        return f"{project}-draft-{1 + sum(draft.permit.project == project for draft in self.drafts.values())}"


def fold(events: Iterable[Event], before: Papers | None = None) -> Papers:
    """The papers after `events`."""
    papers = before or Papers()
    for event in events:
        if event.kind.startswith("permit.") or event.kind == "source.registered":
            try:
                papers = _apply(papers, event)
            except (KeyError, TypeError, ValueError):
                continue
    return papers


def _apply(papers: Papers, event: Event) -> Papers:
    body = event.body
    match event.kind:
        case "permit.drafted":
            permit, identity = DataPermit.model_validate_json(body["permit"]), str(body["draft"])
            if permit.project != event.project or identity in papers.drafts:
                return papers
            earlier = _closed(papers.drafts, Fate.REPLACED, lambda draft: draft.permit.project == event.project)
            made = Draft(identity, permit, event.actor, event.at, str(body["base"]), why=str(body.get("why", "")))
            return replace(papers, drafts=MappingProxyType({**earlier, identity: made}))
        case "permit.draft_withdrawn":
            why = str(body["why"])
            drafts = _closed(papers.drafts, Fate.WITHDRAWN, lambda draft: draft.id == body["draft"], why)
            return replace(papers, drafts=drafts)
        case "permit.issued":
            drafts = _closed(papers.drafts, Fate.ISSUED, lambda draft: draft.id == body.get("draft"))
            told = {key: str(body.get(key, "")) for key in ("why", "draft", "drafted_by")}
            permit = DataPermit.model_validate_json(body["permit"])
            version = Version(permit, permit_digest(permit), event.actor, event.at, **told)
            return replace(papers, drafts=drafts, permits=_appended(papers.permits, event.project, version))
        case "source.registered":
            catalogue = Catalogue.model_validate_json(body["catalogue"])
            registered = CatalogueVersion(catalogue, event.actor, event.at)
            return replace(papers, sources=_appended(papers.sources, catalogue.source.name, registered))
    return papers


def _closed(
    drafts: Mapping[str, Draft], fate: Fate, which: Callable[[Draft], bool], why: str = ""
) -> Mapping[str, Draft]:
    """Open drafts that `which` picks, closed with `fate`."""
    return MappingProxyType(
        {
            identity: replace(draft, fate=fate, why=why or draft.why)
            if draft.fate is Fate.OPEN and which(draft)
            else draft
            for identity, draft in drafts.items()
        }
    )


def _appended(versions: Mapping[str, tuple[V, ...]], name: str, version: V) -> Mapping[str, tuple[V, ...]]:
    return MappingProxyType({**versions, name: (*versions.get(name, ()), version)})
