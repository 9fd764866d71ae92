"""`bulle protect` as a program and a person meet it: published cases, wrong files, exit codes, JSON, sentences."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bulle.__main__ import run
from bulle.cli.schemas import schemas, spelled

ROOT = Path(__file__).parents[3]
# sdcTable's test table (case E01): one primary cell, (A, female) = 2.
E01 = "region,gender,n\nA,male,18\nA,female,2\nB,male,14\nB,female,19\nC,male,12\nC,female,10\nD,male,11\nD,female,14\n"
# rtauargus' vignette, ex1 (case E03), under FREQ 3 and NK(1, 85).
E03 = """ACTIVITY,SIZE,value,n,top1
01,Total,150,15,20
01,tr1,100,10,20
01,tr2,50,5,15
02,Total,50,7,20
02,tr1,30,2,20
02,tr2,20,5,10
06,Total,100,14,38
06,tr1,60,8,16
06,tr2,40,6,38
Total,Total,300,36,38
Total,tr1,190,20,20
Total,tr2,110,16,38
"""


class Answer:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        """The document, held to its published schema."""
        document = json.loads(self.out)
        jsonschema.validate(document, schemas()["protect.schema.json"])
        return document

    @property
    def suppressed(self) -> set[tuple[str, ...]]:
        return {tuple(one["cell"]) for one in self.json["pattern"]}

    @property
    def secondary(self) -> set[tuple[str, ...]]:
        return {tuple(one["cell"]) for one in self.json["pattern"] if one["reasons"] == ["secondary"]}

    def interval(self, *cell: str) -> list[float | None]:
        (found,) = [one for one in self.json["audit"] if tuple(one["cell"]) == cell]
        assert found["hidden"]
        interval: list[float | None] = found["interval"]
        return interval


@pytest.fixture
def protect(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def call(cells: str | bytes | Path, *arguments: str, rules: str = "business-fr") -> Answer:
        path = cells if isinstance(cells, Path) else tmp_path / "cells.csv"
        if not isinstance(cells, Path):
            path.write_bytes(cells.encode() if isinstance(cells, str) else cells)
        ended = run(["protect", str(path), "--rules", rules, *arguments], {"LANG": "C"})
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return Answer(ended, captured.out, captured.err)

    return call


def with_threshold(folder: Path, least: int) -> str:
    shipped = (ROOT / "policies" / "rules" / "business-fr.toml").read_text(encoding="utf-8")
    path = folder / f"least-{least}.toml"
    path.write_text(shipped.replace("[min_persons]\nvalue = 3", f"[min_persons]\nvalue = {least}"), encoding="utf-8")
    return str(path)


# --- published cases ---------------------------------------------------------------------------------------------


def test_case_e01_sdctable(protect: Any) -> None:
    answer = protect(E01, "--json")
    assert (answer.code, answer.json["verdict"], answer.json["assurance"]) == (0, "pass", "unverified")
    assert answer.secondary == {("A", "male"), ("C", "male"), ("C", "female")}  # a rectangle, of total value 40
    assert answer.interval("A", "female") == [1, 2]
    assert answer.json["loss"]["n"]["suppressed"] == 4


def test_case_e01_is_the_same_when_the_file_has_its_totals(protect: Any) -> None:
    totals = "A,Total,20\nB,Total,33\nC,Total,22\nD,Total,25\nTotal,male,55\nTotal,female,45\nTotal,Total,100\n"
    with_totals, without = protect(E01 + totals, "--json"), protect(E01, "--json")
    assert with_totals.suppressed == without.suppressed
    assert with_totals.json["loss"] == without.json["loss"]


def test_case_e03_rtauargus(protect: Any) -> None:
    answer = protect(E03, "--json")
    reasons = {tuple(one["cell"]): one["reasons"] for one in answer.json["pattern"]}
    assert reasons == {
        ("02", "tr1"): ["low_counts"],
        ("06", "tr2"): ["dominance"],
        ("02", "tr2"): ["secondary"],
        ("06", "tr1"): ["secondary"],
    }
    assert answer.interval("02", "tr1") == pytest.approx([0, 50])
    assert answer.interval("02", "tr2") == pytest.approx([0, 50])
    assert answer.interval("06", "tr1") == pytest.approx([40, 90])
    assert answer.interval("06", "tr2") == pytest.approx([10, 60])


def test_case_e02_insee(protect: Any) -> None:
    data = os.environ.get("BULLE_SDC_DATA")
    if not data:
        pytest.skip("BULLE_SDC_DATA does not name the folder of INSEE's table")
    folder = Path(data) / "insee-turnover"
    named = ("--column", "n=N_OBS", "--column", "value=TOT", "--column", "top1=MAX")
    hierarchy = ("--hierarchy", str(folder / "activity_corr_table.csv"))
    answer = protect(folder / "turnover_act_size.csv", *named, *hierarchy, "--json")
    reasons = [one["reasons"] for one in answer.json["pattern"]]
    assert sum("low_counts" in one for one in reasons) == 52
    assert sum(one == ["dominance"] for one in reasons) == 25
    assert 0 < len(answer.secondary) <= 64  # τ-ARGUS 4.2.3 OPT, published by INSEE
    assert all(one["hidden"] for one in answer.json["audit"])


def test_case_a02_one_suppressed_cell_takes_another_with_it(protect: Any) -> None:
    answer = protect("sector,n,value\nI,2,998\nII,40,47600\nIII,30,8002\nTotal,72,56600\n", "--json")
    assert answer.suppressed == {("I",), ("III",)}
    low, high = answer.interval("I")
    assert low <= 998 * 0.9
    assert high >= 998 * 1.1


@pytest.mark.parametrize("counts", [(1, 10, 15, 25), (1, 100, 90, 85)])
def test_case_c05_opensafely(protect: Any, counts: tuple[int, ...]) -> None:
    rows = "".join(f"{band},{n}\n" for band, n in zip(("21-30", "31-40", "41-50", "51+"), counts, strict=True))
    answer = protect(f"band,n\n{rows}Total,{sum(counts)}\n", "--json", rules="business-fr")
    assert len(answer.suppressed) == 2
    assert answer.interval("21-30") == [1, 2]


def test_case_d01_redact_then_round(protect: Any, tmp_path: Path) -> None:
    table = "disease,n\na,3\nb,8\nc,16\nd,23\n"
    answer = protect(table, "--round", "--json", rules=with_threshold(tmp_path, 8))
    assert answer.json["protected"]["rows"] == [["a", None], ["b", 10], ["c", 15], ["d", 25], ["Total", 50]]
    answer = protect("p,n\na,18\nb,23\nc,31\nd,44\n", "--round", "--json", rules=with_threshold(tmp_path, 8))
    assert [row[1] for row in answer.json["protected"]["rows"]] == [20, 25, 30, 45, 120]
    assert answer.json["loss"]["n"]["changed"] == 5


# --- methods and options -----------------------------------------------------------------------------------------


def test_controlled_rounding_adds_up_and_hides_small_counts(protect: Any) -> None:
    answer = protect(E01, "--method", "controlled", "--json")
    rows = {tuple(row[:2]): row[2] for row in answer.json["protected"]["rows"]}
    assert answer.code == 0
    assert all(value % 5 == 0 for value in rows.values())
    assert all(rows[region, "male"] + rows[region, "female"] == rows[region, "Total"] for region in "ABCD")
    low, high = answer.interval("A", "female")
    assert low < 2 < high


def test_a_base_below_the_threshold_is_for_a_person_to_look_at(protect: Any) -> None:
    assert protect(E01, "--method", "controlled", rules="health-fr").code == 1
    assert protect(E01, "--method", "controlled", "--base", "11", rules="health-fr").code == 0


def test_controlled_rounding_of_totals_of_a_magnitude_is_refused_as_usage(protect: Any) -> None:
    assert protect(E03, "--method", "controlled").code == 3


def test_means_are_those_of_what_is_published(protect: Any) -> None:
    rows = protect(E03, "--publish", "both", "--means", "--json").json["protected"]["rows"]
    assert rows[0] == ["01", "Total", 15, 150, 10]
    assert rows[4][2:] == [None, None, None]


def test_zeros_are_small_counts_unless_the_rules_show_them(protect: Any, tmp_path: Path) -> None:
    table = "k,n\na,0\nb,50\nc,60\nd,70\n"
    assert ("a",) in protect(table, "--json").suppressed
    shipped = (ROOT / "policies" / "rules" / "business-fr.toml").read_text(encoding="utf-8")
    open_zeros = tmp_path / "zeros.toml"
    open_zeros.write_text(shipped + '\n[zeros]\nvalue = false\nsource = "test"\n', encoding="utf-8")
    assert protect(table, "--json", rules=str(open_zeros)).suppressed == set()


def test_what_the_file_does_not_tell_is_for_a_person_to_look_at(protect: Any) -> None:
    without_top = "\n".join(line.rpartition(",")[0] for line in E03.splitlines())
    answer = protect(without_top, "--json")
    assert (answer.code, answer.json["verdict"]) == (1, "review")
    assert any(one["check"] == "dominance" and one["outcome"] == "review" for one in answer.json["findings"])


def test_a_table_of_small_cells_only_is_refused(protect: Any) -> None:
    answer = protect("k,n\na,1\nb,1\n", "--json")
    assert (answer.code, answer.json["verdict"]) == (2, "refused")
    assert "protected" not in answer.json


def test_totals_published_nowhere_need_no_secondary_suppression(protect: Any) -> None:
    assert protect(E01, "--no-margins", "--json").secondary == set()


def test_a_proposal_of_tauargus_is_judged_by_the_audit(protect: Any) -> None:
    answer = protect(E01, "--tauargus", "--json")
    assert "proposal" in answer.json
    assert len(answer.secondary) == 3


def test_the_table_is_written_once_and_runs_nothing_in_a_spreadsheet(protect: Any, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    table = "k,n\n=1+1,50\nb,60\nc,70\n"
    assert protect(table, "--out", str(out)).code == 0
    assert out.read_text(encoding="utf-8").splitlines()[1] == "'=1+1,50"
    again = protect(table, "--out", str(out))
    assert again.code == 3
    assert out.name in again.err


def test_a_person_reads_table_reasons_intervals_and_verdict(protect: Any) -> None:
    english, french = protect(E01), protect(E01, "--lang", "fr")
    assert "A × female: too few persons" in english.out
    assert "an attacker works out 1 to 2" in english.out
    assert "un attaquant déduit de 1 à 2" in french.out
    for word in ("anonymous", "safe", "certified", "compliant"):
        assert word not in english.out.lower()


def test_the_schema_is_published() -> None:
    shipped = ROOT / "policies" / "schemas" / "protect.schema.json"
    assert shipped.read_text(encoding="utf-8") == spelled(schemas()["protect.schema.json"])


# --- wrong input -------------------------------------------------------------------------------------------------

HEAD = "region,n,value,top1\n"
WRONG = {
    "empty": ("", "is empty"),
    "header only": ("region,n\n", "holds no cells"),
    "no n": ("region,count\nA,5\n", "no column n"),
    "no key": ("n\n5\n", "key columns"),
    "negative count": ("region,n\nA,-5\n", "negative count"),
    "NaN": ("region,n\nA,NaN\n", "not a finite number"),
    "infinite": (HEAD + "A,5,inf,1\n", "not a finite number"),
    "fraction": ("region,n\nA,5.5\n", "not a whole number"),
    "unit": (HEAD + "A,5,12 k€,1\n", "not a plain number"),
    "thousands": (HEAD + 'A,5,"1,200",1\n', "not a plain number"),
    "other digits": ("region,n\nA,٥\n", "not a plain number"),
    "huge": (HEAD + "A,5,1e300,1\n", "larger than can be computed"),
    "missing": ("region,n\nA,\n", "n is missing"),
    "decimal marks": ("region;n;value\nA;5;1,5\nB;5;1.5\n", "another decimal mark"),
    "twice": ("region,n\nA,5\nA,6\n", "the same cell"),
    "column twice": ("region,n,N\nA,5,6\n", "names a column twice"),
    "fields": ("region,n\nA,5,6\n", "3 fields where the header has 2"),
    "quotes": ('region,n\n"A,5\n', "quote"),
    "line break": ('region,n\n"A\nB",5\n', "ends on another line"),
    "latin-1": ("région,n\nA,5\n".encode("latin-1"), "not UTF-8"),
    "UTF-16": ("region,n\nA,5\n".encode("utf-16"), "not UTF-8"),
    "zero bytes": (b"region,n\nA\0,5\n", "zero bytes"),
    "zero width": ("region,n\nA\u200b,5\nB,6\n", "U+200B"),
    "right to left": ("region,n\nA\u202eB,5\n", "U+202E"),
    "alike": ("region,n\nＡ,5\nA,6\n", "in two ways"),
    "case": ("region,n\nNord,5\nnord,6\n", "in two ways"),
    "two alphabets": ("region,n\nPаris,5\n", "two alphabets"),
    "other total": ("region,n\nA,5\nTOTAL,5\n", "must be spelled Total"),
    "no category": ("region,n\n,5\n", "is empty"),
    "long category": (f"region,n\n{'x' * 300},5\n", "more than 200 characters"),
    "1 MB cell": (f"region,n\n{'x' * 1_000_000},5\n", "a line of more than"),
    "10,000 columns": (",".join(f"c{at}" for at in range(10_000)) + "\n", "columns"),
    "not the sum": ("region,n\nA,5\nB,6\nTotal,12\n", "is not the sum of its 2 parts"),
    "not the sum of values": (HEAD + "A,5,10,1\nB,6,20,1\nTotal,11,40,1\n", "value is not the sum"),
    "nobody with a value": (HEAD + "A,0,10,1\n", "a cell of nobody"),
    "top1 above value": (HEAD + "A,5,10,11\n", "more than the total"),
    "measured key": (
        "region,size,n\n" + "".join(f"r{at},{at}.{at},5\n" for at in range(1, 9)),
        "would be read as categories",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_files_get_one_sentence(protect: Any, kind: str) -> None:
    cells, sentence = WRONG[kind]
    answer = protect(cells)
    assert answer.code == 3
    assert sentence in answer.err
    assert len(answer.err.strip().splitlines()) == 1
    assert answer.out == ""


def test_an_endless_or_enormous_file_is_refused_at_once(protect: Any, tmp_path: Path) -> None:
    began = time.monotonic()
    lines = tmp_path / "lines.csv"
    with lines.open("wb") as file:
        file.write(b"region,n\n")
        file.truncate(200_000_000)  # 50 million lines of four bytes
    assert "larger than 64 MiB" in protect(lines).err
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert protect(pipe).code == 3
    assert protect(tmp_path).code == 3
    assert protect(tmp_path / "missing.csv").code == 3
    many = tmp_path / "many.csv"
    many.write_bytes(b"k,n\n" + b"a,1\n" * 600_000)
    assert "more than 500000 lines" in protect(many).err
    assert time.monotonic() - began < 20


def test_usual_spellings_of_files_are_read(protect: Any) -> None:
    plain = protect("region,n,value\nA,50,1.5\nB,60,2.5\n", "--json").json["protected"]
    for spelling in (
        "\ufeffregion,n,value\r\nA,50,1.5\r\nB,60,2.5\r\n",
        "region;n;value\nA;50;1,5\nB;60;2,5\n",
        "region\tn\tvalue\nA\t50\t1.5\nB\t60\t2.5\n",
        '"region","n","value"\n"A","50","1.5"\n"B","60","2.5"',
    ):
        assert protect(spelling, "--json").json["protected"] == plain


def test_unknown_rules_and_options_are_usage(protect: Any) -> None:
    assert protect(E01, rules="nowhere").code == 3
    assert protect(E01, "--base", "5").code == 3
    assert protect(E01, "--column", "x=y").code == 3
    assert protect(E01, "--hierarchy", "missing.csv").code == 3
