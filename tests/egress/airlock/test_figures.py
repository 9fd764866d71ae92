"""Figures through the airlock: redrawn from the re-run's pixels, seen beside their tables, leaving with them or not."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Iterator

import pytest
from PIL import Image

from egress.airlock.figured import with_figures
from egress.airlock.judged import Judged
from egress.checks.model import Assurance, Outcome, Protection
from egress.checks.table import Table
from egress.outputs.figures import DeclaredFigure
from egress.query.engine import Engine
from egress.release.model import ReleaseRequest
from egress.release.report import OutputReport
from egress.release.review import Choice, Vote
from egress.release.status import Status
from hub.extracts.reader import open_extract
from tests.egress.airlock.enclave import BY_REGION, BY_SEX, TinyEnclave, make_enclave, notebook, release
from tests.egress.figures.made import png, spelled

BOTH = "SELECT sex, count(*) AS stays, avg(cost) AS mean_cost FROM stay GROUP BY sex"
# What matplotlib draws is tried in tests/bulle/test_figure.py; here its seconds would be waited for three times.
DRAW = (
    "import io\nfrom PIL import Image\npicture = Image.new('RGBA', (60, 45), (200, 30, 40, 255))\n"
    "picture.paste((1, 2, 3, 128), (0, 0, 30, 30))\nwritten = io.BytesIO()\npicture.save(written, 'PNG')\n"
    "figure = written.getvalue()"
)


def figure(name: str, *shows: str, title: str = "Stays by sex", drawn: str = "figure") -> str:
    return f"import bulle\nbulle.release_figure({name!r}, {drawn}, shows={list(shows)!r}, title={title!r})"


STUDY = notebook(
    release("stays_by_sex", BY_SEX, title="Stays by sex", protect="none"),
    release("costs_by_sex", BOTH, protect="none"),
    release("stays_by_region", BY_REGION, title="Stays by region"),
    DRAW,
    figure("bars", "stays_by_sex"),
    figure("two", "stays_by_sex", "costs_by_sex"),
    figure("of_protected", "stays_by_region"),
    figure("of_nothing", "no_such_table"),
    figure("of_a_figure", "bars"),
    figure("no_picture", "stays_by_sex", drawn="b'<svg/>'"),
    figure("nameless", "stays_by_sex", title=""),
    figure("told", "stays_by_sex", title="Write to jean.dupont@example.org"),
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


def test_a_figure_is_an_output_of_its_own_that_people_see(enclave: TinyEnclave, checked: ReleaseRequest) -> None:
    assert checked.status is Status.IN_REVIEW, (checked.reasons, checked.failure)
    record = checked.output("two")
    assert record is not None
    assert (record.outcome, record.shows) == (Outcome.REVIEW, ("stays_by_sex", "costs_by_sex"))
    report = enclave.desk.report("costs-1", "two", "alice")
    assert report.figure is not None
    with Image.open(io.BytesIO(report.figure.png)) as picture:
        assert picture.size == (60, 45)
        assert set(picture.tobytes()) <= {17 * level for level in range(16)}
        assert picture.info == {}
    assert any("shows no picture" in str(found.why) for found in report.findings)
    assert record.assurance is Assurance.UNVERIFIED
    assert report.statbarns == ("frequencies", "linear_aggregations")  # of its tables, each once


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("of_protected", "release_chart"),
        ("of_nothing", "declares no table no_such_table"),
        ("of_a_figure", "declares no table bars"),
        ("no_picture", "no PNG"),
        ("nameless-in-cell-12", "needs a title"),
        ("told", "e-mail address"),
    ],
)
def test_one_that_cannot_leave_is_refused_and_says_why(enclave: TinyEnclave, name: str, told: str) -> None:
    report = enclave.desk.report("costs-1", name, "alice")
    assert report.outcome is Outcome.FAIL
    assert report.figure is None
    assert told in " ".join(str(found.why) for found in report.findings)


def test_it_leaves_with_all_its_tables_and_not_without(enclave: TinyEnclave, checked: ReleaseRequest) -> None:
    choices = dict.fromkeys(("stays_by_sex", "bars", "two"), Choice.APPROVE)
    votes = tuple(Vote(each.name, choices.get(each.name, Choice.REJECT), "no") for each in checked.reviewable)
    enclave.desk.review("costs-1", "carol", votes)
    done = enclave.airlock.process("costs-1")
    assert done.status is Status.RELEASED, done.failure
    assert {each.name for each in done.approved} == {"stays_by_sex", "bars"}
    package = zipfile.ZipFile(io.BytesIO(enclave.desk.download("costs-1", "alice")))
    assert [name for name in package.namelist() if name.startswith("figures/")] == ["figures/bars.png"]
    page = package.read("index.html").decode()
    assert page.count("data:image/png;base64,") == 1
    assert 'alt="Stays by sex"' in page
    described = {entity["@id"]: entity for entity in json.loads(package.read("ro-crate-metadata.json"))["@graph"]}
    assert described["figures/bars.png"]["encodingFormat"] == "image/png"
    told = {each["name"]: each for each in json.loads(package.read("criteria.json"))["outputs"]}
    assert (told["bars"]["file"], told["bars"]["assurance"]) == ("figures/bars.png", "unverified")
    assert told["bars"]["statbarns"] == told["stays_by_sex"]["statbarns"] == ["frequencies"]
    assert described["figures/bars.png"]["keywords"] == "statbarn: frequencies"
    assert "researcher's code drew" in package.read("README.txt").decode()


def test_all_pictures_of_a_request_have_one_room_between_them(enclave: TinyEnclave) -> None:
    """Pages hold them whole."""
    noise = spelled(png(Image.frombytes("RGB", (40, 40), random.Random(5).randbytes(40 * 40 * 3))))
    shown = Table(("n",), ((200,),))
    table = OutputReport("t", "", "SELECT 1", Assurance.RECOMPUTED, Outcome.PASS, Protection.NONE, (), shown, shown)
    figures = [DeclaredFigure(name, ("t",), "T", 1, noise) for name in ("one", "two", "three")]
    limits = enclave.limits.figures
    extract = open_extract(enclave.root / "extracts" / "costs" / "v1")
    with Engine(extract.path, extract.manifest) as engine:
        _, one = with_figures([Judged(table)], figures[:1], engine, limits)
        assert one.report.figure is not None
        room = limits.model_copy(update={"total_kb": 2 * len(one.report.figure.png) // 1000 + 1})
        _, *found = with_figures([Judged(table)], figures, engine, room)
    assert [each.report.outcome for each in found] == [Outcome.REVIEW, Outcome.REVIEW, Outcome.FAIL]
    assert found[2].report.figure is None
