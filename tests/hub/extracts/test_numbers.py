"""Numbers of persons: one per key in all tables, dense, in the order of keys, and rows lie in their order."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hub.extracts.manifest import MANIFEST
from hub.extracts.pack import pack
from hub.extracts.person_number import PERSON_NUMBER
from hub.extracts.reader import open_extract
from tests.hub.extracts.world import NOW, catalogue, person_table, stay_table, write_source


def pairs(path: Path) -> list[tuple[object, int]]:
    table = pq.read_table(path)
    return list(zip(table["pid"].to_pylist(), table[PERSON_NUMBER].to_pylist(), strict=True))


def test_a_number_is_the_rank_of_the_key_in_all_tables(tmp_path: Path) -> None:
    strangers = person_table().slice(0, 30)  # persons with stays only are numbered too
    manifest = pack(catalogue(), write_source(tmp_path / "source", person=strangers), tmp_path / "out", NOW)
    found = {name: pairs(tmp_path / "out" / f"{name}.parquet") for name in ("person", "stay")}
    ranks = {key: rank for rank, key in enumerate(sorted({key for each in found.values() for key, _ in each}, key=str))}
    assert manifest.numbered == len(ranks) == 40
    for each in found.values():
        assert each == sorted(each, key=lambda pair: pair[1])
        assert all(ranks[key] == number for key, number in each)
    assert pq.read_schema(tmp_path / "out" / "stay.parquet").field(PERSON_NUMBER).type == pa.uint32()


def test_the_number_stands_in_no_catalogue_and_no_column_of_a_source_can_have_its_name(tmp_path: Path) -> None:
    files = write_source(tmp_path / "source", person=person_table(**{PERSON_NUMBER: list(range(1000, 1040))}))
    manifest = pack(catalogue(), files, tmp_path / "out", NOW)
    assert all(PERSON_NUMBER not in table.columns for table in manifest.catalogue.tables.values())
    assert max(number for _, number in pairs(tmp_path / "out" / "person.parquet")) == 39


def test_an_extract_packed_before_there_were_numbers_still_opens(tmp_path: Path) -> None:
    pack(catalogue(), write_source(tmp_path / "source"), tmp_path / "out", NOW)
    raw = json.loads((tmp_path / "out" / MANIFEST).read_text())
    del raw["numbered"]
    (tmp_path / "out" / MANIFEST).write_text(json.dumps(raw))
    assert open_extract(tmp_path / "out").manifest.numbered is None


@pytest.mark.parametrize("keys", [[7, 3], ["7", "3"]])
def test_keys_of_two_types_get_no_numbers(tmp_path: Path, keys: list[object]) -> None:
    stays = stay_table().slice(0, 2).set_column(0, "pid", pa.array(keys))
    manifest = pack(catalogue(), write_source(tmp_path / "source", stay=stays), tmp_path / "out", NOW)
    texts = isinstance(keys[0], str)
    assert (manifest.numbered is not None) == texts
    assert (PERSON_NUMBER in pq.read_schema(tmp_path / "out" / "stay.parquet").names) == texts
