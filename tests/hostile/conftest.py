"""Runs hostile notebooks as the egress worker does: in the sealed container where an engine and the image exist."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from egress.airlock.runners import FrozenRequest, LocalRunner, Runner, SealedRunner
from egress.assess import Assessment, Declaration, assess
from egress.checks.model import Outcome
from egress.outputs.declarations import DeclarationProblem, declarations
from egress.outputs.model import Rendered, Unreadable
from egress.outputs.notebook import read_notebook
from egress.query.engine import Engine
from egress.rerun.content import Content, read_content
from egress.rerun.result import RerunResult
from hub.extracts.reader import open_extract
from hub.launcher.client import Runs
from hub.launcher.engine import EngineError, image_digest
from hub.policy.files import read_rules
from hub.policy.limits import RunnerLimits, read_limits
from hub.workspace import StateLayout
from tests.extracts import rand_hie
from tests.launchers import WORKER_IS_ROOT, launcher

WORKSPACE_IMAGE = "bulle/workspace:local"
MAX = 16 << 20
# Values of single persons in the extract: the largest bill, and whose it is.
SECRETS = ("39182", "127368")


@dataclass(frozen=True)
class Aftermath:
    """What the worker knows after an attack; `leaving` is all that could reach a release package or its author."""

    result: RerunResult
    content: Content | None
    assessments: tuple[Assessment, ...]

    @property
    def leaving(self) -> str:
        if self.content is None:
            return str(self.result.message)
        outputs = [assessment.to_json() for assessment in self.assessments]
        refused = [(output.name, [str(found.why) for found in output.findings]) for output in self.content.refused]
        return json.dumps([outputs, refused, repr(self.content.withheld)])

    def rules_at(self, cell: int) -> list[str]:
        """The rules by which declarations of a cell were refused."""
        assert self.content is not None, str(self.result.message)
        found = [finding for output in self.content.refused for finding in output.findings]
        return [finding.check for finding in found if finding.where == f"cell {cell}"]

    def kinds_at(self, cell: int) -> list[str]:
        """What was withheld of a cell."""
        assert self.content is not None, str(self.result.message)
        return [str(item.kind) for item in self.content.withheld if item.cell == cell]

    def assessment(self, name: str) -> Assessment:
        return next(one for one in self.assessments if one.declaration.name == name)


Attack = Callable[..., Aftermath]


@pytest.fixture(scope="session")
def extract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the enclave's project `study` has it."""
    project = tmp_path_factory.mktemp("enclave") / "extracts" / "study"
    project.mkdir(parents=True)
    project.chmod(0o755)
    return rand_hie(project)


@pytest.fixture(scope="session")
def sealed() -> bool:
    """Whether the sealed runner can be used here."""
    try:
        image_digest(WORKSPACE_IMAGE)
    except EngineError:
        return False
    return True


@pytest.fixture(scope="session")
def attack(extract: Path, sealed: bool) -> Attack:
    root = extract.parents[2]

    def run(*sources: str, files: dict[str, bytes] | None = None, **limits: int) -> Aftermath:
        allowed = RunnerLimits(
            memory_mb=2048, cpus=1, pids=64, file_mb=64, open_files=256, seconds=180, max_output_mb=2, scratch_mb=64
        )
        allowed = allowed.model_copy(update=limits)
        notebook = notebook_of(*sources)
        request = FrozenRequest("study-1", "study", "alice", notebook, files or {})
        with runner_of(root, allowed) if sealed else nullcontext(LocalRunner(allowed)) as runner:
            result = runner(request, PurePosixPath(extract))
        if result.rendered is None:
            return Aftermath(result, None, ())
        content = read_content(notebook, result.rendered, MAX)
        assert not isinstance(content, Unreadable)
        manifest, rules = open_extract(extract).manifest, read_rules("health-fr")
        with Engine(extract, manifest) as engine:
            assessments = tuple(assess(declaration, engine, rules) for declaration in content.declarations)
        return Aftermath(result, content, assessments)

    return run


@contextmanager
def runner_of(root: Path, allowed: RunnerLimits) -> Iterator[Runner]:
    """The sealed runner, with a launcher of its own."""
    limits = read_limits().model_copy(update={"runner": allowed})
    with launcher(root, WORKSPACE_IMAGE, WORKER_IS_ROOT, limits=limits) as socket:
        yield SealedRunner(Runs(socket), limits, StateLayout(PurePosixPath(root)), lambda _: None)


def notebook_of(*sources: str) -> bytes:
    cells: list[dict[str, Any]] = [
        {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
        for source in sources
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}).encode()


AssessSource = Callable[[str], Outcome]


@pytest.fixture(scope="session")
def assess_source(extract: Path) -> AssessSource:
    """The outcome of one declaration as it stands in a source, when its re-run confirms it."""
    manifest, rules = open_extract(extract).manifest, read_rules("health-fr")

    def outcome(source: str) -> Outcome:
        rendered = read_notebook(notebook_of("import bulle", source), MAX)
        assert isinstance(rendered, Rendered)
        (item,) = declarations(rendered)
        if isinstance(item, DeclarationProblem):
            return Outcome.FAIL
        with Engine(extract, manifest) as engine:
            return assess(Declaration(item.name, item.sql, item.title), engine, rules).outcome

    return outcome
