"""Building: only what is granted enters, opted-out persons are gone, and no key leads back."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hub.events.log import EventLog
from hub.extracts.contradiction import PackError, PackInputError
from hub.extracts.extractor import Extractor, Folders
from hub.extracts.person_number import PERSON_NUMBER
from hub.extracts.plan import permit_digest, permit_text
from hub.extracts.reader import open_extract
from hub.policy.files import read_purposes
from hub.policy.verdict import RefusedError
from tests.hub.extracts.world import (
    NOW,
    PERSONS,
    STAYS,
    catalogue,
    note_table,
    person_key,
    person_table,
    stay_key,
    stay_table,
    write_source,
)
from tests.hub.policy.permits import a_permit

TABLES: dict[str, Any] = {
    "person": {"columns": ["sex"]},
    "stay": {"columns": ["sid", "year", "cost"], "years": {"column": "year", "first": 2021, "last": 2023}},
    "note": {"columns": ["sid", "kind"]},
}


class World:
    """An enclave with a source; permits are issued on demand."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folders = Folders(root / "sources", root / "keys", root / "extracts")
        self.source = root / "sources" / "hospital"
        write_source(self.source)
        (root / "events").mkdir()
        self.log = EventLog(root / "events" / "log.db", clock=lambda: NOW)
        self.log.append("admin", "source.registered", "", {"catalogue": catalogue().model_dump_json()})

    def issue(self, project: str = "care", **changes: Any) -> None:
        permit = a_permit(**{"project": project, "tables": TABLES, **changes})
        self.log.append("admin", "permit.issued", project, {"permit": permit_text(permit)})

    def build(self, project: str = "care", days: int = 0) -> Path:
        extractor = Extractor(self.log, self.folders, read_purposes(), "root", "test")
        built = extractor.build(project, NOW + timedelta(days=days))
        return self.root / "extracts" / project / built.folder

    def refusals(self) -> list[str]:
        return [event.body["rule"] for event in self.log.read() if event.kind == "extract.refused"]

    def left_over(self) -> list[str]:
        return [str(path) for path in (self.root / "extracts").glob("*/*") if path.name.startswith(".")]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.log.close()


def rows(folder: Path, table: str) -> list[dict[str, Any]]:
    """Without persons' numbers, which are ranks: they move when somebody leaves."""
    found: list[dict[str, Any]] = pq.read_table(folder / f"{table}.parquet").drop_columns(PERSON_NUMBER).to_pylist()
    return found


def test_an_extract_holds_granted_columns_and_years_only(world: World) -> None:
    world.issue()
    folder = world.build()
    assert {name: pq.read_schema(folder / f"{name}.parquet").names for name in TABLES} == {
        "person": ["pid", "sex", PERSON_NUMBER],
        "stay": ["pid", "sid", "year", "cost", PERSON_NUMBER],
        "note": ["pid", "sid", "kind", PERSON_NUMBER],
    }
    assert sorted({row["year"] for row in rows(folder, "stay")}) == [2021, 2022, 2023]
    expected = sum(1 for n in range(STAYS) if 2021 <= 2020 + n % 6 <= 2023)
    assert len(rows(folder, "stay")) == expected
    extract = open_extract(folder, verify_digests=True)
    assert extract.manifest.pseudonymised
    assert extract.manifest.project == "care"
    assert extract.manifest.permit_sha256 == permit_digest(a_permit(tables=TABLES))
    assert extract.manifest.rules == "health-fr"


def test_no_key_of_the_source_is_anywhere_in_the_extract_or_beside_it(world: World) -> None:
    world.issue()
    world.build()
    for path in [*(world.root / "extracts").rglob("*"), *(world.root / "keys").rglob("*")]:
        if path.is_file():
            content = path.read_bytes()
            for secret in (b"NIR-", b"SEJOUR-", b"PHONE-", b"WARD-"):
                assert secret not in content, path
            if path.suffix == ".parquet":  # the same behind the file's compression
                decoded = str(pq.read_table(path).to_pylist())
                assert not any(secret in decoded for secret in ("NIR-", "SEJOUR-", "PHONE-", "WARD-"))
    # what is looked for would be found
    assert b"NIR-" in (world.source / "stay.parquet").read_bytes()
    assert world.left_over() == []


def test_one_person_has_one_pseudonym_in_all_tables_and_another_in_other_projects(world: World) -> None:
    world.issue("care")
    world.issue("other")
    care, other = world.build("care"), world.build("other")
    persons = {name: {row["pid"] for row in rows(care, name)} for name in TABLES}
    assert persons["person"] == persons["note"] >= persons["stay"]
    assert len(persons["person"]) == PERSONS
    assert persons["person"].isdisjoint({row["pid"] for row in rows(other, "person")})
    assert all(len(pseudonym) == 32 for pseudonym in persons["person"])
    again = world.build("care", days=1)
    assert {row["pid"] for row in rows(again, "person")} == persons["person"]


def test_joins_give_the_same_counts_as_the_source(world: World) -> None:
    world.issue()
    folder = world.build()
    source = {name: pq.read_table(world.source / f"{name}.parquet").to_pylist() for name in TABLES}

    def joined(stays: list[dict[str, Any]], notes: list[dict[str, Any]], people: list[dict[str, Any]]) -> list[Any]:
        sex = {row["pid"]: row["sex"] for row in people}
        kind = {row["sid"]: row["kind"] for row in notes}
        return sorted((sex[row["pid"]], kind[row["sid"]], row["year"], row["cost"]) for row in stays)

    granted = [row for row in source["stay"] if 2021 <= row["year"] <= 2023]
    assert joined(rows(folder, "stay"), rows(folder, "note"), rows(folder, "person")) == joined(
        granted, source["note"], source["person"]
    )


def test_opted_out_persons_are_gone_from_every_table_and_counted(world: World) -> None:
    world.issue()
    before = world.build()
    out = [person_key(0), person_key(7)]
    (world.source / "opt-out.txt").write_text(
        "\ufeff# objections\n" + "\n".join([f"  {out[0]} ", "", out[1], "NIR-unknown"]), encoding="utf-8"
    )
    after = world.build(days=1)
    gone = {row["pid"] for row in rows(before, "person")} - {row["pid"] for row in rows(after, "person")}
    assert len(gone) == 2
    for name in TABLES:
        kept = rows(after, name)
        assert kept == [row for row in rows(before, name) if row["pid"] not in gone]
    assert [event.body["opted_out"] for event in world.log.read() if event.kind == "extract.built"] == [0, 2]


@pytest.mark.parametrize("most", [1, 2, 3])
def test_dp_copies_hold_what_the_permit_lets_and_their_loss_is_told(world: World, most: int) -> None:
    world.issue(tables={**TABLES, "stay": {**TABLES["stay"], "dp_rows_per_person": most}})
    folder = world.build()
    stays = Counter(row["pid"] for row in rows(folder, "stay"))
    assert max(stays.values()) == 2
    copies = open_extract(folder, verify_digests=True).manifest.bounded
    kept = Counter(pq.read_table(folder / "stay.dp.parquet")[PERSON_NUMBER].to_pylist())
    assert sorted(kept.values()) == sorted(min(most, count) for count in stays.values())
    lost = sum(max(0, count - most) for count in stays.values())
    assert (copies["stay"].rows_per_person, copies["stay"].lost_rows) == (most, lost)
    assert "pid" not in pq.read_schema(folder / "stay.dp.parquet").names
    (event,) = (event for event in world.log.read() if event.kind == "extract.built")
    assert event.body["dp_lost_rows"]["stay"] == lost


def numbered(table: pa.Table, kind: pa.DataType) -> pa.Table:
    return table.set_column(0, "pid", pa.array([n % PERSONS for n in range(table.num_rows)]).cast(kind))


def test_a_person_is_one_person_whatever_type_of_number_a_table_has(world: World) -> None:
    write_source(
        world.source,
        person=numbered(person_table(), pa.int16()),
        stay=numbered(stay_table(), pa.float64()),
        note=numbered(note_table(), pa.uint64()),
    )
    (world.source / "opt-out.txt").write_text("007\n", encoding="utf-8")
    world.issue()
    folder = world.build()
    persons = {name: {row["pid"] for row in rows(folder, name)} for name in TABLES}
    assert persons["person"] == persons["note"] >= persons["stay"]
    assert len(persons["person"]) == PERSONS - 1


def test_an_objection_that_cannot_be_understood_stops_the_build(world: World) -> None:
    write_source(
        world.source,
        **{
            name: numbered(table, pa.int64())
            for name, table in (("person", person_table()), ("stay", stay_table()), ("note", note_table()))
        },
    )
    (world.source / "opt-out.txt").write_text("1\nMartin, Alice\n", encoding="utf-8")
    world.issue()
    with pytest.raises(PackInputError, match="Line 2 of the opt-out list") as caught:
        world.build()
    assert "Martin" not in str(caught.value)
    assert world.refusals() == ["extract.input"]


def test_a_person_key_of_two_kinds_is_refused(world: World) -> None:
    write_source(world.source, stay=numbered(stay_table(), pa.int64()))
    world.issue()
    with pytest.raises(PackInputError, match="text everywhere or whole numbers everywhere"):
        world.build()


def test_a_missing_table_or_column_is_refused_with_an_event(world: World) -> None:
    world.issue()
    (world.source / "note.parquet").unlink()
    with pytest.raises(PackInputError, match=r"no file note\.parquet"):
        world.build()
    write_source(world.source, note=note_table().drop_columns(["kind"]))
    with pytest.raises(PackInputError, match="note, lacks kind"):
        world.build()
    assert world.refusals() == ["extract.input"] * 2
    assert world.left_over() == []


def test_data_that_contradict_the_catalogue_are_refused_with_an_event(world: World) -> None:
    write_source(world.source, stay=stay_table(cost=[5000.0] * STAYS))
    world.issue()
    with pytest.raises(PackError, match="cost: values outside its bounds"):
        world.build()
    assert world.refusals() == ["extract.contradiction"]
    assert world.left_over() == []


@pytest.mark.parametrize(
    ("first", "last", "rule"),
    [
        ("2026-05-02", "2026-09-30", "permit.not_begun"),
        ("2026-05-01", "2026-05-01", None),
        ("2026-04-01", "2026-04-30", "permit.ended"),
    ],
)
def test_a_build_needs_a_permit_in_force(world: World, first: str, last: str, rule: str | None) -> None:
    world.issue(valid_from=date.fromisoformat(first), valid_until=date.fromisoformat(last))
    if rule is None:
        assert world.build().is_dir()
        return
    with pytest.raises(RefusedError):
        world.build()
    assert world.refusals() == [rule]


def test_a_project_without_permit_gets_nothing_and_leaves_an_event(world: World) -> None:
    with pytest.raises(RefusedError, match="no permit"):
        world.build("nothing")
    assert world.refusals() == ["permit.missing"]
    assert not (world.root / "keys").exists()


def test_the_event_names_the_folder_and_the_manifests_digest(world: World) -> None:
    world.issue()
    folder = world.build()
    event = world.log.read()[-1]
    assert event.kind == "extract.built"
    assert event.body["folder"] == folder.name
    assert event.body["digest"] == open_extract(folder).sha256
    assert event.body["rows"]["person"] == PERSONS
    assert folder.name.startswith("20260501T120000Z-")
    assert folder.name.endswith(event.body["digest"][:12])


def test_the_key_is_the_projects_own_and_private(world: World) -> None:
    world.issue("care")
    world.issue("other")
    world.build("care")
    world.build("other")
    keys = sorted((world.root / "keys").iterdir())
    assert [path.name for path in keys] == ["care.key", "other.key"]
    assert all(path.stat().st_mode & 0o777 == 0o600 and path.stat().st_size == 32 for path in keys)
    assert keys[0].read_bytes() != keys[1].read_bytes()


@pytest.mark.parametrize(
    ("content", "mode", "why"),
    [(b"short", 0o600, "damaged"), (b"k" * 33, 0o600, "damaged"), (b"k" * 32, 0o644, "open to others")],
)
def test_a_damaged_or_open_key_stops_the_build(world: World, content: bytes, mode: int, why: str) -> None:
    world.issue()
    (world.root / "keys").mkdir()
    key = world.root / "keys" / "care.key"
    key.write_bytes(content)
    key.chmod(mode)
    with pytest.raises(PackInputError, match=why):
        world.build()
    assert key.read_bytes() == content
    assert world.refusals() == ["extract.input"]


def test_the_sandbox_user_can_read_and_only_read(world: World) -> None:
    world.issue()
    folder = world.build()
    assert folder.stat().st_mode & 0o777 == 0o755
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o644}
    assert os.access(folder.parent, os.X_OK)


def test_stays_of_the_source_are_unknown_to_the_extract(world: World) -> None:
    world.issue()
    stays = {row["sid"] for row in rows(world.build(), "stay")}
    assert stays.isdisjoint({stay_key(n) for n in range(STAYS)})
    assert all(len(stay) == 32 for stay in stays)
