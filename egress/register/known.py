"""What the log says, as far as the register tells of it: folded, and nothing of it is told by itself. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType

from egress.imports.fold import Imports
from egress.imports.fold import fold as fold_imports
from egress.release.fold import Requests
from egress.release.fold import fold as fold_requests
from hub.events.breakglass import fold as fold_breakglass
from hub.events.chain import Event
from hub.events.state import Enclave
from hub.events.state import fold as fold_enclave
from hub.policy.breakglass import BreakGlass
from hub.policy.stops import Scope
from hub.volume import Told, told


def _empty() -> Mapping[str, datetime]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Halted:
    """One halt of a project, or of everything (`project` None), and when it was lifted."""

    project: str | None
    at: datetime
    lifted: datetime | None = None


@dataclass(frozen=True)
class Known:
    """`issued` and `extracted`: when a project's first permit was issued and its first extract built."""

    enclave: Enclave = field(default_factory=Enclave)
    requests: Requests = field(default_factory=lambda: MappingProxyType({}))
    imports: Imports = field(default_factory=lambda: MappingProxyType({}))
    emergencies: Mapping[str, BreakGlass] = field(default_factory=lambda: MappingProxyType({}))
    volumes: Mapping[object, Told] = field(default_factory=lambda: MappingProxyType({}))
    issued: Mapping[str, datetime] = field(default_factory=_empty)
    extracted: Mapping[str, datetime] = field(default_factory=_empty)
    halts: tuple[Halted, ...] = ()

    def after(self, events: Iterable[Event]) -> Known:
        """With what happened since."""
        events = tuple(events)
        return Known(
            enclave=fold_enclave(events, self.enclave),
            requests=fold_requests(events, self.requests),
            imports=fold_imports(events, self.imports),
            emergencies=fold_breakglass(events, self.emergencies),
            volumes=told(events, self.volumes),
            issued=_first(events, "permit.issued", self.issued),
            extracted=_first(events, "extract.built", self.extracted),
            halts=_halts(events, self.halts),
        )


def moment(at: str) -> datetime:
    """An event's time."""
    return datetime.fromisoformat(at)


def day(at: str) -> date:
    """An event's day, UTC."""
    return moment(at).date()


def _first(events: Iterable[Event], kind: str, before: Mapping[str, datetime]) -> Mapping[str, datetime]:
    found = {event.project: moment(event.at) for event in reversed(tuple(events)) if event.kind == kind}
    return MappingProxyType({**found, **before})


def _halts(events: Iterable[Event], before: tuple[Halted, ...]) -> tuple[Halted, ...]:
    halts = list(before)
    for event in events:
        if event.kind not in {"access.halted", "access.resumed"}:
            continue
        scope, name = event.body.get("scope"), event.body.get("name")
        if scope not in {Scope.ALL, Scope.PROJECT}:
            continue
        project = str(name) if scope == Scope.PROJECT else None
        standing = next((at for at, each in enumerate(halts) if each.project == project and each.lifted is None), None)
        if event.kind == "access.halted" and standing is None:
            halts.append(Halted(project, moment(event.at)))
        elif event.kind == "access.resumed" and standing is not None:
            halts[standing] = replace(halts[standing], lifted=moment(event.at))
    return tuple(halts)
