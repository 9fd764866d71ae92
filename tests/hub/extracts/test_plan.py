"""Plans: what a permit gives, and why it does not."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hub.catalogue.model import Catalogue, ColumnType
from hub.extracts.plan import ExtractPlan, data_refusals, permit_digest, plan_extract
from hub.policy.files import read_purposes
from hub.policy.verdict import Refusal
from tests.hub.extracts.world import CATALOGUE, catalogue
from tests.hub.policy.permits import a_permit


def plan(tables: dict[str, Any], **changes: Any) -> ExtractPlan | Refusal:
    return plan_extract(a_permit(tables=tables, **changes), catalogue(), read_purposes())


def planned(tables: dict[str, Any], **changes: Any) -> ExtractPlan:
    made = plan(tables, **changes)
    assert isinstance(made, ExtractPlan)
    return made


def test_a_plan_holds_what_is_granted_and_nothing_else() -> None:
    made = planned({"stay": {"columns": ["cost", "year"], "years": {"column": "year", "first": 2021, "last": 2022}}})
    assert [(table.name, table.columns) for table in made.tables] == [("stay", ("year", "cost"))]
    assert list(made.catalogue.tables) == ["stay"]
    assert list(made.catalogue.tables["stay"].columns) == ["year", "cost"]
    assert made.catalogue.tables["stay"].row_key is None  # not granted, so it does not enter
    assert made.catalogue.tables["stay"].rows_per_person == 3
    assert made.catalogue.tables["stay"].columns["year"].bounds == (2021, 2022)
    assert (made.project, made.source, made.rules) == ("care", "hospital", "health-fr")
    assert made.permit_sha256 == permit_digest(a_permit(tables=made_tables(made)))


def made_tables(_made: ExtractPlan) -> dict[str, Any]:
    return {"stay": {"columns": ["cost", "year"], "years": {"column": "year", "first": 2021, "last": 2022}}}


def test_keys_that_lead_back_to_the_source_are_replaced_wherever_they_stand() -> None:
    made = planned({"stay": {"columns": ["sid", "cost"]}, "note": {"columns": ["sid", "kind"]}})
    assert made.keys == {"pid", "sid"}
    assert made.catalogue.tables["stay"].row_key == "sid"
    assert made.catalogue.tables["note"].columns["sid"].type is ColumnType.STRING


@pytest.mark.parametrize(
    ("tables", "changes", "rule"),
    [
        ({"stay": {"columns": ["cost"]}}, {"source": "other"}, "source.other"),
        ({"stay": {"columns": ["cost"]}}, {"purpose": "insurance-selection"}, "purpose.forbidden"),
        ({"stay": {"columns": ["cost"]}}, {"purpose": "curiosity"}, "purpose.unknown"),
        ({"visit": {"columns": ["cost"]}}, {}, "table.unknown"),
        ({"stay": {"columns": ["cost", "price"]}}, {}, "column.unknown"),
        ({"stay": {"columns": ["cost", "Cost"]}}, {}, "column.unknown"),
        ({"stay": {"columns": ["cost", "pid"]}}, {}, "column.person_key"),
        ({"stay": {"columns": ["sid"]}}, {}, "column.none"),
        ({"stay": {"columns": ["cost"], "years": {"column": "age", "first": 1, "last": 2}}}, {}, "years.column"),
        ({"stay": {"columns": ["cost"], "years": {"column": "cost", "first": 1, "last": 2}}}, {}, "years.column"),
        (
            {"stay": {"columns": ["cost"], "years": {"column": "year", "first": 2026, "last": 2027}}},
            {},
            "years.outside",
        ),
        (
            {"stay": {"columns": ["cost"], "years": {"column": "year", "first": 2010, "last": 2019}}},
            {},
            "years.outside",
        ),
        ({"stay": {"columns": ["cost"], "years": {"column": "day", "first": 0, "last": 99999}}}, {}, "years.outside"),
    ],
)
def test_what_cannot_be_given_is_refused_by_its_rule(
    tables: dict[str, Any], changes: dict[str, Any], rule: str
) -> None:
    made = plan(tables, **changes)
    assert isinstance(made, Refusal)
    assert made.rule == rule
    assert str(made.reason)


@pytest.mark.parametrize(
    ("first", "last", "bounds"),
    [(2019, 2020, (2020, 2020)), (2020, 2025, (2020, 2025)), (2025, 2026, (2025, 2025)), (2021, 2021, (2021, 2021))],
)
def test_years_cut_the_bounds_that_the_manifest_will_tell(first: int, last: int, bounds: tuple[int, int]) -> None:
    made = planned({"stay": {"columns": ["year"], "years": {"column": "year", "first": first, "last": last}}})
    assert made.catalogue.tables["stay"].columns["year"].bounds == bounds


def test_years_of_a_date_column() -> None:
    made = planned({"stay": {"columns": ["day"], "years": {"column": "day", "first": 2021, "last": 2022}}})
    assert made.catalogue.tables["stay"].columns["day"].bounds == (date(2021, 1, 1), date(2022, 12, 31))
    assert made.tables[0].years_type is ColumnType.DATE


def test_everything_against_the_data_is_told_at_once() -> None:
    permit = a_permit(tables={"visit": {"columns": ["x"]}, "stay": {"columns": ["pid", "price"]}})
    assert [each.rule for each in data_refusals(permit, catalogue())] == [
        "table.unknown",
        "column.person_key",
        "column.unknown",
        "column.none",
    ]


@pytest.mark.parametrize(("columns", "warned"), [(["sex", "birth"], False), (["birth", "commune"], True)])
def test_two_potential_identifiers_of_one_table_are_allowed_with_a_warning(columns: list[str], warned: bool) -> None:
    made = planned({"person": {"columns": columns}})
    assert any("single persons out" in str(warning) for warning in made.warnings) is warned


def test_rules_other_than_the_holders_are_told() -> None:
    made = planned({"stay": {"columns": ["cost"]}}, rules="acro-default")
    assert any("health-fr" in str(warning) and "acro-default" in str(warning) for warning in made.warnings)


def test_a_key_listed_with_bounds_becomes_text_without_any() -> None:
    raw = {**CATALOGUE, "tables": {**CATALOGUE["tables"]}}
    raw["tables"]["note"] = {
        "columns": {
            "sid": {"type": "integer", "description": "d", "bounds": [1, 9]},
            "kind": CATALOGUE["tables"]["note"]["columns"]["kind"],
        }
    }
    permit = a_permit(tables={"note": {"columns": ["sid", "kind"]}})
    made = plan_extract(permit, Catalogue.model_validate(raw), read_purposes())
    assert isinstance(made, ExtractPlan)
    column = made.catalogue.tables["note"].columns["sid"]
    assert (column.type, column.bounds) == (ColumnType.STRING, None)
