"""Charts through the airlock: drawn of the table that leaves, seen on its pages, leaving with it or not at all."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator

import pytest

from egress.checks.model import Outcome
from egress.release.model import ReleaseRequest
from egress.release.review import Choice, Vote
from egress.release.status import Status
from tests.egress.airlock.enclave import BY_REGION, BY_SEX, SINGLE_PERSONS, TinyEnclave, make_enclave, notebook, release


def chart(name: str, table: str, key: str, title: str = "", value: str = "stays") -> str:
    x, y = {"field": key, "type": "nominal"}, {"field": value, "type": "quantitative"}
    spec = {"mark": "bar", "encoding": {"x": x, "y": y}}
    return f"import bulle\nbulle.release_chart({name!r}, {table!r}, {spec!r}, title={title!r})"


STUDY = notebook(
    release("stays_by_region", BY_REGION, title="Stays by region"),
    chart("chart_by_region", "stays_by_region", "region", "Chart of stays by region"),
    release("stays_by_sex", BY_SEX, title="Stays by sex"),
    chart("chart_by_sex", "stays_by_sex", "sex", "Utterly free words"),
    release("single_persons", SINGLE_PERSONS),
    chart("of_refused", "single_persons", "person_id", value="cost"),
    chart("of_nothing", "no_such_table", "sex"),
    chart("no_column", "stays_by_sex", "sex", value="age"),
)


@pytest.fixture(scope="module")
def enclave(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyEnclave]:
    made = make_enclave(tmp_path_factory.mktemp("enclave"))
    made.ask(STUDY, "first")
    yield made
    made.log.close()


@pytest.fixture(scope="module")
def checked(enclave: TinyEnclave) -> ReleaseRequest:
    return enclave.desk.look().request("costs-1")


def test_a_chart_is_part_of_its_table_and_shows_nothing_that_is_suppressed(
    enclave: TinyEnclave, checked: ReleaseRequest
) -> None:
    assert checked.status is Status.IN_REVIEW, (checked.reasons, checked.failure)
    report = enclave.desk.report("costs-1", "stays_by_region", "alice")
    (picture,) = report.pictures
    assert picture.name == "chart_by_region"
    assert picture.png.startswith(b"\x89PNG")
    assert report.protected is not None
    told = {row[0]: row[1] for row in report.protected.rows}
    assert told["east"] is None
    assert 'region: north; stays: 240"' in picture.svg or "240" in picture.svg
    assert "stays: 5" not in picture.svg


def test_free_words_of_a_chart_bring_its_table_before_people(enclave: TinyEnclave) -> None:
    def found(output: str, place: str) -> list[Outcome]:
        report = enclave.desk.report("costs-1", output, "carol")
        return [one.outcome for one in report.findings if one.where == place]

    assert found("stays_by_region", "chart chart_by_region") == [Outcome.PASS]
    assert set(found("stays_by_sex", "chart chart_by_sex")) == {Outcome.REVIEW}


@pytest.mark.parametrize(
    ("name", "told"),
    [("of_refused", "is refused"), ("of_nothing", "declares no table"), ("no_column", "has no column age")],
)
def test_a_chart_without_its_table_is_refused_and_says_why(enclave: TinyEnclave, name: str, told: str) -> None:
    report = enclave.desk.report("costs-1", name, "alice")
    assert report.outcome is Outcome.FAIL
    assert told in str(report.findings[0].why)


def test_it_leaves_with_its_table_and_not_without(enclave: TinyEnclave, checked: ReleaseRequest) -> None:
    choices = {"stays_by_region": Choice.APPROVE, "stays_by_sex": Choice.REJECT}
    votes = tuple(Vote(output.name, choices[output.name], "no") for output in checked.reviewable)
    enclave.desk.review("costs-1", "carol", votes)
    assert enclave.airlock.process("costs-1").status is Status.RELEASED
    package = zipfile.ZipFile(io.BytesIO(enclave.desk.download("costs-1", "alice")))
    figures = [name for name in package.namelist() if name.startswith("figures/")]
    assert sorted(figures) == ["figures/chart_by_region.png", "figures/chart_by_region.svg"]
    told = json.loads(package.read("criteria.json"))["outputs"]
    assert [[one["file"] for one in output["figures"]] for output in told] == [sorted(figures, reverse=True)]
    page = package.read("index.html").decode()
    assert page.count("data:image/svg+xml;base64,") == 1
    assert "img-src data:" in page
    described = json.loads(package.read("ro-crate-metadata.json"))["@graph"]
    assert {"figures/chart_by_region.svg", "figures/chart_by_region.png"} <= {entity["@id"] for entity in described}


def test_the_author_is_not_asked_to_describe_a_chart(enclave: TinyEnclave) -> None:
    described = {"stays_by_region": "What the table shows"}
    study = notebook(release("stays_by_region", BY_REGION), chart("bars", "stays_by_region", "region"))
    enclave.hand_in(study, "second", descriptions=described)
    (made,) = enclave.airlock.take_in()
    assert enclave.airlock.process(made).status is not Status.REFUSED
