"""What synthetic rows may hold: public domains only, and no larger model than can be fitted."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from egress.privacy.spec import MAX_NUMBERS
from egress.privacy.synthetic import Algorithm, Cut, Listed, SyntheticSpec, from_json, to_json
from egress.privacy.synthetic_read import MAX_COLUMNS, MAX_MODEL, MAX_ROWS, read_synthetic
from hub.catalogue.model import Catalogue
from hub.policy.verdict import Refusal
from tests.egress.privacy.releases import MOST, manifest_of
from tests.egress.query.extracts import catalogue, one_table


def asked(
    *columns: str, rows: int = 100, algorithm: str = "fixed", described: Catalogue | None = None
) -> SyntheticSpec:
    manifest = manifest_of() if described is None else manifest_of(described)
    spec = read_synthetic("t", columns, rows, algorithm, manifest)
    assert isinstance(spec, SyntheticSpec), spec
    return spec


def refused(*columns: str, described: Catalogue | None = None, **other: Any) -> str:
    words = {"table": "t", "rows": 100, "algorithm": "fixed", **other}
    manifest = manifest_of() if described is None else manifest_of(described)
    found = read_synthetic(words["table"], columns, words["rows"], words["algorithm"], manifest)
    assert isinstance(found, Refusal), found
    return str(found.reason)


def sized(*sizes: int) -> Catalogue:
    """Columns a, b, … with so many places each, the one for no published value among them."""
    names = "abcdefghijklmnopqrstuvwxyz"
    columns = {
        name: {"type": "integer", "categories": list(range(size - 1))} for name, size in zip(names, sizes, strict=False)
    }
    return catalogue(one_table(columns, rows_per_person=MOST))


def test_a_column_is_its_published_values_or_classes() -> None:
    spec = asked("sex", "site", "insured", "grade", "since", "cost")
    day = date.toordinal
    assert spec.columns == (
        Listed("sex", ("F", "M")),
        Listed("site", (1, 2, 3)),
        Listed("insured", (False, True)),
        Listed("grade", (-2, -1, 0, 1, 2, 3, 4)),
        Cut("since", True, 0, (day(date(2020, 1, 1)), day(date(2022, 1, 1)), day(date(2024, 12, 31)))),
        Cut("cost", False, -3, tuple(range(0, 1_000_001, 100_000))),
    )
    assert (spec.source, spec.table, spec.rows_per_person) == ("s", "t", MOST)


def test_one_place_more_is_for_what_nobody_published() -> None:
    assert [one.size for one in asked("sex", "since", "cost").columns] == [3, 3, 11]


def test_breaks_cut_a_whole_number_column_too() -> None:
    described = catalogue(
        one_table(
            {
                "age": {"type": "integer", "bounds": [0, 64], "breaks": [0, 18, 64, 90]},
                "wide": {"type": "integer", "bounds": [0, 29]},
                "wider": {"type": "integer", "bounds": [0, 30]},
            },
            rows_per_person=MOST,
        )
    )
    age, wide, wider = asked("age", "wide", "wider", described=described).columns
    assert age == Cut("age", False, 0, (0, 18, 64, 64))
    assert wide == Listed("wide", tuple(range(30)))
    assert wider == Cut("wider", False, 0, tuple(range(0, 31, 3)))


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        (("sex",), "2 to"),
        (("sex", "sex"), "each once"),
        (tuple(f"c{at}" for at in range(MAX_COLUMNS + 1)), "2 to"),
        (("sex", "nowhere"), "does not describe"),
        (("sex", "pid"), "a key"),
        (("sex", "note"), "neither categories nor bounds"),
        (("sex", "free"), "neither categories nor bounds"),
        (("sex", "rate"), "neither categories nor bounds"),
        (("sex", "wide"), "too wide"),
    ],
)
def test_other_columns_are_refused_with_a_sentence(columns: tuple[str, ...], why: str) -> None:
    found = refused(*columns)
    assert why in found
    assert found.endswith(".")


def test_a_potential_identifier_is_refused() -> None:
    described = catalogue(
        one_table(
            {"sex": {"type": "boolean"}, "age": {"type": "integer", "bounds": [0, 9], "identifying": True}},
            rows_per_person=1,
        )
    )
    assert "potential identifier" in refused("sex", "age", described=described)


def test_a_row_key_is_refused() -> None:
    raw = one_table({"sex": {"type": "boolean"}, "visit": {"type": "integer", "bounds": [0, 9]}}, rows_per_person=1)
    raw["tables"]["t"]["row_key"] = "visit"
    assert "a key" in refused("sex", "visit", described=catalogue(raw))


def test_table_algorithm_and_persons_are_looked_at() -> None:
    assert "no table" in refused("sex", "site", table="nowhere")
    assert "no table" in refused("sex", "site", table="t; DROP TABLE t")
    assert "one of: fixed, aim, mst" in refused("sex", "site", algorithm="gan")
    without = catalogue(one_table({"a": {"type": "boolean"}, "b": {"type": "boolean"}}))
    assert "rows_per_person" in refused("a", "b", described=without)


@pytest.mark.parametrize(
    ("rows", "fits"),
    [
        *dict.fromkeys((1, 9, 10, 700, MAX_ROWS), True).items(),
        *dict.fromkeys((0, 11, 150, MAX_ROWS - 1, 2 * MAX_ROWS), False).items(),
    ],
)
def test_rows_are_a_round_number_below_a_limit(rows: int, fits: bool) -> None:
    found = read_synthetic("t", ("sex", "site"), rows, "fixed", manifest_of())
    assert isinstance(found, SyntheticSpec) is fits


def test_all_pairs_are_measured_where_the_joint_table_fits() -> None:
    spec = asked("sex", "site", "insured", "grade")
    assert spec.width == 3
    assert len(spec.marginals) == 4 + 6
    assert spec.numbers == (3 + 4 + 3 + 8) + (12 + 9 + 24 + 12 + 32 + 24)


def test_else_those_that_stand_near_each_other() -> None:
    spec = asked(*"abcdef", described=sized(14, 14, 14, 14, 14, 14))
    assert spec.width == 3
    assert spec.model == 3 * 14**4
    pairs = {marginal for marginal in spec.marginals if len(marginal) == 2}
    assert pairs == {(i, j) for i in range(6) for j in range(i + 1, min(6, i + 4))}


def test_the_model_has_a_limit() -> None:
    assert MAX_MODEL == 200_000
    assert asked(*"abc", described=sized(58, 58, 58)).width == 2
    assert asked(*"abc", described=sized(59, 58, 59)).width == 1


def test_the_numbers_have_a_limit() -> None:
    assert asked(*"ab", described=sized(199, 99)).numbers == 199 * 99 + 199 + 99 <= MAX_NUMBERS
    assert "combinations" in refused(*"ab", described=sized(199, 100))
    assert "more than the 200 categories" in refused(*"ab", described=sized(2, 201))


def test_an_algorithm_that_chooses_pairs_may_choose_any() -> None:
    spec = asked(*"abcde", algorithm="aim", described=sized(20, 20, 20, 20, 30))
    assert (spec.width, spec.numbers) == (4, 110 + 5 * 600)
    assert "combinations" in refused(*"ab", algorithm="mst", described=sized(101, 99))


def test_a_spec_comes_back_from_json_and_every_part_is_digested() -> None:
    spec = asked("sex", "since", "cost", "insured")
    assert from_json(to_json(spec)) == spec
    others = [
        asked("sex", "since", "cost", "insured", rows=200),
        asked("sex", "since", "cost", "insured", algorithm="mst"),
        asked("sex", "since", "cost"),
    ]
    assert len({one.digest for one in (spec, *others)}) == 4
    assert asked("insured", "cost", "since", "sex") == spec  # the author's order says nothing
    assert spec.algorithm is Algorithm.FIXED
