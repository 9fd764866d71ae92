"""bulle.release_frame: a pandas table with its microdata is a declaration with evidence by person, or a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import bulle
from bulle.frame import declared_frame
from egress.outputs.claimed import FRAME_MIME, Claimed
from egress.outputs.frames import MAX_ROWS, read_frame
from tests.bulle.shown import Shown, showing
from tests.extracts import rand_hie

WORDS = {"name": "by_sex", "units": "pid", "by": ["sex"]}


@pytest.fixture(scope="module")
def extract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rand_hie(tmp_path_factory.mktemp("rand-hie"))


@pytest.fixture
def shown(extract: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shown]:
    with showing(extract, monkeypatch) as call:
        yield call


@pytest.fixture
def rerun(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is shown, and no extract is looked at."""
    monkeypatch.setenv("BULLE_RERUN", "1")
    monkeypatch.setenv("BULLE_EXTRACT", "/nonexistent")


def visits(persons: int = 40) -> pd.DataFrame:
    """Two rows per person; person 0 has a thousand times the cost of the others."""
    frame = pd.DataFrame({"pid": np.repeat(np.arange(persons), 2)})
    frame["sex"] = np.where(frame.pid % 2 == 0, "F", "M")
    frame["region"] = np.where(frame.pid < 10, "North", "South")
    frame["cost"] = np.where(frame.pid == 0, 100_000.0, 100.0)
    frame["ill"] = frame.pid % 3 == 0
    return frame


def claimed(frame: Any, microdata: Any = None, **words: Any) -> Claimed:
    bundle = declared_frame({**WORDS, **words}, frame, microdata)
    emitted = read_frame(bundle[FRAME_MIME])
    assert emitted is not None
    return emitted.claimed


def refused(frame: Any, microdata: Any = None, **words: Any) -> str:
    """The sentence in place of a declaration."""
    bundle = declared_frame({**WORDS, **words}, frame, microdata)
    assert set(bundle) == {"text/html", "text/plain"}
    text = str(bundle["text/plain"])
    assert "\n" not in text
    return text


@pytest.mark.usefixtures("rerun")
class TestEvidence:
    def test_it_is_by_person_and_not_by_row(self) -> None:
        table = claimed(visits(), values="cost", agg=["rows", "persons", "sum"])
        assert table.columns == ("sex", "n", "persons", "sum_cost")
        assert table.rows == (("F", 40, 20, 203_800.0), ("M", 40, 20, 4_000.0))
        (first, _) = table.cells
        known = first.measures[2]
        assert (first.rows, first.persons) == (40, 20)
        assert known is not None
        assert (known["persons"], known["largest"], known["second"]) == (20, 200_000.0, 200.0)

    def test_margins_are_every_total(self) -> None:
        table = claimed(visits(), by=["sex", "region"], margins=True)
        assert sorted({cell.grouping for cell in table.cells}) == [(), (0,), (0, 1), (1,)]
        assert table.rows[-1] == (None, None, 80)

    def test_keys_may_be_anything_that_has_a_label(self) -> None:
        frame = visits()
        frame["day"] = pd.to_datetime("2024-01-01") + pd.to_timedelta(frame.pid % 2, unit="D")
        frame["year"] = 2020.0 + frame.pid % 2
        frame["age"] = pd.cut(frame.pid, [-1, 19, 100])
        frame["kind"] = pd.Categorical(frame.sex)
        assert [row[0] for row in claimed(frame, by="day").rows] == ["2024-01-01", "2024-01-02"]
        assert [row[0] for row in claimed(frame, by="year").rows] == [2020, 2021]
        assert [row[0] for row in claimed(frame, by="age").rows] == ["(-1, 19]", "(19, 100]"]
        assert [row[0] for row in claimed(frame, by="kind").rows] == ["F", "M"]
        assert [row[0] for row in claimed(frame, by="ill").rows] == [False, True]
        assert [row[0] for row in claimed(frame.set_index("sex")).rows] == ["F", "M"]

    def test_rows_without_a_key_are_left_out_as_pandas_leaves_them_out(self) -> None:
        frame = visits()
        frame.loc[0, "sex"] = None
        assert [row[1] for row in claimed(frame).rows] == list(frame.groupby("sex").size())

    def test_missing_values_count_for_nobody(self) -> None:
        frame = visits()
        frame.loc[frame.pid > 2, "cost"] = np.nan
        known = claimed(frame, values="cost").cells[0].measures[0]
        assert known is not None
        assert known["persons"] == 2

    def test_flags_are_shares(self) -> None:
        table = claimed(visits(), values="ill", agg="mean")
        assert table.measures[0].binary
        known = table.cells[0].measures[0]
        assert known is not None
        assert known["zeros"] == 13

    def test_a_table_without_keys_is_one_cell(self) -> None:
        assert claimed(visits(), by=[]).rows == ((80,),)

    def test_a_problem_leaves_nothing_in_a_rerun(self) -> None:
        assert declared_frame({**WORDS, "units": "nobody"}, visits(), None) == {}
        assert declared_frame({**WORDS, "units": 7}, visits(), None) == {}

    def test_ten_thousand_other_columns_do_not_matter(self) -> None:
        wide = pd.concat(
            [visits(), pd.DataFrame(0, index=range(80), columns=[f"c{at}" for at in range(10_000)])], axis=1
        )
        assert len(claimed(wide).rows) == 2


RESULTS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "crosstab": lambda frame: pd.crosstab(frame.sex, frame.region),
    "pivot_table": lambda frame: frame.pivot_table(index="sex", columns="region", values="cost", aggfunc="size"),
    "groupby": lambda frame: frame.groupby(["sex", "region"]).size(),
    "margins": lambda frame: pd.crosstab(frame.sex, frame.region, margins=True),
}


@pytest.mark.parametrize("made", RESULTS.values(), ids=RESULTS)
def test_a_result_with_its_microdata_is_enough(shown: Shown, made: Callable[[pd.DataFrame], Any]) -> None:
    frame = visits()
    (bundle,) = shown(bulle.release_frame, "by_sex", made(frame), microdata=frame, units="pid")
    assert bundle[FRAME_MIME]["keys"] == ["sex", "region"]
    assert "differ from what its microdata give" not in bundle["text/plain"]
    (bundle,) = shown(bulle.release_frame, "by_sex", made(frame) + 1, microdata=frame, units="pid")
    assert "differ from what its microdata give" in bundle["text/plain"]


def test_its_author_sees_verdict_table_and_why_people_must_look(shown: Shown) -> None:
    (bundle,) = shown(bulle.release_frame, "by_region", visits(), units="pid", by="region", values="cost", agg="sum")
    assert "a person must look" in bundle["text/plain"]
    assert "come from the notebook's own process" in bundle["text/plain"]
    assert "✕" in bundle["text/plain"]  # North has ten persons
    assert "▲" in bundle["text/html"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"units": "nobody"}, "The microdata have no column nobody"),
        ({"units": None}, "Its units must name the column"),
        ({"by": ["nothing"]}, "The microdata have no column nothing"),
        ({"by": ["pid"]}, "The units cannot be a key"),
        ({"values": "sex"}, "Column sex cannot be a key and the values"),
        ({"values": "region"}, "Column region does not hold numbers"),
        ({"by": ["cost"], "values": "ill"}, ""),
        ({"agg": "max", "values": "cost"}, "Its agg must be one or several of"),
        ({"margins": True, "by": ["sex", "region", "a", "b", "c", "d", "e"]}, "Totals stand in tables of at most"),
    ],
)
def test_a_wrong_call_is_a_sentence(shown: Shown, words: dict[str, Any], sentence: str) -> None:
    if sentence:
        assert refused(visits(), **words).startswith(sentence)


def two_of_one_name(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([frame, frame[["sex"]]], axis=1)


SPOILED: dict[str, tuple[Callable[[pd.DataFrame], Any], str]] = {
    "no frame": (lambda frame: frame.to_dict(), "The microdata must be a pandas DataFrame"),
    "grouped": (lambda frame: frame.groupby("sex"), "The microdata must be a pandas DataFrame"),
    "two of one name": (two_of_one_name, "Two columns of the microdata are called sex"),
    "levels": (lambda frame: pd.concat({"a": frame}, axis=1), "The microdata's columns have several levels"),
    "no unit": (lambda frame: frame.assign(pid=frame.pid.where(frame.pid > 3)), "Some rows have no unit"),
    "lists as units": (lambda frame: frame.assign(pid=[[1]] * 80), "The units must be numbers or texts"),
    "lists as keys": (lambda frame: frame.assign(sex=[[1]] * 80), "Column sex holds lists"),
    "objects as keys": (lambda frame: frame.assign(sex=[object()] * 80), "A label of column sex is empty"),
    "infinite": (lambda frame: frame.assign(cost=np.inf), "Column cost holds infinite values"),
    "complex": (lambda frame: frame.assign(cost=1j), "Column cost does not hold numbers"),
    "beyond 64 bits": (lambda frame: frame.assign(cost=np.uint64(2**64 - 1)), "Column cost does not hold numbers"),
    "decimals as keys": (lambda frame: frame.assign(sex=frame.pid / 7), "Column sex holds numbers with decimals"),
    "mixed keys": (lambda frame: frame.assign(sex=["F", 1] * 40), "Column sex mixes"),
    "nul": (lambda frame: frame.assign(sex="F\x00"), "A label of column sex"),
    "zero width": (lambda frame: frame.assign(sex="F\u200b"), "A label of column sex"),
    "direction": (lambda frame: frame.assign(sex="\u202eF"), "A label of column sex"),
    "second spelling": (lambda frame: frame.assign(sex="e\u0301"), "A label of column sex"),
    "half a character": (lambda frame: frame.assign(sex=pd.Series(["\ud800"] * 80, dtype=object)), ""),
    "long": (lambda frame: frame.assign(sex="F" * 101), "A label of column sex"),
    "times": (lambda frame: frame.assign(sex=pd.Timestamp("2024-01-01 10:30")), "Column sex holds times of day"),
}


@pytest.mark.parametrize(("spoil", "sentence"), SPOILED.values(), ids=SPOILED)
def test_a_frame_that_is_no_table_is_a_sentence_without_its_values(
    shown: Shown, spoil: Callable[[pd.DataFrame], Any], sentence: str
) -> None:
    assert refused(spoil(visits()), values="cost").startswith(sentence)


def test_too_many_rows_are_a_sentence_soon(shown: Shown) -> None:
    many = MAX_ROWS + 1
    frame = pd.DataFrame({"pid": range(many), "sex": range(many)})
    assert "more than" in refused(frame)
    side = 200
    cross = pd.DataFrame({"pid": range(side**2), "a": np.arange(side**2) // side, "b": np.arange(side**2) % side})
    assert refused(cross, by=["a", "b"]).startswith("The table would have more than")


@pytest.mark.parametrize("result", [7, None, "text", pd.DataFrame({"a": [1]}), pd.Series([1, 2])])
def test_a_result_without_names_asks_for_them(shown: Shown, result: Any) -> None:
    assert "frame" in refused(result, visits(), by=None).lower()


def test_an_empty_frame_is_refused_by_the_rules(shown: Shown) -> None:
    (bundle,) = shown(bulle.release_frame, "by_sex", visits(0), units="pid", by="sex")
    assert "refused" in bundle["text/plain"] or bundle["text/plain"].endswith(".")
