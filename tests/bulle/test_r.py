"""The Python end of R's package: one JSON request in, one answer out, one sentence when it cannot be."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.egress.figures.made import drawn, png, spelled
from tests.extracts import rand_hie

SQL = "SELECT sex, count(*) AS n FROM person_year GROUP BY sex"
REQUEST = {"name": "by_sex", "sql": SQL, "title": "", "protect": "suppress", "rho": None}


def ask(act: str, request: str, **environment: str) -> tuple[int, str]:
    env = {**os.environ, "BULLE_LANGUAGE": "en", **environment}
    command = [sys.executable, "-m", "bulle.r", *act.split()]
    done = subprocess.run(command, input=request, capture_output=True, text=True, env=env, check=False, timeout=120)
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def extract(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(rand_hie(tmp_path_factory.mktemp("r")))


def test_release_answers_with_the_declaration_and_what_its_author_sees(extract: str) -> None:
    status, answer = ask("release", json.dumps(REQUEST), BULLE_EXTRACT=extract)
    bundle = json.loads(answer)
    assert status == 0
    assert bundle["application/vnd.bulle.release+json"] == {"schema": "bulle.release/1", **REQUEST}
    assert "female" in bundle["text/plain"]


def test_in_a_rerun_only_the_declaration_is_answered() -> None:
    status, answer = ask("release", json.dumps(REQUEST), BULLE_RERUN="1")
    assert (status, set(json.loads(answer))) == (0, {"application/vnd.bulle.release+json"})


CHART = '{"mark": "bar", "encoding": {"x": {"field": "sex", "type": "nominal"}}}'


@pytest.mark.parametrize(
    ("act", "request_made", "mime"),
    [
        ("release_chart", {"name": "a", "table": "by_sex", "chart": CHART, "title": ""}, "chart"),
        ("release_source", {"name": "a", "cells": "code", "title": ""}, "source"),
        ("release_text", {"name": "a", "text": "Nothing.", "file": "", "title": ""}, "text"),
    ],
)
def test_its_sisters_answer_in_the_same_way(extract: str, act: str, request_made: dict[str, str], mime: str) -> None:
    status, answer = ask(act, json.dumps(request_made), BULLE_EXTRACT=extract)
    bundle = json.loads(answer)
    assert (status, set(bundle)) == (0, {f"application/vnd.bulle.{mime}+json", "text/html", "text/plain"})
    assert "eclared" in bundle["text/plain"]
    lacking = {key: value for key, value in request_made.items() if key != "title"}
    assert ask(act, json.dumps(lacking)) == (1, "What R asked cannot be read.")


def test_a_figure_comes_drawn_from_r() -> None:
    asked = {"name": "a", "shows": "by_sex", "title": "By sex", "png": spelled(png(drawn()))}
    status, answer = ask("release_figure", json.dumps(asked))
    bundle = json.loads(answer)
    assert status == 0
    assert bundle["application/vnd.bulle.figure+json"]["png"] == asked["png"]
    assert "<img" in bundle["text/html"]
    assert ask("release_figure", json.dumps({**asked, "png": "A"})) == (1, "What R asked cannot be read.")


def test_preview_answers_with_what_a_dp_release_would_cost(extract: str) -> None:
    status, answer = ask("preview", json.dumps({"sql": SQL, "within": 100, "rho": None}), BULLE_EXTRACT=extract)
    assert (status, set(json.loads(answer))) == (0, {"text/html", "text/plain"})
    assert "n: off by at most 100, 19 times in 20" in json.loads(answer)["text/plain"]


def test_tables_and_sql_answer_with_csv(extract: str) -> None:
    assert ask("tables", "[]", BULLE_EXTRACT=extract)[1].startswith("table,column,type,description,categories\n")
    status, answer = ask("sql", json.dumps({"query": "SELECT 6 * 7 AS n"}), BULLE_EXTRACT=extract)
    assert (status, answer) == (0, "n\n42\n")


@pytest.mark.parametrize(
    ("act", "request_text", "sentence"),
    [
        ("release", "{", "What R asked cannot be read."),
        ("release", "[1]", "What R asked cannot be read."),
        ("release", '{"name": "a"}', "What R asked cannot be read."),
        ("release", "x" * 4_000_001, "What R asked cannot be read."),
        ("preview", '{"sql": "SELECT 1"}', "What R asked cannot be read."),
        ("fly", "{}", "R asked for something that this version does not know."),
        ("", "{}", "R asked for something that this version does not know."),
    ],
)
def test_what_cannot_be_answered_is_one_sentence(act: str, request_text: str, sentence: str) -> None:
    assert ask(act, request_text) == (1, sentence)


def test_duckdbs_refusal_is_its_first_line(extract: str) -> None:
    status, answer = ask("sql", json.dumps({"query": "SELECT nothing"}), BULLE_EXTRACT=extract)
    assert status == 1
    assert answer.startswith("DuckDB: Binder Error")
    assert "\n" not in answer
