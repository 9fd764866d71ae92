"""Notebooks that try to get a single person's bill out through regressions with noise.

All attacks run in one notebook, each in a cell of its own. A regression is words of the submitted source: whatever data
could choose in it does not count, and what is left meets the catalogue alone.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from egress.checks.model import Outcome
from egress.outputs.private import DeclaredPrivate
from egress.private import AssessedPrivate, assess_private
from hub.extracts.reader import open_extract
from tests.egress.query.extracts import rules
from tests.hostile.conftest import SECRETS, Aftermath, Attack

PRELUDE = """\
import bulle, json
from IPython.display import display
MIME = "application/vnd.bulle.private+json"
secret = str(int(bulle.sql("SELECT max(total_spending) AS most FROM person_year").iloc[0, 0]))
assert secret == "39182"
WORDS = {"table": "person_year", "outcome": "total_spending", "predictors": ["sex"], "where": None}
def payload(name="forged", words=WORDS, rho="0.1", **more):
    made = {"schema": "bulle.private/1", "kind": "ols", "name": name, "arguments": words, "title": "", "rho": rho}
    return made | more
"""
_CALL = 'bulle.release_ols("{name}", table="person_year", outcome="total_spending", predictors=["sex"]{rest})'


def call(name: str, rest: str = "") -> str:
    return _CALL.format(name=name, rest=rest)


# attack: source, rules by which declarations were refused
REFUSED: dict[str, tuple[str, list[str]]] = {
    "rho that data choose": (call("by_rho", ", rho=int(secret) / 1e9"), ["declaration.computed"]),
    "predictors that data choose": (
        (
            'bulle.release_ols("by_bits", table="person_year", outcome="total_spending", '
            'predictors=["sex"] + ["site"] * int(secret[0] == "3"))'
        ),
        ["declaration.computed"],
    ),
    "a condition that data write": (call("by_limit", ', where=f"total_spending < {secret}"'), ["declaration.computed"]),
    "a name that data choose": (
        'bulle.release_ols(f"n{secret}", table="person_year", outcome="total_spending", predictors=["sex"])',
        ["declaration.computed"],
    ),
    "a call that data switch on": (f'if secret[0] == "3":\n    {call("switched")}', ["declaration.conditional"]),
    "as often as data say": (f"for _ in secret[:2]:\n    {call('often')}", ["declaration.conditional"]),
    "a scale of one's own": (
        f"try:\n    {call('scale', ', scale=0')}\nexcept TypeError:\n    pass",
        ["declaration.computed"],
    ),
    "a forged bundle without a call": ("display({MIME: payload()}, raw=True)", ["declaration.stray"]),
    "a forged bundle with numbers": ("display({MIME: payload(noisy=[int(secret)])}, raw=True)", []),
    "a forged bundle of another form": ("display({MIME: payload(words=[secret])}, raw=True)", []),
    "another rho than the source's": (
        (
            "import bulle.private\nhonest = bulle.private.to_payload\n"
            "bulle.private.to_payload = lambda one: {**honest(one), 'rho': '0.' + secret}\n"
            + call("swapped", ", rho=0.1")
        ),
        ["declaration.differs"],
    ),
    "put right again": ("bulle.private.to_payload = honest", []),
    "said again where it does not stand": (
        f"{call('again')}\ndisplay({{MIME: payload('again', rho=None)}}, raw=True)",
        ["declaration.repeated"],
    ),
}
# What counts as a declaration, and what becomes of it by public facts.
UNSOUND = {
    "subquery": (', where="total_spending = (SELECT max(total_spending) FROM person_year)"', Outcome.FAIL),
    "key": (', where="zper = 127368"', Outcome.FAIL),
    "another_clause": (', where="TRUE) GROUP BY (sex"', Outcome.FAIL),
    "a_file": (", where=\"sex IN (SELECT * FROM read_csv('/etc/passwd'))\"", Outcome.FAIL),
    "too_much": (", rho=99", Outcome.FAIL),
    "spending_by_sex": (', where="total_spending = 39182"', Outcome.REVIEW),
    "model": (', title="The largest bill is 39182"', Outcome.REVIEW),
    "regression": ("", Outcome.PASS),
}


@pytest.fixture(scope="module")
def aftermath(attack: Attack) -> Aftermath:
    honest = [call(name, rest) for name, (rest, _) in UNSOUND.items()]
    return attack(PRELUDE, *(source for source, _ in REFUSED.values()), *honest)


@pytest.fixture(scope="module")
def declared(aftermath: Aftermath) -> dict[str, DeclaredPrivate]:
    assert aftermath.content is not None, aftermath.result.message
    return {one.name: one for one in aftermath.content.private}


@pytest.fixture(scope="module")
def assessed(declared: dict[str, DeclaredPrivate], extract: Path) -> dict[str, AssessedPrivate]:
    """Where the rules would let the kind leave past nobody."""
    manifest, opened = open_extract(extract).manifest, rules("health-fr", private_kinds={"ols": "automatic"})
    return {name: assess_private(one, manifest, opened) for name, one in declared.items()}


@pytest.mark.parametrize("name", REFUSED)
def test_no_declaration_comes_of_it(aftermath: Aftermath, name: str) -> None:
    assert aftermath.rules_at(2 + list(REFUSED).index(name)) == REFUSED[name][1]


def test_only_what_the_source_says_is_declared(aftermath: Aftermath, declared: dict[str, DeclaredPrivate]) -> None:
    assert set(declared) == set(UNSOUND)
    assert not any(secret in aftermath.leaving for secret in SECRETS)


@pytest.mark.parametrize("name", UNSOUND)
def test_public_facts_refuse_it_or_send_it_to_people(assessed: dict[str, AssessedPrivate], name: str) -> None:
    found = assessed[name]
    assert found.outcome is UNSOUND[name][1], [str(finding.why) for finding in found.findings]
    assert (found.planned is None) == (found.outcome is Outcome.FAIL)
    said = " ".join(str(finding.why) + finding.where for finding in found.findings)
    assert not any(secret in said for secret in SECRETS)
