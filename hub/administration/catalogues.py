"""What a new catalogue of a source would change, told before it is registered. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hub.administration.against import Known
from hub.catalogue.model import Catalogue
from hub.extracts.plan import data_refusals
from hub.policy.model import Frozen
from hub.policy.verdict import Refusal


@dataclass(frozen=True)
class Difference:
    """One fact of a catalogue: where it stands, and what it says before and afterwards; "" is nothing."""

    where: str
    before: str
    after: str


@dataclass(frozen=True)
class Broken:
    """A running permit that asks for what the new catalogue does not have: its next extract would be refused."""

    project: str
    refusals: tuple[Refusal, ...]


def differences(before: Catalogue | None, after: Catalogue) -> tuple[Difference, ...]:
    """Every fact that differs, in the order of `after`; of a new source, of everything it says."""
    had = dict(_facts(before)) if before else {}
    has = dict(_facts(after))
    names = [*has, *(name for name in had if name not in has)]
    return tuple(
        Difference(name, had.get(name, ""), has.get(name, "")) for name in names if had.get(name) != has.get(name)
    )


def broken(after: Catalogue, known: Known) -> tuple[Broken, ...]:
    """The running permits on the source that the catalogue does not suit."""
    found = (
        Broken(permit.project, data_refusals(permit, after))
        for permit in known.enclave.running(known.today)
        if permit.source == after.source.name
    )
    return tuple(each for each in found if each.refusals)


def _facts(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    yield from _of("source", catalogue.source)
    for name, table in catalogue.tables.items():
        yield name, table.description or name
        for key in ("row_key", "rows_per_person"):
            if (value := getattr(table, key)) is not None:
                yield f"{name}: {key}", str(value)
        for column, described in table.columns.items():
            yield f"{name}.{column}", described.description
            yield from ((where, value) for where, value in _of(f"{name}.{column}", described) if value != "False")


def _of(where: str, value: Frozen) -> Iterator[tuple[str, str]]:
    raw: dict[str, Any] = value.model_dump(mode="json", exclude_none=True)
    for key, said in raw.items():
        if key != "description" or where == "source":
            spelled = ", ".join(map(str, said)) if isinstance(said, list) else str(said)
            yield f"{where}: {key}", spelled
