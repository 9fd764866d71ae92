"""A small enclave that permits are held against."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from hub.administration.against import Known
from hub.administration.known import read_known
from hub.administration.papers import Papers, fold
from hub.catalogue.model import Catalogue
from hub.events.log import EventLog
from hub.events.state import Enclave
from hub.events.state import fold as fold_enclave
from hub.extracts.plan import permit_digest, permit_text
from hub.policy.model import DataPermit, Person
from tests.hub.policy.permits import a_permit

TODAY = date(2026, 5, 1)
NOW = datetime(2026, 5, 1, 9, tzinfo=UTC)
CATALOGUE = Catalogue.model_validate(
    {
        "source": {"name": "hospital", "person_key": "pid", "rules": "health-fr"},
        "tables": {
            "stay": {
                "description": "One row per stay",
                "row_key": "sid",
                "columns": {
                    "region": {"type": "string", "description": "Region", "categories": ["north", "south"]},
                    "age": {
                        "type": "integer",
                        "description": "Age",
                        "bounds": [0, 110],
                        "breaks": [18, 65],
                        "identifying": True,
                    },
                    "year": {"type": "integer", "description": "Year", "bounds": [2020, 2025]},
                },
            }
        },
    }
)
PEOPLE = ("alice", "bob", "carol", "dora", "erin", "frank")


def people(*administrators: str) -> dict[str, Person]:
    return {name: Person(id=name, name=name.title(), administrator=name in administrators) for name in PEOPLE}


def enclave(*permits: DataPermit) -> Enclave:
    """Everybody is known, erin and frank administer, and these permits are in force."""
    return Enclave(
        persons=people("erin", "frank"),
        sources={"hospital": CATALOGUE},
        permits={permit.project: permit for permit in permits},
    )


def known(*permits: DataPermit, state: Enclave | None = None) -> Known:
    return read_known(None, state or enclave(*permits), TODAY)


def planted(folder: Path) -> EventLog:
    """A log with the same enclave, and a permit of project care in force."""
    log = EventLog(folder / "log.db", lambda: NOW)
    for person in people().values():
        log.append("admin", "person.added", "", {"person": person.model_dump(mode="json")})
    for name in ("erin", "frank"):
        log.append("admin", "administrator.appointed", "", {"person": name, "why": "a test"})
    log.append("admin", "source.registered", "", {"catalogue": CATALOGUE.model_dump_json(exclude_none=True)})
    issue(log, a_permit())
    return log


def issue(log: EventLog, permit: DataPermit) -> None:
    body = {"permit": permit_text(permit), "sha256": permit_digest(permit)}
    log.append("admin", "permit.issued", permit.project, body)


def state_of(log: EventLog) -> tuple[Enclave, Papers]:
    events = log.read()
    return fold_enclave(events), fold(events)


def other(permit: DataPermit, **changes: object) -> DataPermit:
    return DataPermit.model_validate({**permit.model_dump(), **changes})
