"""The package: the same bytes for the same decision, and nothing that was not approved."""

import io
import json
import re
import zipfile
from html.parser import HTMLParser

import pytest

from egress.checks.model import Outcome, Protection
from egress.checks.table import Table
from egress.package.contents import PackageError, contents_of
from hub.policy.files import read_rules
from tests.egress.package.contents import SECRET, TABLE, built, contents, report, request


def files(package: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


@pytest.fixture(scope="module")
def inside() -> dict[str, str]:
    return files(built(contents()))


def test_the_same_decision_gives_the_same_bytes() -> None:
    assert built(contents()) == built(contents())


def test_it_holds_a_page_a_table_each_the_criteria_and_a_readme(inside: dict[str, str]) -> None:
    assert sorted(inside) == [
        "README.txt",
        "SHA256SUMS",
        "criteria.json",
        "index.html",
        "ro-crate-metadata.json",
        "signature.json",
        "tables/costs.csv",
        "tables/stays.csv",
    ]


def test_nothing_planted_inside_leaves(inside: dict[str, str]) -> None:
    for name, content in inside.items():
        assert SECRET not in content, name
        assert "kept" not in re.split(r"\W+", content), name  # the name of an output that was rejected
        assert "study.ipynb" not in content, name
        assert "alice" not in content, name
        assert "carol" not in content, name


def test_the_plant_is_really_there() -> None:
    assert SECRET in str(report("stays"))
    assert SECRET in str(request())


def test_the_values_that_were_approved_do_leave(inside: dict[str, str]) -> None:
    assert inside["tables/stays.csv"] == "region,stays,mean_cost\nnorth,120,1234.5\nsouth,88,\n,31,17.25\n"
    for value in ("north", "120", "1234.5", "Table stays"):
        assert value in inside["index.html"]


class Links(HTMLParser):
    """Collects everything that could run, fetch, or lead out of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "link", "img", "iframe", "object", "embed", "form", "base", "svg", "audio", "video"}:
            self.found.append(tag)
        self.found += [name for name, value in attrs if name == "href" and not (value or "").startswith("#")]
        self.found += [name for name, _ in attrs if name in {"src", "style"} or name.startswith("on")]


def test_the_page_runs_nothing_and_fetches_nothing(inside: dict[str, str]) -> None:
    links = Links()
    links.feed(inside["index.html"])
    assert links.found == []
    assert "://" not in inside["index.html"]
    assert "url(" not in inside["index.html"]
    assert "default-src 'none'" in inside["index.html"]


def test_hostile_labels_are_text() -> None:
    hostile = '<script>alert(1)</script><img src=x onerror="x">'
    table = Table((hostile, "n"), ((hostile, 11),))
    page = files(built(contents(table=table, title=hostile)))["index.html"]
    links = Links()
    links.feed(page)
    assert links.found == []
    assert "&lt;script&gt;" in page


def test_a_template_in_a_label_is_text() -> None:
    table = Table(("region",), (("{{ 7 * 7 }}{% raw %}",),))
    page = files(built(contents(table=table)))["index.html"]
    assert "{{ 7 * 7 }}" in page


def test_between_two_outputs_stands_one_mark_whatever_was_there(inside: dict[str, str]) -> None:
    assert inside["index.html"].count('class="withheld"') == 3  # before, between, after


def test_the_package_is_the_same_whatever_the_notebook_showed_in_between() -> None:
    other = request(undeclared=request().undeclared, reasons=())
    rules, reports = read_rules("health-fr"), (report("stays"), report("costs"))
    assert built(contents_of(other, reports, rules)) == built(contents())


def test_in_which_order_a_notebook_declares_is_in_nothing_that_leaves(inside: dict[str, str]) -> None:
    assert [output["name"] for output in json.loads(inside["criteria.json"])["outputs"]] == ["costs", "stays"]
    assert inside["index.html"].index("<code>costs</code>") < inside["index.html"].index("<code>stays</code>")


def test_criteria_hold_rules_outcomes_and_times_but_no_value(inside: dict[str, str]) -> None:
    criteria = json.loads(inside["criteria.json"])
    assert criteria["rules"]["min_persons"] == {
        "value": 11,
        "source": read_rules("health-fr").min_persons.source,
    }
    assert criteria["outputs"][0]["checks"] == [{"check": "low_count", "risk": "low_count", "outcome": "review"}]
    assert criteria["times"] == {
        "submitted": "2026-06-01T08:01Z",
        "checked": "2026-06-01T08:03Z",
        "approved": "2026-06-01T08:05Z",
    }
    assert criteria["withheld"] == {"refused_by_checks": True, "rejected_by_checkers": True, "undeclared": False}
    text = json.dumps({name: told for name, told in criteria.items() if name != "rules"})  # whose numbers are public
    for value in ("north", "120", "1234.5", "17.25", "987654"):
        assert value not in text
    assert "south" not in text  # where a value was suppressed


@pytest.mark.parametrize(
    "reports",
    [
        (),
        (report("stays"),),
        (report("costs"), report("stays")),
        (report("stays"), report("costs"), report("kept")),
        (report("stays"), report("refused")),
        (report("stays"), report("costs", table=None)),
        (report("stays"), report("costs", outcome=Outcome.FAIL)),
    ],
)
def test_a_package_of_anything_but_the_approved_outputs_is_not_made(reports: tuple[object, ...]) -> None:
    with pytest.raises(PackageError):
        contents_of(request(), reports, read_rules("health-fr"))  # type: ignore[arg-type]  # reports of the list above


def test_without_a_decision_there_is_no_package() -> None:
    with pytest.raises(PackageError):
        contents_of(request(decision=None), (), read_rules("health-fr"))


def test_noise_and_rounding_are_said() -> None:
    noisy = files(built(contents(protect=Protection.DP, dp={"rho": "0.1"})))
    assert "noise" in noisy["index.html"]
    assert json.loads(noisy["criteria.json"])["outputs"][1]["dp"] == {"rho": "0.1"}
    assert "rounded" in files(built(contents(protect=Protection.ROUND)))["index.html"]
    full = files(built(contents(table=Table(TABLE.columns, TABLE.rows[:1]))))
    assert full["index.html"].count("suppressed value") < files(built(contents()))["index.html"].count(
        "suppressed value"
    )


def test_the_readme_speaks_french(inside: dict[str, str]) -> None:
    assert "Paquet de sortie" in inside["README.txt"]
