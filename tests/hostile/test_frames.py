"""Notebooks that try to get a single person's bill out through tables that they claim to have made by pandas or ACRO.

All attacks of this file run in one notebook; each is looked at by its output's name or its cell.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from egress.assess import Assessment
from egress.checks.model import Outcome
from egress.frames import assess_on
from egress.query.engine import Engine
from hub.extracts.reader import open_extract
from hub.policy.files import read_rules
from tests.hostile.conftest import SECRETS, Aftermath, Attack

PRELUDE = """\
import bulle, json, pathlib
import bulle.frame
import pandas as pd
from IPython.display import display
df = bulle.sql("SELECT zper, site, sex, total_spending FROM person_year")
row = df.sort_values("total_spending").iloc[-1]
secret = f"{int(row.zper)} {int(row.total_spending)}"
assert secret == "127368 39182"
one = df[df.zper == row.zper]
MIME = "application/vnd.bulle.frame+json"
def forged(name, rows, persons=1000, agg="mean", value=None):
    known = {"rows": 2000, "persons": persons, "nonzero": persons, "total": 9e9, "largest": 1.0, "second": 1.0}
    cell = {"grouping": [0], "rows": 2000, "persons": persons, "measures": [known]}
    measure = {"name": "mean_cost", "agg": "mean", "of": "cost", "binary": False, "whole": False}
    return {"schema": "bulle.frame/1", "name": name, "units": "zper", "by": ["site"], "values": "cost", "agg": ["mean"],
            "title": "", "protect": "suppress", "margins": False, "keys": ["site"], "measures": [measure],
            "rows": rows, "evidence": [cell] * len(rows)}
real = bulle.frame._payload
"""

# attack: cell, and what becomes of it: the rule of its cell, or the outcome of the output of that name
ATTACKS: dict[str, tuple[str, str | Outcome]] = {
    "persons_repeated": (
        'bulle.release_frame("persons_repeated", pd.concat([one] * 50), units="zper", by="site")',
        Outcome.FAIL,
    ),
    "person_beside_others": (
        (
            "beside = df.assign(site=(df.zper == row.zper))\n"
            'bulle.release_frame("person_beside_others", beside, units="zper", by="site", values="total_spending")'
        ),
        Outcome.REVIEW,
    ),
    "rows_as_persons": (
        'bulle.release_frame("rows_as_persons", df.assign(p=range(len(df))), units="p", by="sex")',
        Outcome.FAIL,
    ),
    "label_smuggled": (
        'bulle.release_frame("label_smuggled", df.assign(site=secret), units="zper", by="site")',
        Outcome.REVIEW,  # no catalogue lists it
    ),
    "digits_smuggled": (
        (
            "bulle.frame._payload = lambda *rest: (forged('digits_smuggled', [['site 1', 100.39182127368]]), 0)\n"
            'bulle.release_frame("digits_smuggled", df, units="zper", by="site", values="cost")'
        ),
        Outcome.REVIEW,
    ),
    "order_smuggled": (
        (
            "bulle.frame._payload = lambda *rest: (forged('order_smuggled', [[f'site {d}', 1.0] for d in '3918']), 0)\n"
            'bulle.release_frame("order_smuggled", df, units="zper", by="site", values="cost")'
        ),
        Outcome.REVIEW,
    ),
    "too_many_persons": (
        (
            "bulle.frame._payload = lambda *rest: (forged('too_many_persons', [['site 1', 1.0]], persons=10**6), 0)\n"
            'bulle.release_frame("too_many_persons", df, units="zper", by="site", values="cost")'
        ),
        Outcome.FAIL,
    ),
    "a computed name": (
        'bulle.frame._payload = real\nbulle.release_frame("n" + str(int(row.zper)), df, units="zper", by="sex")',
        "declaration.computed",
    ),
    "a computed key": ('bulle.release_frame("b", df, units="zper", by=[df.columns[2]])', "declaration.computed"),
    "under a condition": (
        'if row.total_spending > 39000: bulle.release_frame("c", df, units="zper", by="sex")',
        "declaration.conditional",
    ),
    "nothing declares it": ("display({MIME: forged('stray', [['site 1', 1.0]])}, raw=True)", "declaration.stray"),
    "twice": (
        (
            'bulle.release_frame("twice", df, units="zper", by="sex")\n'
            "display({MIME: forged('twice', [['site 1', 1.0]])}, raw=True)"
        ),
        "declaration.differs",
    ),
    "other words": (
        (
            "bulle.frame._payload = lambda *rest: (forged('words', [['site 1', 1.0]]), 0)\n"
            'bulle.release_frame("words", df, units="zper", by="sex")'
        ),
        "declaration.differs",
    ),
    "another shape": (
        (
            "bulle.frame._payload = lambda *rest: ({**forged('shape', []), 'note': secret}, 0)\n"
            'bulle.release_frame("shape", df, units="zper", by="site", values="cost")'
        ),
        "declaration.missing",
    ),
    "acro_1": (
        (
            'folder = pathlib.Path("acro_outputs"); folder.mkdir()\n'
            'done = folder.joinpath("t.csv").write_text("id,bill\\n127368,39182\\n")\n'
            'done = folder.joinpath("results.json").write_text(json.dumps({"results": {"a": {"type": "table", '
            '"status": "pass", "files": [{"name": "t.csv"}]}}}))\n'
            'bulle.release_acro("acro_outputs")'
        ),
        Outcome.REVIEW,
    ),
}
CELLS = {name: at for at, name in enumerate(ATTACKS, start=2)}


@pytest.fixture(scope="module")
def aftermath(attack: Attack) -> Aftermath:
    return attack(PRELUDE, *(source for source, _ in ATTACKS.values()))


@pytest.fixture(scope="module")
def frames(aftermath: Aftermath, extract: Path) -> dict[str, Assessment]:
    assert aftermath.content is not None, str(aftermath.result.message)
    with Engine(extract, open_extract(extract).manifest) as engine:
        return {
            frame.name: assess_on(engine, frame.claimed, read_rules("health-fr"), differs=frame.differs)
            for frame in aftermath.content.frames
        }


@pytest.mark.parametrize("name", [name for name, (_, what) in ATTACKS.items() if isinstance(what, Outcome)])
def test_no_claim_passes(frames: dict[str, Assessment], name: str) -> None:
    assert frames[name].outcome is ATTACKS[name][1]


@pytest.mark.parametrize("name", [name for name, (_, what) in ATTACKS.items() if not isinstance(what, Outcome)])
def test_what_data_could_switch_does_not_count(aftermath: Aftermath, name: str) -> None:
    assert aftermath.rules_at(CELLS[name]) == [ATTACKS[name][1]]


def test_one_person_beside_all_others_is_not_shown(frames: dict[str, Assessment]) -> None:
    protected = frames["person_beside_others"].protected
    assert protected is not None
    assert dict(protected.rows)[True] is None  # type: ignore[arg-type]  # two columns


def test_digits_and_order_are_ours(frames: dict[str, Assessment]) -> None:
    digits, order = frames["digits_smuggled"].protected, frames["order_smuggled"].protected
    assert digits is not None
    assert order is not None
    assert digits.rows == (("site 1", 100.4),)
    assert [row[0] for row in order.rows] == sorted(row[0] for row in order.rows)


def test_no_sentence_tells_it(aftermath: Aftermath, frames: dict[str, Assessment]) -> None:
    told = aftermath.leaving + repr(
        [[str(sentence) for found in one.findings for sentence in found.sentences()] for one in frames.values()]
    )
    assert not any(secret in told for secret in SECRETS)
