"""What a new catalogue would change, and which permits it would not suit any more."""

from __future__ import annotations

from typing import Any

from hub.administration.catalogues import broken, differences
from hub.catalogue.model import Catalogue
from tests.hub.administration.world import CATALOGUE, known
from tests.hub.policy.permits import a_permit


def changed(**columns: Any) -> Catalogue:
    raw = CATALOGUE.model_dump(mode="json", exclude_none=True)
    for name, column in columns.items():
        if column is None:
            del raw["tables"]["stay"]["columns"][name]
        else:
            raw["tables"]["stay"]["columns"][name] = column
    return Catalogue.model_validate(raw)


def test_the_same_catalogue_changes_nothing() -> None:
    assert differences(CATALOGUE, CATALOGUE) == ()
    assert differences(CATALOGUE, changed()) == ()


def test_each_fact_that_differs_is_told_with_both_sides() -> None:
    age = {"type": "integer", "description": "Age in years", "bounds": [0, 99], "breaks": [18, 65]}
    found = {each.where: (each.before, each.after) for each in differences(CATALOGUE, changed(age=age, region=None))}
    assert found == {
        "stay.age": ("Age", "Age in years"),
        "stay.age: bounds": ("0, 110", "0, 99"),
        "stay.age: identifying": ("True", ""),
        "stay.region": ("Region", ""),
        "stay.region: type": ("string", ""),
        "stay.region: categories": ("north, south", ""),
    }


def test_of_a_new_source_everything_is_told() -> None:
    found = differences(None, CATALOGUE)
    assert all(each.before == "" for each in found)
    assert {"source: person_key", "stay", "stay: row_key", "stay.age: breaks"} <= {each.where for each in found}


def test_the_permits_that_it_does_not_suit_are_named() -> None:
    state = known(a_permit(), a_permit(project="heart", tables={"stay": {"columns": ["year"]}}))
    found = broken(changed(region=None), state)
    assert [each.project for each in found] == ["care"]
    assert "column region" in str(found[0].refusals[0].reason)
    assert broken(CATALOGUE, state) == ()
