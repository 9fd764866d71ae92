"""An extract with one person's secret in it, and a judge of notebooks over it that needs no runner."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from egress.assess import Assessment, assess_request
from egress.checks.model import Outcome
from egress.outputs.arguments import to_emitted
from egress.outputs.model import DECLARATION_MIME, Rendered, Unreadable
from egress.outputs.notebook import read_notebook
from egress.query.engine import Engine
from egress.release.lane import lane_of
from egress.release.model import Lane, OutputRecord
from egress.rerun.content import Content, read_content
from tests.egress.query.extracts import pack, rules
from tests.hostile.conftest import MAX

# One person's bill, and whose it is.
SECRET, OWNER = "39182", "127368451"
PRICES: dict[str, Any] = {
    "source": {"name": "prices", "person_key": "pid", "rules": "health-fr"},
    "tables": {
        "stay": {
            "rows_per_person": 40,
            "columns": {
                "region": {"type": "string", "description": "Region", "categories": ["East", "North", "South", "West"]},
                "sex": {"type": "string", "description": "Sex", "categories": ["F", "M"]},
                "year": {"type": "integer", "description": "Year", "categories": [2021, 2022, 2023]},
                "cost": {"type": "number", "description": "Cost", "bounds": [0, 40000], "breaks": [1000, 20000]},
                "nights": {"type": "integer", "description": "Nights", "bounds": [0, 60]},
                "age": {"type": "integer", "description": "Age", "bounds": [0, 110], "breaks": [18, 60, 65]},
                "bonus": {"type": "number", "description": "Bonus", "bounds": [0, 40000]},
                "town": {"type": "string", "description": "Town"},
            },
        }
    },
}


def stays(**changed: list[Any]) -> dict[str, list[Any]]:
    """600 persons with two stays each; one of them has the secret."""
    size = 1200
    who = [f"{100_000_000 + 7919 * (number % 600)}" for number in range(size)]
    cost = [float(100 + (number * 37) % 800) for number in range(size)]
    who[5], cost[5] = OWNER, float(SECRET)
    return {
        "pid": who,
        "region": [("North", "South", "West")[(number % 600) % 3] for number in range(size)],
        "sex": ["FM"[(number // 3) % 2] for number in range(size)],
        "year": [2021 + number % 3 for number in range(size)],
        "cost": cost,
        "nights": [1 + number % 9 for number in range(size)],
        "age": [18 + (number % 600) % 60 for number in range(size)],
        "bonus": [None] * size,
        "town": [("Arles", "Brest", "Creil")[number % 3] for number in range(size)],
        **changed,
    }


@dataclass(frozen=True)
class Judged:
    """What the service makes of a notebook; `leaving` is all that could reach a package, the log or the author."""

    content: Content
    assessments: tuple[Assessment, ...]

    @property
    def lane(self) -> Lane:
        """The lane, where the holder has opened the automatic one."""
        records = [
            OutputRecord(one.declaration.name, "", one.assurance, one.outcome, one.declaration.protect, "")
            for one in self.assessments
        ]
        refused = [OutputRecord(one.name, "", *_REFUSED) for one in self.content.refused]
        return lane_of((*records, *refused), OPEN)

    @property
    def leaving(self) -> str:
        outputs = [one.to_json() for one in self.assessments]
        findings = [str(found.why) + found.where for one in self.assessments for found in one.findings]
        refused = [[str(found.why) + found.where for found in output.findings] for output in self.content.refused]
        return json.dumps([outputs, findings, refused, repr(self.content.withheld)])

    @property
    def values(self) -> list[object]:
        """What the tables hold that would leave."""
        return [
            value
            for one in self.assessments
            if one.protected is not None and one.outcome is not Outcome.FAIL
            for row in one.protected.rows
            for value in row
        ]


OPEN = rules("health-fr", automatic_lane=True)
_REFUSED = (None, Outcome.FAIL, None, "")


class Judge:
    """Judges notebooks over one extract."""

    def __init__(self, folder: Path, **changed: list[Any]) -> None:
        self.folder = folder
        self.manifest = pack(folder, PRICES, {"stay": stays(**changed)})

    def __call__(self, *sources: str, emitted: dict[int, list[dict[str, Any]]] | None = None) -> Judged:
        """`sources` are code cells; `emitted`: what the re-run declared, by cell from 1. None: an honest run."""
        submitted = notebook(sources, {})
        said = emitted if emitted is not None else honest(sources)
        rerun = read_notebook(notebook(sources, said), MAX)
        assert isinstance(rerun, Rendered)
        content = read_content(submitted, rerun, MAX)
        assert not isinstance(content, Unreadable)
        with Engine(self.folder, self.manifest) as engine:
            return Judged(content, assess_request(content.declarations, engine, OPEN))


def release(name: str, sql: str, **options: Any) -> str:
    words = "".join(f", {key}={value!r}" for key, value in options.items())
    return f"import bulle\nbulle.release({name!r}, {sql!r}{words})"


def bundle(name: str, sql: str, title: str = "", protect: str = "suppress", rho: object = None) -> dict[str, Any]:
    made = to_emitted(name, sql, title, protect, rho)
    return {"schema": "bulle.release/1", **made.__dict__}


def honest(sources: tuple[str, ...]) -> dict[int, list[dict[str, Any]]]:
    """What a run of these cells emits where each call says what it says: the cells are run with a recorder."""
    made: dict[int, list[dict[str, Any]]] = {}

    class Recorder:
        cell = 0

        def release(self, name: str, sql: str, **options: Any) -> None:
            made.setdefault(self.cell, []).append(bundle(name, sql, **options))

    recorder = Recorder()
    names = {"bulle": recorder, "secret": SECRET, "owner": OWNER}
    for number, source in enumerate(sources, start=1):
        recorder.cell = number
        exec(source.replace("import bulle\n", ""), names)  # the cells of this very test
    return made


def notebook(sources: tuple[str, ...], emitted: dict[int, list[dict[str, Any]]]) -> bytes:
    cells = [
        {
            "cell_type": "code",
            "metadata": {},
            "source": source,
            "execution_count": None,
            "outputs": [
                {"output_type": "display_data", "data": {DECLARATION_MIME: made}, "metadata": {}}
                for made in emitted.get(number, [])
            ],
        }
        for number, source in enumerate(sources, start=1)
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}).encode()
