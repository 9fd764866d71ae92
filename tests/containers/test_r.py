"""A study in R: what `release()` leaves in R's kernel, in the sealed runner, and what the airlock makes of it."""

from __future__ import annotations

import io
import os
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image

from egress.airlock.runners import SealedRunner
from egress.checks.model import Outcome
from egress.release.review import Choice, Vote
from egress.release.status import Status
from hub.launcher.client import Runs
from hub.launcher.engine import EngineError, image_digest
from tests.containers.test_images import python
from tests.egress.airlock.enclave import BY_REGION, BY_SEX, build_extract, make_enclave
from tests.launchers import WORKER_IS_ROOT, launcher

pytestmark = pytest.mark.containers
IMAGE = "bulle/workspace:local"


@pytest.fixture(scope="module", autouse=True)
def image() -> None:
    try:
        image_digest(IMAGE)
    except EngineError as error:
        why = f"needs a container engine with the workspace's image: {error}"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)


def r_notebook(*cells: str) -> bytes:
    made = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    made.metadata.kernelspec = {"name": "ir", "language": "R", "display_name": "R"}
    return nbformat.writes(made).encode()


BARS = (
    '{"mark": "bar", "encoding": {"x": {"field": "sex", "type": "nominal"}, '
    '"y": {"field": "stays", "type": "quantitative"}}}'
)


def test_a_study_in_r_goes_the_whole_way(tmp_path: Path) -> None:
    enclave = make_enclave(tmp_path)
    study = r_notebook(
        'by <- bulle::sql("SELECT sex, count(*) AS n FROM stay GROUP BY sex")\nstopifnot(by$n == c(200, 200))',
        f'library(bulle)\nrelease("stays_by_region", "{BY_REGION}", title = "Séjours")',
        f'bulle::release("stays_by_sex", r"({BY_SEX})")',
        f'release_chart("bars", "stays_by_sex", r"({BARS})")\nrelease_source("method", cells = "code")',
        f'bulle::release("all_by_sex", r"({BY_SEX})", protect = "none")',
        "draw <- function() barplot(c(female = 200, male = 200), main = 'Été')",
        'release_figure("drawn", draw, shows = "all_by_sex", title = "Stays by sex")',
        'release_text("conclusions", "Déjà\\nvu")',
        'x <- 3\nrelease("sneaked", paste("SELECT", x))',
    )
    enclave.hand_in(study)
    enclave.airlock.take_in()
    with launcher(tmp_path, IMAGE, WORKER_IS_ROOT, limits=enclave.limits) as socket:
        runner = SealedRunner(Runs(socket), enclave.limits, enclave.layout, lambda _: None)
        request = enclave.with_runner(runner).process("costs-1")
    assert request.status is Status.IN_REVIEW, (request.reasons, request.failure)
    outcomes = {output.name: output.outcome for output in request.outputs}
    assert outcomes.pop("stays_by_region") is not Outcome.FAIL
    assert outcomes.pop("stays_by_sex") is not Outcome.FAIL
    assert (outcomes.pop("method"), outcomes.pop("conclusions")) == (Outcome.REVIEW, Outcome.REVIEW)
    assert outcomes.pop("all_by_sex") is not Outcome.FAIL
    assert outcomes.pop("drawn") is Outcome.REVIEW
    figure = enclave.desk.report("costs-1", "drawn", "alice").figure
    assert figure is not None
    with Image.open(io.BytesIO(figure.png)) as picture:
        assert picture.size == (960, 720)
        assert len(picture.getcolors(4096) or ()) > 4  # bars, and letters with their soft edges
    (bars,) = enclave.desk.report("costs-1", "stays_by_sex", "alice").pictures
    assert bars.name == "bars"
    assert enclave.desk.report("costs-1", "conclusions", "alice").text == "Déjà\nvu"
    assert set(outcomes.values()) == {Outcome.FAIL}
    votes = tuple(Vote(output.name, Choice.APPROVE) for output in request.reviewable)
    enclave.desk.review("costs-1", "carol", votes)
    assert enclave.airlock.process("costs-1").status is Status.RELEASED
    enclave.log.close()


def test_what_its_author_sees(tmp_path: Path) -> None:
    """Outside a re-run the same call shows the pre-flight, and a bad one says what is wrong."""
    build_extract(tmp_path)
    extract = tmp_path / "extracts" / "costs" / "v1"
    for path in (tmp_path, *tmp_path.rglob("*")):
        path.chmod(0o755)
    (tmp_path / "study.ipynb").write_bytes(
        r_notebook(f'library(bulle)\nrelease("by_region", "{BY_REGION}")', 'bulle::release("Not A Name", "SELECT 1")')
    )
    code = (
        "import papermill; papermill.execute_notebook('/work/study.ipynb', '/tmp/out.ipynb', kernel_name='ir',"
        " cwd='/tmp', progress_bar=False); print(open('/tmp/out.ipynb').read())"
    )
    options = ("-v", f"{tmp_path}:/work:ro", "-v", f"{extract}:/data:ro", "-e", "HOME=/tmp", "-e", "BULLE_LANGUAGE=fr")
    written = python("workspace", code, *options, "-e", "BULLE_EXTRACT=/data")
    cells = nbformat.reads(written[written.index("{") :], as_version=4).cells
    good, bad = (cell.outputs[0].data for cell in cells)
    assert good["application/vnd.bulle.release+json"] == {
        "schema": "bulle.release/1",
        "name": "by_region",
        "sql": BY_REGION,
        "title": "",
        "protect": "suppress",
        "rho": None,
    }
    assert "north" in good["text/plain"]
    assert "✕" in good["text/html"]
    assert "application/vnd.bulle.release+json" not in bad
    assert "minuscules" in bad["text/plain"]
