"""The declaration's channels through the whole airlock, where the holder has opened the automatic lane."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from egress.release.status import Status
from tests.egress.airlock.enclave import BY_SEX, TinyEnclave, airlock_of, make_enclave, notebook, release, rows
from tests.egress.airlock.remembering import RememberingRunner

READ = """\
import bulle
from IPython.display import display
row = bulle.sql("SELECT person_id, cost FROM stay ORDER BY cost DESC, person_id LIMIT 1").iloc[0]
secret = f"{row.person_id}c{int(row.cost)}"
MIME = "application/vnd.bulle.release+json"
SQL = "SELECT region, count(*) AS n FROM stay GROUP BY region"
def say(name, sql=SQL, title=""):
    made = {"schema": "bulle.release/1", "name": name, "sql": sql, "title": title, "protect": "suppress", "rho": None}
    display({MIME: made}, raw=True)
"""
COMPUTED = (
    "bulle.release(secret, SQL)",
    "bulle.release('titled', 'SELECT count(*) AS n FROM stay', title=secret)",
    "for letter in secret:\n    bulle.release('n', 'SELECT count(*) AS n FROM stay')",
    "say(secret)",
    "say('stays_by_sex', title=secret)",
    "[say(f'x{ord(letter)}') for letter in secret]",
)
# The same declaration again, as often as a digit of the secret says.
REPEATED = (
    f"import bulle\nbulle.release('stays_by_sex', {BY_SEX!r})\n[say('stays_by_sex', {BY_SEX!r}) for _ in secret[-1]]"
)


def secret() -> str:
    held = rows()
    cost, person = max(
        zip(held["cost"], held["person_id"], strict=True), key=lambda pair: (pair[0], [-ord(c) for c in pair[1]])
    )
    return f"{person}c{cost}"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[TinyEnclave]:
    """health-fr with the automatic lane open and a price limit that this small table meets."""
    made = make_enclave(tmp_path)
    policies = tmp_path / "policies"
    shutil.copytree(made.policies, policies)
    path = policies / "rules" / "health-fr.toml"
    text = path.read_text().replace("max_rho = 1.0", "max_rho = 1000.0")
    path.write_text(text.replace("[automatic_lane]\nvalue = false", "[automatic_lane]\nvalue = true"))
    made.policies = policies
    made.airlock = airlock_of(made, RememberingRunner())
    yield made
    made.log.close()


def logged(enclave: TinyEnclave) -> str:
    return json.dumps([dict(event.body) for event in enclave.log.read()])


def test_what_a_run_works_out_reaches_neither_package_nor_log_nor_author(opened: TinyEnclave) -> None:
    honest = release("stays_by_region", "SELECT region, count(*) AS stays FROM stay GROUP BY region")
    request = opened.ask(notebook(READ, *COMPUTED, honest), "first")
    assert request.status is Status.IN_REVIEW
    assert [output.name for output in request.reviewable] == ["stays_by_region"]
    reports = [opened.desk.report(request.id, output.name, "alice") for output in request.outputs]
    opened.approve(request.id)
    assert opened.airlock.process(request.id).status is Status.RELEASED
    package = opened.desk.download(request.id, "alice")
    with zipfile.ZipFile(BytesIO(package)) as archive:
        inside = " ".join([*archive.namelist(), *(archive.read(name).decode() for name in archive.namelist())])
    for text in (inside, logged(opened), repr(reports)):
        assert secret() not in text
        assert "x112" not in text  # the first letter, as a name


def test_a_declaration_that_the_run_repeats_is_refused_without_a_reader(opened: TinyEnclave) -> None:
    request = opened.ask(notebook(READ, REPEATED), "first")
    assert request.status is Status.REFUSED
    assert secret() not in logged(opened)
