"""A model and a survival curve, the whole way: fitted again in the re-run, looked at by people, released as tables."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from egress.checks.model import Assurance, Outcome
from egress.release.report import OutputReport
from egress.release.status import Status
from egress.store.quarantine import Quarantine
from egress.web.outputs import output_views
from tests.egress.airlock.enclave import TinyEnclave, make_enclave, notebook

DATA = """\
import bulle, warnings
import statsmodels.formula.api as smf
from lifelines import KaplanMeierFitter
s = bulle.sql("SELECT * FROM stay")
s["died"] = (s.cost % 3 > 0).astype(int)
fitted = smf.ols("cost ~ sex", s[s.region != "east"]).fit()"""
MODEL = 'bulle.release_model("cost_model", fitted, units="person_id", title="Cost by sex")'
CURVE = """\
km = KaplanMeierFitter().fit(s.cost, s.died)
bulle.release_model(
    "cost_curve", km, units="person_id", microdata=s, duration="cost", event="died", every=100, by="sex"
)"""
DRAWN = """\
bulle.release_chart(
    "curve_chart",
    table="cost_curve",
    chart={
        "mark": "point",
        "encoding": {
            "x": {"field": "time", "type": "quantitative"},
            "y": {"field": "survival", "type": "quantitative"},
            "color": {"field": "sex", "type": "nominal"},
        },
    },
)"""
FIGURE = "bulle.release_figure('raw_curve', b'whatever', shows='cost_curve', title='Every single time')"
REGION = """\
few = smf.ols("cost ~ region + sex", s).fit()
bulle.release_model("cost_region", few, units="person_id")"""
FOREST = """\
from sklearn.tree import DecisionTreeRegressor
tree = DecisionTreeRegressor(min_samples_leaf=50, random_state=0).fit(s[["died"]], s.cost)
bulle.release_model("cost_tree", tree, units="person_id", microdata=s, outcome="cost")"""


@pytest.fixture(scope="module")
def enclave(tmp_path_factory: pytest.TempPathFactory) -> TinyEnclave:
    made = make_enclave(tmp_path_factory.mktemp("enclave"))
    made.ask(notebook(DATA, MODEL, CURVE, DRAWN, FIGURE, REGION, FOREST), "first")
    return made


def report(enclave: TinyEnclave, name: str) -> OutputReport:
    record = enclave.desk.look().request("costs-1").output(name)
    assert record is not None, [output.name for output in enclave.desk.look().request("costs-1").outputs]
    return OutputReport.from_bytes(Quarantine(enclave.root / "quarantine").get(record.report))


def test_people_look_at_its_two_tables(enclave: TinyEnclave) -> None:
    assert enclave.desk.look().request("costs-1").status is Status.IN_REVIEW, enclave.kinds()
    model, summary = report(enclave, "cost_model"), report(enclave, "cost_model_summary")
    for one in (model, summary):
        assert (one.assurance, one.outcome) == (Assurance.REPRODUCED, Outcome.REVIEW)
    assert (model.statbarns, summary.statbarns) == (("correlation_coefficients",), ("statistical_hypothesis_tests",))
    assert model.protected is not None
    assert [row[0] for row in model.protected.rows] == ["Intercept", "sex[T.male]"]
    assert [cell["persons"] for cell in model.evidence["cells"]] == [395, 197]
    assert "bulle.release_model" in model.sql


def test_what_is_said_of_the_model_is_said_of_its_summary(enclave: TinyEnclave) -> None:
    opened = enclave.desk.open("costs-1", "carol")
    said = {view.record.name: view.description for view in output_views(enclave.desk, opened, "en")}
    assert said["cost_model_summary"] == said["cost_model"] == "What cost_model shows"


def test_the_curve_is_coarse_and_its_steps_stay_for_checkers(enclave: TinyEnclave) -> None:
    curve = report(enclave, "cost_curve")
    assert curve.protected is not None
    assert curve.exact is not None
    assert len(curve.protected.rows) < len(curve.exact.rows)
    assert {row[0] for row in curve.protected.rows} == {"female", "male"}
    assert [picture.name for picture in curve.pictures] == ["curve_chart"]  # drawn of the steps that leave
    assert all(row[3] >= 11 and row[2] >= 11 for row in curve.protected.rows if row[1])


def test_what_breaks_the_rules_is_refused(enclave: TinyEnclave) -> None:
    region, tree = report(enclave, "cost_region"), report(enclave, "cost_tree")
    assert {found.check for found in region.findings if found.outcome is Outcome.FAIL} == {"sparse_level"}  # 5 persons
    assert {found.check for found in tree.findings if found.outcome is Outcome.FAIL} >= {"models"}
    assert region.protected is None
    names = [output.name for output in enclave.desk.look().request("costs-1").outputs]
    assert "cost_region_summary" not in names


def test_what_leaves_is_what_people_approved(enclave: TinyEnclave) -> None:
    for checker in ("carol", "dora"):
        if enclave.desk.look().request("costs-1").status is Status.IN_REVIEW:
            enclave.approve("costs-1", checker)
    enclave.airlock.process("costs-1")
    package = next(enclave.root.joinpath("exports").rglob("*.zip"), None)
    assert package is not None, enclave.kinds()
    with zipfile.ZipFile(io.BytesIO(package.read_bytes())) as held:
        tables = sorted(Path(name).name for name in held.namelist() if name.endswith(".csv"))
        lines = (
            held.read(next(name for name in held.namelist() if name.endswith("/cost_model.csv"))).decode().splitlines()
        )
        everything = b"".join(held.read(name) for name in held.namelist())
    assert tables == ["cost_curve.csv", "cost_curve_summary.csv", "cost_model.csv", "cost_model_summary.csv"]
    assert lines[0] == "term,estimate,std_error,statistic,p_value,low_95,high_95"
    assert b"p0007" not in everything
    assert b'"evidence"' not in everything


def test_a_curve_is_drawn_of_its_joined_steps_and_not_by_the_notebook(enclave: TinyEnclave) -> None:
    found = report(enclave, "raw_curve")
    assert found.outcome is Outcome.FAIL
    assert "by their times" in str(found.findings[0].why)
