"""What depends on data: the noisy numbers, and nothing else that is planned, told, logged or refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from egress.privacy.account import Account, Released, embedded_grant, release
from egress.privacy.answer import Answer, table_of
from egress.privacy.ols import OlsSpec, read_ols
from egress.privacy.preview import Preview, preview
from egress.privacy.read import read
from egress.privacy.spec import DpSpec
from egress.privacy.told import told
from hub.events.log import EventLog
from hub.extracts.manifest import Manifest
from tests.egress.privacy import clinic
from tests.egress.privacy.soundness.test_neighbours import FORMS, visit
from tests.egress.query.extracts import rules

RULES = rules()
SQL = (
    "SELECT kind, count(*) AS n, count(DISTINCT pid) AS p, sum(nights) AS s, avg(cost) AS m, median(cost) AS q "
    "FROM visit GROUP BY kind"
)


def other_data(manifest: Manifest) -> Manifest:
    """The manifest of the same catalogue and limits over quite other rows."""
    tables = {
        name: table.model_copy(
            update={"rows": 10**6, "sha256": "f" * 64, "persons": table.persons and 99_999}  # None: holds no persons
        )
        for name, table in manifest.tables.items()
    }
    lost = {"rows": 5, "sha256": "e" * 64, "lost_rows": 12_345, "cut_persons": 678}
    bounded = {name: copy.model_copy(update=lost) for name, copy in manifest.bounded.items()}
    more = {"source_sha256": "d" * 64, "numbered": 10**5, "created_at": "later"}
    return manifest.model_copy(update={"tables": tables, "bounded": bounded, **more})


def test_specs_and_previews_are_made_of_public_facts() -> None:
    known = clinic.manifest()
    for sql in FORMS:
        made = [read(clinic.query(sql), manifest) for manifest in (known, other_data(known))]
        assert isinstance(made[0], DpSpec), sql
        assert made[0] == made[1], sql
        assert preview(made[0], RULES) == preview(made[1], RULES), sql
    fits = [read_ols("visit", "cost", ("kind", "nights"), "paid", each) for each in (known, other_data(known))]
    assert isinstance(fits[0], OlsSpec)
    assert fits[0] == fits[1]


# Nobody; many with everything; one person, whose values are the largest.
DATA: dict[str, dict[str, list[dict[str, Any]]]] = {
    "nobody": {"visit": [], "person": [{"pid": "a"}], "site": []},
    "many": clinic.rows(2, persons=120),
    "one": {"visit": [visit(at, cost=1000.0, nights=60) for at in range(3)], "person": [], "site": []},
}


@pytest.fixture(params=DATA)
def account(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Account]:
    folder, log = tmp_path / "extract", EventLog(tmp_path / "log.db")
    manifest = clinic.extract(folder, DATA[request.param], enclave=True)
    yield Account(log, embedded_grant("me"), folder, manifest, RULES)
    log.close()


def seen(log: EventLog) -> list[tuple[str, Mapping[str, Any]]]:
    """The events, without their noisy numbers and the extract's digest."""
    found: list[tuple[str, Mapping[str, Any]]] = []
    for event in log.read():
        body = {key: value for key, value in event.body.items() if key != "extract"}
        if "answer" in body:
            body["answer"] = {key: value for key, value in body["answer"].items() if key != "noisy"}
        found.append((event.kind, body))
    return found


def test_events_reports_and_refusals_say_the_same_of_any_data(account: Account) -> None:
    spec = clinic.spec(SQL)
    first = release(account, spec, Decimal("0.5"))
    assert isinstance(first, Released)
    release(account, spec, Decimal("1.5"))  # more exact: paid in full
    assert not isinstance(release(account, clinic.spec("SELECT count(*) AS n FROM visit"), Decimal("0.1")), Released)
    # all that is told beside the numbers stood in the preview, which reads no data; epsilon is OpenDP's own there
    foreseen, drawn = preview(spec, RULES, Decimal("0.5")), first.table.noise
    assert isinstance(foreseen, Preview)
    assert replace(drawn, epsilon=0.0) == replace(foreseen.noise, epsilon=0.0)
    assert drawn.epsilon == pytest.approx(foreseen.noise.epsilon, rel=1e-9)
    assert told(first.table, first.charged)["notes"] == [note.to_dict() for note in foreseen.notes]
    kinds = ["privacy.reserved", "privacy.released", "privacy.reserved", "privacy.released", "privacy.refused"]
    events = seen(account.log)
    assert [kind for kind, _ in events] == kinds
    bodies = [body for _, body in events]
    assert set(bodies[0]) == {"source", "spec", "nano_rho"}
    assert set(bodies[1]) == {"reservation", "source", "answer"}
    assert set(bodies[4]) == {"source", "spec", "nano_rho", "rule", "reason"}
    assert bodies[4]["reason"]["values"] == {"asked": "0.1", "left": "0", "source": "clinic"}


def test_a_table_and_its_intervals_are_made_of_the_noisy_numbers(account: Account) -> None:
    spec = clinic.spec(SQL)
    released = release(account, spec, Decimal(1))
    assert isinstance(released, Released)
    (kept,) = (event.body["answer"] for event in account.log.read() if event.kind == "privacy.released")
    assert table_of(spec, Answer.from_json(kept)) == released.table
