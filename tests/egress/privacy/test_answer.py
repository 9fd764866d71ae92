"""Tables from noisy numbers: means and shares from their parts, intervals, digits, notes, what a report tells."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

import pytest

from egress.privacy.answer import Answer, DpTable, Interval, Noise, table_of
from egress.privacy.spec import DpSpec, Kind, OutputColumn, Shape, Statistic
from egress.privacy.told import told
from hub.words import Message
from tests.egress.privacy.releases import spec

MEAN = spec("SELECT avg(cost) AS m FROM t")  # steps of 0.001 around 500
TINY = 1e-9  # a scale that leaves no noise but the half unit that every interval has


def answer(*noisy: tuple[int, ...], scales: tuple[float, ...], halves: tuple[int, ...] = ()) -> Answer:
    widths = halves or (0,) * len(scales)
    return Answer(Noise(10**8, 1.0, 1e-6, 0.95, scales, widths, widths), noisy)


def made(statistics: tuple[Statistic, ...], column: OutputColumn) -> DpSpec:
    return DpSpec("s", ("t",), (), "t.pid", 3, (), None, statistics, (column,))


def one(asked: DpSpec, drawn: Answer) -> tuple[Any, Interval | None]:
    table = table_of(asked, drawn)
    return table.rows[0][0], table.intervals[0][0]


def test_a_mean_is_its_centre_plus_noisy_sum_over_noisy_count() -> None:
    mean, pair = one(MEAN, answer((10**10,), (100_000,), scales=(TINY, TINY)))
    assert mean == pytest.approx(600, abs=0.01)
    assert pair is not None
    assert pair[0] <= 600 <= pair[1]
    assert pair[1] - pair[0] < 0.01


def test_a_mean_and_its_interval_stay_within_the_bounds() -> None:
    assert one(MEAN, answer((10**15,), (1000,), scales=(TINY, TINY))) == (1000.0, (999.9995, 1000.0))
    mean, pair = one(MEAN, answer((0,), (100,), scales=(1e12, 1.0)))
    assert (mean, pair) == (500.0, (0.0, 1000.0))


# 1.96 standard deviations, and half a unit for whole numbers: 1.96 · (10 + 0.5) = 20.58
@pytest.mark.parametrize(("count", "is_told"), [(21, True), (20, False), (0, False), (-40, False)])
def test_a_mean_of_a_count_that_could_be_noise_is_not_told(count: int, *, is_told: bool) -> None:
    mean, pair = one(MEAN, answer((7,), (count,), scales=(1.0, 10.0)))
    assert (mean is not None) is is_told
    assert (pair is not None) is is_told


SHARE = made(
    (Statistic(Kind.ROWS), Statistic(Kind.VALUES, "t.cost")), OutputColumn("s", Shape.SHARE, (1, 0), scale=100)
)


@pytest.mark.parametrize(("part", "shown"), [(250, 25.0), (-3, 0.0), (1010, 100.0)])
def test_a_share_is_between_nothing_and_the_whole(part: int, shown: float) -> None:
    share, pair = one(SHARE, answer((1000,), (part,), scales=(5.0, 5.0)))
    assert share == pytest.approx(shown, abs=0.1)
    assert pair is not None
    assert 0 <= pair[0] <= share <= pair[1] <= 100


@pytest.mark.parametrize("kinds", [(Kind.PERSONS, Kind.ROWS), (Kind.ROWS, Kind.PERSONS)])
def test_a_share_of_what_is_no_part_is_not_cut_at_the_whole(kinds: tuple[Kind, Kind]) -> None:
    asked = made((Statistic(kinds[0]), Statistic(kinds[1])), OutputColumn("per", Shape.SHARE, (1, 0)))
    share, pair = one(asked, answer((1000,), (3000,), scales=(5.0, 5.0)))
    assert share == pytest.approx(3, abs=0.02)
    assert pair is not None
    assert 2.9 < pair[0] < 3 < pair[1] < 3.1


def test_numbers_have_the_digits_that_their_interval_supports() -> None:
    asked = spec("SELECT sum(cost) AS c FROM t")  # steps of 0.001
    drawn = answer((123_456_789,), scales=(1000.0,), halves=(53_417,))
    assert one(asked, drawn) == (123_457.0, (123_403.0, 123_511.0))  # 123456.789 ± 53.417, outwards
    share, pair = one(SHARE, answer((1000,), (333,), scales=(5.0, 5.0)))
    assert (share, pair) == (33.3, (32.1, 34.5))


def test_counts_keep_their_digits_and_their_sign() -> None:
    asked = spec("SELECT sex, count(*) AS n FROM t GROUP BY sex")
    table = table_of(asked, answer((-7, 123_456), scales=(1.0,), halves=(900,)))
    assert table.rows == (("F", -7), ("M", 123_456))
    assert table.intervals == ((None, (0, 893)), (None, (122_556, 124_356)))
    assert any("negative" in note.text for note in table.notes)


def test_a_sum_of_what_may_be_negative_has_no_floor() -> None:
    assert one(spec("SELECT sum(grade) AS g FROM t"), answer((3,), scales=(1.0,), halves=(20,)))[1] == (-17, 23)
    assert one(spec("SELECT sum(cost) AS c FROM t"), answer((3000,), scales=(1.0,), halves=(20_000,)))[1] == (0, 23)


QUANTILE = made(
    (Statistic(Kind.QUANTILE, "t.cost", -1, 0, 100, 0, None, (1, 2), (0, 25, 50, 100)),),
    OutputColumn("median", Shape.QUANTILE, (0,)),
)


def test_a_quantile_is_a_candidate_with_ranks_and_without_interval() -> None:
    table = table_of(QUANTILE, answer((2,), scales=(4.0,), halves=(31,)))
    assert (table.rows, table.intervals) == (((5.0,),), ((None,),))
    assert [(column.ranks, column.scale, column.half_width) for column in table.accuracies] == [(31, None, None)]


@pytest.mark.parametrize("place", [-1, 4])
def test_a_quantile_that_is_no_candidate_is_no_table(place: int) -> None:
    with pytest.raises(ValueError, match="another spec"):
        table_of(QUANTILE, answer((place,), scales=(4.0,)))


@pytest.mark.parametrize("scale", [0.0, -1.0, math.nan, math.inf])
def test_noise_of_no_size_is_no_answer(scale: float) -> None:
    with pytest.raises(ValueError, match="another spec"):
        table_of(QUANTILE, answer((1,), scales=(scale,)))


def test_a_report_tells_every_column_in_order_and_survives_json() -> None:
    asked = spec("SELECT sex, count(*) AS n, avg(cost) AS m FROM t GROUP BY sex")
    kinds = [one.kind for one in asked.statistics]
    drawn = answer(*((900, 20) for _ in kinds), scales=(10.0,) * len(kinds), halves=(19,) * len(kinds))
    table = table_of(asked, drawn)
    report = told(table, Decimal("0.1"))
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert (report["form"], report["rho"], report["charged"]) == ("bulle.dp-told/2", "0.1", "0.1")
    assert [(c["name"], c["shape"], c["half_width"]) for c in report["columns"]] == [
        ("sex", "key", None),
        ("n", "count", 19.0),
        ("m", "mean", None),
    ]
    assert report["intervals"][1] == [None, [1, 39], None]  # a mean of 20 persons is noise at this scale
    assert table.rows[1][2] is None
    assert [str(Message.from_dict(note)) for note in report["notes"]] == [str(note) for note in table.notes]
    assert isinstance(table, DpTable)
