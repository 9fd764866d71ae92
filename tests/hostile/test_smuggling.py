"""Notebooks that try to get a single person's bill out through what they declare, print, show or attach.

All attacks of this file run in one notebook, each in a cell of its own; each is looked at by its cell.
"""

from __future__ import annotations

import pytest

from egress.checks.model import Outcome
from tests.hostile.conftest import SECRETS, Aftermath, AssessSource, Attack

PRELUDE = """\
import bulle, sys
from IPython.display import HTML, Markdown, display
row = bulle.sql("SELECT zper, total_spending FROM person_year ORDER BY 2 DESC LIMIT 1").iloc[0]
secret = f"{int(row.zper)} {int(row.total_spending)}"
assert secret == "127368 39182"
MIME = "application/vnd.bulle.release+json"
SQL = "SELECT sex, count(*) AS n FROM person_year GROUP BY sex"
def payload(name, sql=SQL, title=""):
    return {"schema": "bulle.release/1", "name": name, "sql": sql, "title": title, "protect": "suppress", "rho": None}
"""

# attack: source, kinds withheld, rules by which declarations were refused
ATTACKS: dict[str, tuple[str, list[str], list[str]]] = {
    "standard output": ("print(secret)", ["stdout"], []),
    "standard error": ("print(secret, file=sys.stderr)", ["stderr"], []),
    "a cell's own value": ("secret", ["result"], []),
    "displayed HTML": ("display(HTML(f'<!-- {secret} --><b style=\"display:none\">{secret}</b>'))", ["display"], []),
    "a hidden character": (
        "display(Markdown('ok' + ''.join(chr(0x200b) * int(d) for d in secret if d != ' ')))",
        ["display"],
        [],
    ),
    "a MIME type of its own": ("display({f'application/x-{secret}': secret}, raw=True)", ["display"], []),
    "a widget": (
        "display({'application/vnd.jupyter.widget-view+json': {'model_id': secret}}, raw=True)",
        ["widget"],
        [],
    ),
    "metadata of an output": (
        "display({'text/plain': 'ok'}, metadata={'x': secret}, raw=True)",
        ["display", "metadata"],
        [],
    ),
    "a computed name": (
        "bulle.release('n' + secret.replace(' ', '_'), SQL)",
        [],
        ["declaration.computed"],
    ),
    "SQL by f-string": (
        "bulle.release('by_f', f'SELECT {int(row.total_spending)} AS x, count(*) AS n FROM person_year')",
        [],
        ["declaration.computed"],
    ),
    "a computed title": (
        "bulle.release('titled', 'SELECT count(*) AS n FROM person_year', title=secret)",
        [],
        ["declaration.computed"],
    ),
    "a declaration that a bit switches on": (
        "if secret.startswith('1'):\n    bulle.release('bit', 'SELECT count(*) AS n FROM person_year')",
        [],
        ["declaration.conditional"],
    ),
    "a forged bundle without a call": (
        "display({MIME: payload('p' + secret.split()[0])}, raw=True)",
        [],
        ["declaration.stray"],
    ),
    "a bundle with a stowaway key": (
        "display({MIME: payload('stow') | {'x': secret}}, raw=True)",
        ["declaration"],
        [],
    ),
    "a stowaway beside a declaration": (
        "display({MIME: payload('beside'), 'text/html': secret}, metadata={'x': secret}, raw=True)",
        ["display", "metadata"],
        ["declaration.stray"],
    ),
    "a call that only a helper file makes": ("import helper\nhelper.go(secret)", [], ["declaration.stray"]),
    "a call made of text": (
        "exec(f\"bulle.release('e{secret.split()[0]}', SQL)\")",
        [],
        ["declaration.stray"],
    ),
    "the function by another road": (
        "getattr(bulle, 're' + 'lease')('g' + secret.split()[0], SQL)",
        [],
        ["declaration.stray"],
    ),
}
HELPER = b"""
import bulle
def go(secret):
    bulle.release('h' + secret.split()[0], 'SELECT count(*) AS n FROM person_year')
"""
HONEST = "bulle.release('honest', 'SELECT sex, count(*) AS n FROM person_year GROUP BY sex')"


@pytest.fixture(scope="module")
def aftermath(attack: Attack) -> Aftermath:
    sources = [source for source, _, _ in ATTACKS.values()]
    return attack(PRELUDE, *sources, HONEST, files={"helper.py": HELPER})


@pytest.mark.parametrize("name", ATTACKS)
def test_each_attack_is_withheld_or_refused(aftermath: Aftermath, name: str) -> None:
    cell = list(ATTACKS).index(name) + 2
    _, kinds, rules = ATTACKS[name]
    assert (aftermath.kinds_at(cell), aftermath.rules_at(cell)) == (kinds, rules)


def test_nothing_of_the_secret_leaves(aftermath: Aftermath) -> None:
    assert not [secret for secret in SECRETS if secret in aftermath.leaving]


def test_the_honest_declaration_beside_them_is_judged_by_its_own(aftermath: Aftermath) -> None:
    assert [one.declaration.name for one in aftermath.assessments] == ["honest"]
    assert aftermath.assessment("honest").protected is not None


def test_a_replaced_function_cannot_change_what_the_source_says(attack: Attack) -> None:
    after = attack(
        PRELUDE,
        "real = bulle.release\n"
        "other = f'SELECT count(*) AS n{int(row.zper)} FROM person_year'\n"
        "bulle.release = lambda name, sql, **rest: real('patched', other)",
        "bulle.release('patched', 'SELECT sex, count(*) AS n FROM person_year GROUP BY sex')",
        "bulle.release = lambda *a, **k: None",
        "bulle.release('silenced', 'SELECT site, count(*) AS n FROM person_year GROUP BY site')",
    )
    assert after.rules_at(3) == ["declaration.differs"]
    assert after.rules_at(5) == ["declaration.missing"]
    assert after.content is not None
    assert after.content.disturbed
    assert after.assessments == ()
    assert not [secret for secret in SECRETS if secret in after.leaving]


def test_a_declaration_is_made_once_and_in_its_own_cell(attack: Attack) -> None:
    """How often it comes out would be a number of the run's choice."""
    after = attack(PRELUDE, HONEST, "[display({MIME: payload('honest')}, raw=True) for digit in secret[:3]]")
    assert after.rules_at(2) == ["declaration.repeated"]
    assert after.assessments == ()


def test_a_notebook_that_rewrites_itself_is_judged_by_what_was_frozen(attack: Attack) -> None:
    after = attack(
        PRELUDE,
        "import json, os, pathlib\n"
        "for place in ('/work/notebook.ipynb', 'notebook.ipynb'):\n"
        "    try:\n"
        "        pathlib.Path(place).unlink(missing_ok=True)\n"
        "        pathlib.Path(place).symlink_to(pathlib.Path(os.environ['BULLE_EXTRACT']) / 'person_year.parquet')\n"
        "    except OSError:\n"
        "        pass",
        HONEST,
    )
    assert [one.declaration.name for one in after.assessments] == ["honest"]


@pytest.mark.parametrize(
    "declaration",
    [
        "bulle.release('a', 'SELECT sex, count(*) AS n39182127368 FROM person_year GROUP BY sex')",
        "bulle.release('a', 'SELECT sex, count(*) AS n FROM person_year GROUP BY sex', title='Spending 39182 127368')",
        "bulle.release('a39182_127368', 'SELECT sex, count(*) AS n FROM person_year GROUP BY sex')",
        "bulle.release('a', \"SELECT CASE sex WHEN 'male' THEN '39182' END s, count(*) FROM person_year GROUP BY 1\")",
        "bulle.release('a', 'SELECT sex, sum(39182) AS n FROM person_year GROUP BY sex')",
        "bulle.release('a', 'SELECT sex, count(*) AS n FROM person_year WHERE total_spending < 39182 GROUP BY sex')",
        "bulle.release('a', 'SELECT sex, count(*) AS n FROM person_year WHERE zper = 127368 GROUP BY sex')",
    ],
)
def test_a_secret_typed_by_hand_never_passes_alone(assess_source: AssessSource, declaration: str) -> None:
    assert assess_source(declaration) is not Outcome.PASS
