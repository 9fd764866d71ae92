"""What is drawn is the table that leaves, in Vega-Lite that follows its schema; what does not fit is told."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import altair
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.charts.vega import drawing, misfit
from egress.checks.table import Table
from egress.outputs.charts import CHANNELS, MARKS, SCALES, TYPES, Channel, Chart

TABLE = Table(("region", "sex", "stays", "mean"), (
    ("north", "female", 120, Decimal("3.5")),
    ("north", "male", None, None),
    (None, "male", 30, 2.5),
    ("Total", "male", 150, 3.0),
))  # fmt: skip
REGION, SEX = Channel("x", "region", "nominal"), Channel("color", "sex", "nominal")
STAYS = Channel("y", "stays", "quantitative")


@pytest.mark.parametrize(
    ("channels", "told"),
    [
        ((REGION, SEX, STAYS), None),
        ((Channel("x", "age", "nominal"), STAYS), "no column age"),
        ((Channel("x", "region", "quantitative"), STAYS), "region holds no numbers"),
        ((REGION, STAYS), "at one place"),
        ((SEX, STAYS), "at one place"),
        ((STAYS,), "at one place"),
    ],
)
def test_a_chart_fits_when_every_row_has_its_own_place(channels: tuple[Channel, ...], told: str | None) -> None:
    wrong = misfit(Chart("bar", channels), TABLE)
    assert (wrong is None) if told is None else told in str(wrong)


def test_points_may_lie_upon_each_other() -> None:
    assert misfit(Chart("point", (Channel("x", "mean", "quantitative"), STAYS)), TABLE) is None


def test_the_only_data_are_the_tables_rows_and_a_suppressed_value_stays_out() -> None:
    made = drawing(Chart("bar", (REGION, SEX, STAYS)), TABLE, "Stays")
    assert made["data"] == {
        "values": [
            {"region": "north", "sex": "female", "stays": 120, "mean": 3.5},
            {"region": "north", "sex": "male", "stays": None, "mean": None},
            {"region": "–", "sex": "male", "stays": 30, "mean": 2.5},
            {"region": "Total", "sex": "male", "stays": 150, "mean": 3.0},
        ]
    }
    assert set(made) == {"$schema", "data", "title", "mark", "encoding", "width", "height", "config"}


FACETS = {"column", "row"}
fields = st.sampled_from(("region", "sex", "stays", "mean"))
channels = st.lists(st.sampled_from(CHANNELS), min_size=1, max_size=4, unique=True).flatmap(
    lambda names: st.tuples(*(
        st.builds(
            Channel,
            st.just(name),
            fields,
            st.sampled_from(TYPES[name in FACETS :]),
            st.sampled_from(("unsaid", "ascending", "descending", *(() if name in FACETS else ("-y", None)))),
            st.just("unsaid") if name not in {"x", "y"} else st.sampled_from(("unsaid", "zero", "normalize", None)),
            st.sampled_from(("unsaid", *(() if name in FACETS else SCALES))),
            st.sampled_from(("unsaid", *(() if name in FACETS else (True, False)))),
        )
        for name in names
    ))
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(MARKS), channels, st.sampled_from(("", "Stays by region")))
def test_whatever_is_declared_the_drawing_follows_vega_lites_schema(
    mark: str, made: tuple[Channel, ...], title: str
) -> None:
    drawn: dict[str, Any] = json.loads(json.dumps(drawing(Chart(mark, made), TABLE, title)))
    altair.Chart.from_dict(drawn, validate=True)
