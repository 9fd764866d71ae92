"""Small enclaves for tests: the events that admins and extractors would append."""

from __future__ import annotations

from datetime import date, timedelta

from hub.events.log import EventLog, utc_now
from hub.policy.model import DataPermit, Person, Role
from hub.policy.people import PeoplePolicy, read_people


def permit(
    project: str = "reste-a-charge", until: date | None = None, researchers: tuple[str, ...] = ("alice",)
) -> DataPermit:
    """A permit in force since yesterday, with `carla` as its output checker."""
    today = utc_now().date()
    return DataPermit.model_validate(
        {
            "project": project,
            "title": f"Study {project}",
            "purpose": "research",
            "statement": "A test.",
            "source": "rand-hie",
            "rules": "health-fr",
            "rho": "0.5",
            "valid_from": str(min(today, until or today) - timedelta(days=1)),
            "valid_until": str(until or today + timedelta(days=30)),
            "persons": [
                *({"person": person, "role": "researcher"} for person in researchers),
                {"person": "carla", "role": "output_checker"},
            ],
            "tables": {"person_year": {"columns": ["site"]}},
        }
    )


def add_person(log: EventLog, name: str) -> None:
    person = Person(id=name, name=name.title())
    log.append("admin", "person.added", "", {"person": person.model_dump(mode="json")})


def issue_permit(log: EventLog, issued: DataPermit) -> None:
    log.append("admin", "permit.issued", issued.project, {"permit": issued.model_dump_json()})


def build_extract(log: EventLog, project: str, folder: str = "e1") -> None:
    log.append("extractor", "extract.built", project, {"folder": folder, "digest": "0" * 64})


def impatient(seconds: float = 0.0) -> PeoplePolicy:
    """The shipped policy for people, with refusals told after `seconds`, and no second factor asked of anybody."""
    shipped = read_people()
    told = shipped.lockout.refusal_seconds.model_copy(update={"value": seconds})
    return shipped.model_copy(
        update={
            "lockout": shipped.lockout.model_copy(update={"refusal_seconds": told}),
            "second_factor": shipped.second_factor.model_copy(update={"not_asked_of": tuple(Role)}),
        }
    )
