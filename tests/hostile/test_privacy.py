"""Notebooks that try OpenDP's unsound or dangerous doors through declarations of DP outputs.

All attacks run in one notebook, each in a cell of its own. Nothing that a notebook serialises is ever loaded: a
declaration is words in the submitted source, and a plan, a pickle or a margin has no place in it.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from egress.assess import Declaration
from egress.checks.model import Outcome, Protection
from egress.privacy.preview import preview
from egress.privacy.read import read
from egress.privacy.spec import DpSpec
from hub.extracts.reader import open_extract
from hub.policy.files import read_rules
from hub.policy.verdict import Refusal
from tests.hostile.conftest import SECRETS, Aftermath, Attack

PRELUDE = """\
import bulle, json, os, pickle
from IPython.display import display
MIME = "application/vnd.bulle.release+json"
COUNT = "SELECT sex, count(*) AS n FROM person_year GROUP BY sex"
secret = str(int(bulle.sql("SELECT max(total_spending) AS most FROM person_year").iloc[0, 0]))
assert secret == "39182"
class Payload:
    def __reduce__(self):
        return (os.system, ("touch /tmp/loaded",))
def payload(**more):
    return {"schema": "bulle.release/1", "name": "forged", "sql": COUNT, "title": "", "protect": "dp", **more}
"""

# attack: source, rules by which declarations were refused
REFUSED: dict[str, tuple[str, list[str]]] = {
    "rho that data choose": (
        "bulle.release('by_rho', COUNT, protect='dp', rho=int(secret) / 1e9)",
        ["declaration.computed"],
    ),
    "rho that is no number": (
        "bulle.release('no_rho', 'SELECT count(*) AS n FROM person_year', protect='dp', rho='NaN')",
        ["declaration.rho"],
    ),
    "endless rho": (
        "bulle.release('endless', 'SELECT count(*) AS n FROM person_year', protect='dp', rho='Infinity')",
        ["declaration.rho"],
    ),
    "rho below zero": (
        "bulle.release('below', 'SELECT count(*) AS n FROM person_year', protect='dp', rho='-1')",
        ["declaration.rho"],
    ),
    "rho with more digits than are counted": (
        "bulle.release('digits', 'SELECT count(*) AS n FROM person_year', protect='dp', rho='0.1000000001')",
        ["declaration.rho"],
    ),
    "a scale of one's own": (
        (
            "try:\n    bulle.release('scale', 'SELECT count(*) AS n FROM person_year', protect='dp', scale=0)\n"
            "except TypeError:\n    pass"
        ),
        ["declaration.computed"],
    ),
    "a forged bundle with a plan": (
        "display({MIME: payload(polars_plan=pickle.dumps(Payload()).hex())}, raw=True)",
        [],
    ),
    "a forged bundle with margins": (
        "display({MIME: payload(rho='0.1', margins=[{'by': [], 'invariant': 'keys', 'max_length': 1}])}, raw=True)",
        [],
    ),
    "a forged bundle with numbers": (
        "display({MIME: payload(rho='0.1', noisy=[[int(secret)]], scales=[0])}, raw=True)",
        [],
    ),
    "a forged bundle without a call": (
        "display({MIME: payload(rho='0.1')}, raw=True)",
        ["declaration.stray"],
    ),
    "two budgets for one name": (
        (
            "bulle.release('twice', 'SELECT count(*) AS n FROM person_year', protect='dp', rho=0.1)\n"
            "bulle.release('twice', 'SELECT count(*) AS n FROM person_year', protect='dp', rho=0.2)"
        ),
        ["declaration.twice", "declaration.twice"],
    ),
}
# What counts as a declaration, and that no DP release is made of it.
UNSOUND = {
    "unbounded": "SELECT sum(total_spending * total_spending) AS s FROM person_year",
    "deviations": "SELECT stddev(total_spending) AS s FROM person_year",
    "one_person": "SELECT count(*) AS n FROM person_year WHERE zper = 127368",
    "largest": "SELECT max(total_spending) AS m FROM person_year",
    "found_keys": "SELECT total_spending, count(*) AS n FROM person_year GROUP BY total_spending",
    "a_file": "SELECT count(*) AS n FROM read_csv('/etc/passwd')",
    "margins": "SELECT sex, count(*) AS n FROM person_year GROUP BY CUBE (sex)",
    "redefined": "WITH v AS (SELECT total_spending * 1000 AS total_spending FROM person_year) "
    "SELECT sum(total_spending) AS s FROM v",
    # the threads of opendp/opendp; #2945 and the invariants are bundles above, #2937 is of dates
    "thread_2922": "SELECT drug_spending, count(*) AS n FROM person_year GROUP BY drug_spending HAVING count(*) > 90",
    "thread_2936": "SELECT sum(coalesce(total_spending, 'NaN'::DOUBLE)) AS s FROM person_year",
    "thread_2935": "SELECT sum(coalesce(total_spending, 40000)) AS s FROM person_year",
    "thread_2938": "SELECT count(TRY_CAST(site AS INTEGER)) AS n FROM person_year",
    "thread_2939": "SELECT CAST(total_spending AS INTEGER) AS c, count(*) AS n FROM person_year GROUP BY ALL",
    "thread_2944": "SELECT dense_rank() OVER (ORDER BY total_spending) AS c, count(*) AS n FROM person_year GROUP BY 1",
    "thread_2949": "SELECT sum(total_spending * 1000000) AS total_spending FROM person_year",
    "thread_2923": "SELECT sum((total_spending - 500) * (total_spending - 500)) AS s FROM person_year",
    "thread_2573": "SELECT sex, count(*) AS n FROM person_year WHERE sex IN () GROUP BY sex",
    "thread_2438": "SELECT sex FROM person_year GROUP BY sex",
    "truncated": "SELECT count(*) AS n FROM (SELECT * FROM person_year ORDER BY total_spending DESC LIMIT 5)",
    "joined": "SELECT count(*) AS n FROM person_year a JOIN person_year b ON a.total_spending = b.total_spending",
    "sampled": "SELECT count(*) AS n FROM person_year USING SAMPLE 10%",
    "a_function": "SELECT evil(total_spending) AS n FROM person_year",
    "two_statements": "SELECT count(*) AS n FROM person_year; LOAD 'evil.so'",
}
# The same door is open; and a cast to single precision (#2941) is the column itself.
SOUND = {
    "sound": "SELECT sex, count(*) AS n FROM person_year GROUP BY sex",
    "thread_2941": "SELECT sum(CAST(total_spending AS REAL)) AS s FROM person_year",
    "plain": "SELECT sum(total_spending) AS s FROM person_year",
}


@pytest.fixture(scope="module")
def aftermath(attack: Attack) -> Aftermath:
    unsound = [f'bulle.release("{name}", """{sql}""", protect="dp", rho=0.1)' for name, sql in UNSOUND.items()]
    sound = [f'bulle.release("{name}", "{sql}", protect="dp", rho=0.1)' for name, sql in SOUND.items()]
    return attack(PRELUDE, *(source for source, _ in REFUSED.values()), *unsound, *sound)


@pytest.mark.parametrize("name", REFUSED)
def test_no_declaration_comes_of_it(aftermath: Aftermath, name: str) -> None:
    cell = 2 + list(REFUSED).index(name)
    assert aftermath.rules_at(cell) == REFUSED[name][1]


def test_only_what_the_source_says_is_declared(aftermath: Aftermath) -> None:
    assert aftermath.content is not None
    declared = {one.name: one for one in aftermath.content.declarations}
    assert set(declared) == {*UNSOUND, *SOUND}
    assert all(one.protect is Protection.DP and one.rho == Decimal("0.1") for one in declared.values())
    assert not any(secret in aftermath.leaving for secret in SECRETS)


@pytest.mark.parametrize("name", UNSOUND)
def test_no_dp_release_is_made_of_what_is_unsound(aftermath: Aftermath, extract: Path, name: str) -> None:
    assessed = aftermath.assessment(name)
    if assessed.query is None:
        assert assessed.outcome is Outcome.FAIL
    else:
        assert isinstance(read(assessed.query, open_extract(extract).manifest), Refusal)


def test_the_same_door_is_open_to_what_is_sound(aftermath: Aftermath, extract: Path) -> None:
    made = {}
    for name in SOUND:
        query = aftermath.assessment(name).query
        assert query is not None
        spec = read(query, open_extract(extract).manifest)
        assert isinstance(spec, DpSpec)
        assert not isinstance(preview(spec, read_rules("health-fr"), Decimal("0.1")), Refusal)
        made[name] = spec.digest
    assert made["thread_2941"] == made["plain"] != made["sound"]


def test_a_dp_declaration_shows_no_exact_number_on_its_way(aftermath: Aftermath) -> None:
    """An exact check on the way would be an uncharged query."""
    sound = aftermath.assessment("sound")
    assert isinstance(sound.declaration, Declaration)
    assert (sound.exact, sound.evidence, sound.protected) == (None, None, None)
