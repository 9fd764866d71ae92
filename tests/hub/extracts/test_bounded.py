"""Bounded copies: at most so many rows of a person, chosen by that person's rows alone."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from hub.catalogue.model import Catalogue
from hub.extracts.bounded import limits
from hub.extracts.contradiction import PackError
from hub.extracts.manifest import MANIFEST, Manifest
from hub.extracts.pack import Provenance, pack
from hub.extracts.person_number import PERSON_NUMBER
from hub.extracts.plan import ExtractPlan, plan_extract
from hub.extracts.reader import ExtractError, open_extract
from hub.policy.files import read_purposes
from hub.policy.verdict import Refusal
from tests.hub.extracts.world import NOW
from tests.hub.extracts.world import catalogue as hospital
from tests.hub.policy.permits import a_permit

Rows = Sequence[tuple[str, int]]


def described(most: int | None) -> Catalogue:
    column = {"type": "integer", "description": "d"}
    table = {"columns": {"x": column}, "rows_per_person": most}
    return Catalogue.model_validate({"source": {"name": "s", "person_key": "pid"}, "tables": {"t": table}})


def packed(folder: Path, rows: Rows, most: int | None, asked: int | None) -> Manifest:
    folder.mkdir(parents=True)
    file = folder / "t.parquet"
    pq.write_table(pa.table({"pid": [pid for pid, _ in rows], "x": pa.array([x for _, x in rows], pa.int64())}), file)
    provenance = Provenance(dp_rows={} if asked is None else {"t": asked})
    return pack(described(most), {"t": file}, folder / "out", NOW, provenance)


def kept(folder: Path) -> dict[str, Counter[int]]:
    """The values of each person's rows in the copy; persons by their key, which the ordinary file tells."""
    ordinary = pq.read_table(folder / "out" / "t.parquet")
    keys = dict(zip(ordinary[PERSON_NUMBER].to_pylist(), ordinary["pid"].to_pylist(), strict=True))
    copy = pq.read_table(folder / "out" / "t.dp.parquet")
    assert copy.column_names == ["x", PERSON_NUMBER]
    found: dict[str, Counter[int]] = {}
    for number, value in zip(copy[PERSON_NUMBER].to_pylist(), copy["x"].to_pylist(), strict=True):
        found.setdefault(keys[number], Counter())[value] += 1
    return found


@pytest.mark.parametrize(("rows", "lost", "cut"), [(2, 0, 0), (3, 0, 0), (4, 1, 1)])
def test_rows_beyond_the_limit_are_left_out_and_told(tmp_path: Path, rows: int, lost: int, cut: int) -> None:
    manifest = packed(tmp_path / "e", [("a", at) for at in range(rows)] + [("b", 7)], None, 3)
    copy = manifest.bounded["t"]
    assert (copy.rows_per_person, copy.lost_rows, copy.cut_persons) == (3, lost, cut)
    assert copy.rows == rows + 1 - lost
    found = kept(tmp_path / "e")
    assert found["a"].total() == min(3, rows)
    assert found["b"] == Counter({7: 1})


def test_what_stays_are_rows_of_the_table(tmp_path: Path) -> None:
    rows = [("a", 5)] * 4 + [("a", 6)] * 2 + [("b", 5)] * 3
    packed(tmp_path / "e", rows, None, 3)
    for pid, values in kept(tmp_path / "e").items():
        assert values <= Counter(x for person, x in rows if person == pid)


@settings(max_examples=12, deadline=None)
@given(
    rows=st.lists(st.tuples(st.sampled_from("bcdef"), st.integers(0, 4)), min_size=1, max_size=25),
    more=st.lists(st.integers(0, 4), min_size=1, max_size=6),
    pid=st.sampled_from(["a", "bb", "z"]),
)
def test_one_person_more_changes_nobody_elses_rows(
    tmp_path_factory: pytest.TempPathFactory, rows: Rows, more: list[int], pid: str
) -> None:
    """Also where the person comes first and every other person's number moves."""
    folder = tmp_path_factory.mktemp("neighbours")
    packed(folder / "without", rows, None, 2)
    packed(folder / "with", [*((pid, x) for x in more), *rows], None, 2)
    without, with_ = kept(folder / "without"), kept(folder / "with")
    assert with_.pop(pid).total() == min(2, len(more))
    assert with_ == without


def test_the_same_data_give_the_same_copy_in_an_order_that_is_not_the_persons(tmp_path: Path) -> None:
    rows = [(f"p{at:03}", at % 7) for at in range(300)]
    digests = {
        packed(tmp_path / name, listed, 1, None).bounded["t"].sha256
        for name, listed in (("forth", rows), ("back", rows[::-1]))
    }
    assert len(digests) == 1
    numbers = pq.read_table(tmp_path / "forth" / "out" / "t.dp.parquet")[PERSON_NUMBER].to_pylist()
    assert sorted(numbers) == list(range(300)) != numbers
    near = sum(abs(one - other) == 1 for one, other in pairwise(numbers))
    assert near < 20  # two of 299 neighbours are expected; sorted rows would be 299


@pytest.mark.parametrize("most", [1, 3, 4])
def test_order_and_choice_of_rows_know_no_value(tmp_path: Path, most: int) -> None:
    """Of the values 0 to 3 of each person each stays as often; where a row lies says neither its value nor whose it is.

    Ranks of so many rows are normal; each test rejects what is even with probability 1e-6.
    """
    persons = 1500
    packed(tmp_path / "e", [(f"p{at:04}", x) for x in range(4) for at in range(persons)], None, most)
    copy = pq.read_table(tmp_path / "e" / "out" / "t.dp.parquet")
    values, numbers = np.array(copy["x"].to_pylist()), np.array(copy[PERSON_NUMBER].to_pylist())
    share = most / 4
    spread = math.sqrt(persons * share * (1 - share))
    assert all(abs(int(np.sum(values == x)) - persons * share) <= 5 * spread for x in range(4))
    for told in (values, numbers):
        assert abs(float(spearmanr(np.arange(len(told)), told).statistic)) < 5 / math.sqrt(len(told))


def test_limits_are_the_permits_within_the_catalogues() -> None:
    tables = described(3).tables
    assert limits(tables, {}) == {"t": 3}
    assert [limits(tables, {"t": asked})["t"] for asked in (2, 3, 4)] == [2, 3, 3]
    assert limits(described(None).tables, {}) == {}
    assert limits(described(None).tables, {"t": 9}) == {"t": 9}


def test_a_table_without_a_limit_has_no_copy(tmp_path: Path) -> None:
    assert packed(tmp_path / "e", [("a", 1)], None, None).bounded == {}
    assert not (tmp_path / "e" / "out" / "t.dp.parquet").exists()


def test_more_rows_than_the_catalogue_says_are_no_extract(tmp_path: Path) -> None:
    """A declared bound is a fact that packing counts; a permit's is a cut."""
    with pytest.raises(PackError):
        packed(tmp_path / "e", [("a", 1)] * 4, 3, 2)


@pytest.mark.parametrize("change", ["missing", "changed", "renamed", "link"])
def test_tampering_with_a_copy_is_found(tmp_path: Path, change: str) -> None:
    packed(tmp_path / "e", [("a", 1), ("b", 2)], 1, None)
    out = tmp_path / "e" / "out"
    copy = out / "t.dp.parquet"
    out.chmod(0o755)
    if change == "missing":
        copy.unlink()
    elif change == "changed":
        copy.write_bytes(copy.read_bytes()[:-1] + b"x")
    elif change == "link":
        copy.rename(tmp_path / "elsewhere.parquet")
        copy.symlink_to(tmp_path / "elsewhere.parquet")
    else:
        text = (out / MANIFEST).read_text().replace("t.dp.parquet", "../t.parquet")
        (out / MANIFEST).write_text(text)
    with pytest.raises(ExtractError):
        open_extract(out, verify_digests=True)


def test_an_extract_packed_before_there_were_copies_opens(tmp_path: Path) -> None:
    manifest = packed(tmp_path / "e", [("a", 1)], 1, None)
    out = tmp_path / "e" / "out"
    old = manifest.model_dump_json(by_alias=True, exclude={"bounded"}, exclude_none=True)
    (out / MANIFEST).write_text(old)
    assert open_extract(out, verify_digests=True).manifest.bounded == {}


def asked(rows: int) -> Mapping[str, Any]:
    return {"stay": {"columns": ["cost"], "dp_rows_per_person": rows}}


@pytest.mark.parametrize(("rows", "granted"), [(2, True), (3, True), (4, False)])
def test_a_permit_stays_within_the_catalogue(rows: int, granted: bool) -> None:
    made = plan_extract(a_permit(tables=asked(rows)), hospital(), read_purposes())
    if granted:
        assert isinstance(made, ExtractPlan)
        assert made.tables[0].dp_rows == rows
    else:
        assert isinstance(made, Refusal)
        assert made.rule == "dp_rows.above"
