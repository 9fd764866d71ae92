"""`bulle check` as a program and a person meet it: exit codes, JSON, sentences; never a traceback."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bulle.__main__ import run
from bulle.cli.schemas import schemas
from tests.egress.outputs.notebooks import code, raw
from tests.extracts import rand_hie

BY_SEX = "SELECT sex, count(DISTINCT zper) AS persons, avg(total_spending) AS mean FROM person_year GROUP BY sex"
SMALL = "SELECT site, coinsurance, health, count(*) AS n FROM person_year GROUP BY site, coinsurance, health"
STUDY = Path(__file__).parents[3] / "notebooks" / "reste-a-charge.ipynb"


@pytest.fixture(scope="module")
def extract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rand_hie(tmp_path_factory.mktemp("rand-hie"))


class Answer:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        """The document, held to its published schema."""
        document = json.loads(self.out)
        jsonschema.validate(document, schemas()["check.schema.json"])
        return document


@pytest.fixture
def check(extract: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*arguments: str | Path, on: Path | None = extract) -> Answer:
        where = ["--extract", str(on)] if on is not None else []
        ended = run(["check", *where, *(str(argument) for argument in arguments)], {"LANG": "C"})
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return Answer(ended, captured.out, captured.err)

    return call


def test_a_table_about_groups_passes(check: Any) -> None:
    answer = check("--sql", BY_SEX, "--json")
    assert answer.code == 0
    assert (answer.json["schema"], answer.json["verdict"]) == ("bulle.check/1", "pass")
    (output,) = answer.json["outputs"]
    assert (output["name"], output["assurance"], output["outcome"]) == ("sql", "recomputed", "pass")
    assert output["protected"]["columns"] == ["sex", "persons", "mean"]
    assert [row[0] for row in output["protected"]["rows"]] == ["female", "male"]
    assert all(set(finding) == {"check", "risk", "outcome", "where", "why"} for finding in output["findings"])


def test_small_cells_are_null_and_marked(check: Any) -> None:
    answer = check("--sql", SMALL, "--json")
    assert answer.code == 0
    values = [row[-1] for row in answer.json["outputs"][0]["protected"]["rows"]]
    assert None in values
    assert min(value for value in values if value is not None) >= 11
    assert "✕" in check("--sql", SMALL).out


def test_without_protection_small_cells_are_refused(check: Any) -> None:
    answer = check("--sql", SMALL, "--protect", "none", "--json")
    assert (answer.code, answer.json["verdict"]) == (2, "refused")
    assert "protected" not in answer.json["outputs"][0]


def test_a_free_constant_is_for_a_person_to_look_at(check: Any) -> None:
    answer = check("--sql", "SELECT sex, count(*) AS n FROM person_year WHERE total_spending < 1234 GROUP BY sex")
    assert answer.code == 1
    assert "a person must look" in answer.out


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT zper, count(*) FROM person_year GROUP BY zper",
        "SELECT max(total_spending) FROM person_year",
        "DROP",
        "",
        "\x00",
        "(" * 9999,
    ],
)
def test_sql_outside_the_grammar_is_refused(check: Any, sql: str) -> None:
    answer = check("--sql", sql, "--json")
    assert (answer.code, answer.json["verdict"]) == (2, "refused")
    assert answer.json["outputs"][0]["findings"][0]["outcome"] == "fail"


def test_the_words_of_a_pass_promise_nothing(check: Any) -> None:
    text = check("--sql", BY_SEX).out.lower()
    assert "no automatic finding" in text
    assert not {"anonymous", "safe", "certified", "compliant"} & set(text.split())


def test_french(check: Any) -> None:
    assert "refusé" in check("--sql", "DROP", "--lang", "fr").out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--sql", BY_SEX, str(STUDY)],
        ["--sql", BY_SEX, "--protect", "magic"],
        ["--sql", BY_SEX, "--rho", "0.1"],
        ["--sql", BY_SEX, "--protect", "dp", "--rho", "-1"],
        ["--sql", BY_SEX, "--protect", "dp", "--rho", "0.0000000001"],
        ["--sql", BY_SEX, "--protect", "dp", "--rho", "nan"],
        ["--sql", BY_SEX, "--rules", "no-such-rules"],
        ["--sql", BY_SEX, "--rules", "/nonexistent.toml"],
        ["--sql", os.fsdecode(b"SELECT \xff")],
        ["/nonexistent.ipynb"],
        ["/dev/null"],
        ["/"],
        ["--with", "/nonexistent.py", str(STUDY)],
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_3(check: Any, arguments: list[str]) -> None:
    answer = check(*arguments)
    assert answer.code == 3
    assert answer.out == ""
    assert 1 <= len(answer.err.strip().splitlines()) <= 2  # the sentence, and where the usage stands


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("text", b"hello"),
        ("other", b'{"a": 1}'),
        ("old", b'{"nbformat": 3, "worksheets": []}'),
        ("bytes", os.urandom(99)),
        ("deep", b"[" * 100_000),
        ("large", b" " * (50 << 20)),
    ],
)
def test_what_is_no_notebook_is_told(check: Any, tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / f"{name}.ipynb").write_bytes(content)
    answer = check(tmp_path / f"{name}.ipynb")
    assert answer.code == 3
    assert len(answer.err.strip().splitlines()) == 1


def test_a_pipe_is_not_waited_for(check: Any, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.ipynb")
    assert check(tmp_path / "pipe.ipynb").code == 3


@pytest.mark.parametrize("manifest", [None, b"", b"{", b"{}", b'{"schema": "bulle.extract/1"}', b"\xff", b"[" * 99999])
def test_a_broken_extract_is_told(check: Any, tmp_path: Path, manifest: bytes | None) -> None:
    if manifest is not None:
        (tmp_path / "manifest.json").write_bytes(manifest)
    answer = check("--sql", BY_SEX, on=tmp_path)
    assert answer.code == 3
    assert len(answer.err.strip().splitlines()) == 1


def test_a_preview_of_a_dp_table_draws_nothing(check: Any, tmp_path: Path) -> None:
    sql = "SELECT coinsurance, count(*) AS n FROM person_year GROUP BY coinsurance"
    answer = check("--sql", sql, "--protect", "dp", "--rho", "0.1", "--json")
    assert answer.code == 0
    (output,) = answer.json["outputs"]
    assert output["preview"]["rho"] == 0.1
    assert output["preview"]["columns"][0]["half_width"] > 0
    assert "protected" not in output


def test_a_wanted_accuracy_tells_its_price(check: Any) -> None:
    sql = "SELECT coinsurance, count(*) AS n FROM person_year GROUP BY coinsurance"
    answer = check("--sql", sql, "--protect", "dp", "--within", "100", "--json")
    assert answer.code == 0
    preview = answer.json["outputs"][0]["preview"]
    assert preview["columns"][0]["half_width"] == 100
    assert [rung["rho"] for rung in preview["ladder"] if rung["asked"]] == [preview["rho"]]
    assert "off by at most 100, 19 times in 20" in check("--sql", sql, "--protect", "dp", "--within", "100").out


@pytest.mark.parametrize(
    "wish",
    [["--within", "30"], ["--protect", "dp", "--rho", "0.1", "--within", "30"], ["--protect", "dp", "--within", "0"]],
)
def test_a_wanted_accuracy_that_goes_with_nothing_is_wrong_usage(check: Any, wish: list[str]) -> None:
    answer = check("--sql", BY_SEX, *wish)
    assert (answer.code, answer.out) == (3, "")


def test_a_ledger_is_drawn_from_until_it_is_empty(check: Any, tmp_path: Path) -> None:
    ask = ["--protect", "dp", "--ledger", tmp_path / "ledger.db", "--json"]
    sql = "SELECT coinsurance, count(*) AS n FROM person_year GROUP BY coinsurance"
    first = check("--sql", sql, "--rho", "2", *ask)
    assert first.code == 0
    again = check("--sql", sql, "--rho", "2", *ask)
    assert again.json["outputs"][0]["protected"] == first.json["outputs"][0]["protected"]
    over = check("--sql", BY_SEX.replace("avg(total_spending)", "count(*)"), "--rho", "0.1", *ask)
    assert (over.code, over.json["verdict"]) == (2, "refused")
    assert "protected" not in over.json["outputs"][0]


def test_a_ledger_that_is_no_budget_file_is_told(check: Any, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello", encoding="utf-8")
    sql = "SELECT coinsurance, count(*) AS n FROM person_year GROUP BY coinsurance"
    answer = check("--sql", sql, "--protect", "dp", "--rho", "0.1", "--ledger", tmp_path / "text")
    assert answer.code == 3


def test_a_notebook_that_declares_nothing_is_for_a_person_to_look_at(check: Any, tmp_path: Path) -> None:
    (tmp_path / "empty.ipynb").write_bytes(raw(code("print(1)", execution_count=None)))
    answer = check(tmp_path / "empty.ipynb", "--json")
    assert (answer.code, answer.json["verdict"], answer.json["outputs"]) == (1, "review", [])
    assert [(item["cell"], item["kind"]) for item in answer.json["withheld"]] == [(1, "stdout")]
    assert answer.json["rerun"]["isolation"] in {"namespaces", "process"}


def test_a_notebook_that_fails_is_refused(check: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.ipynb").write_bytes(raw(code("x = 1", execution_count=None), code("x / 0", execution_count=None)))
    answer = check(tmp_path / "bad.ipynb", "--json")
    assert (answer.code, answer.json["verdict"]) == (2, "refused")
    assert answer.json["why"].startswith("Cell 2 ")


def test_the_study_answers_as_it_says(check: Any) -> None:
    answer = check(STUDY, "--json")
    assert (answer.code, answer.json["verdict"]) == (2, "refused")
    outputs = {output["name"]: output for output in answer.json["outputs"]}
    assert {name: output["outcome"] for name, output in outputs.items()} == {
        "spending_by_coinsurance": "pass",
        "out_of_pocket_by_coinsurance": "pass",
        "persons_by_site_and_health": "pass",
        "largest_bills": "fail",
        "visits_by_coinsurance": "pass",
    }
    assert None not in [value for row in outputs["spending_by_coinsurance"]["protected"]["rows"] for value in row]
    assert None in [row[-1] for row in outputs["persons_by_site_and_health"]["protected"]["rows"]]
    assert outputs["visits_by_coinsurance"]["preview"]["rho"] == 0.1
    assert [item["kind"] for item in answer.json["withheld"]] == ["result", "stdout"]
