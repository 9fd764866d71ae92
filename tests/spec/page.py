"""`docs/rules.md` and `docs/rules.fr.md`, made of the rules' own cases. `python -m tests.spec.page` writes them."""

from __future__ import annotations

from pathlib import Path

from egress.checks.model import Outcome
from tests.spec import classes, counts, magnitudes, models, words
from tests.spec.rule import Rule

ROOT = Path(__file__).parents[2]
PAGES = {0: ROOT / "docs" / "rules.md", 1: ROOT / "docs" / "rules.fr.md"}
CHAPTERS: tuple[tuple[tuple[str, str], tuple[Rule, ...]], ...] = (
    (("How many", "Combien"), counts.RULES),
    (("Who makes up a total", "Qui fait un total"), magnitudes.RULES),
    (("What is told of groups", "Ce qui est dit des groupes"), classes.RULES),
    (("What models tell", "Ce que disent les modèles"), models.RULES),
    (("What words may say", "Ce que les mots peuvent dire"), words.RULES),
)
_HEAD = (
    """# The rules, by example

Every line of these tables is run as a test; this page is made of them. The numbers are those of
`policies/rules/health-fr.toml` where nothing else is said; each holder sets its own. A pass means "no automatic
finding" and no more. A refused cell is suppressed where the author asks for it; what is left for review is read by
people.
""",
    """# Les règles, par l'exemple

Chaque ligne de ces tableaux est exécutée comme test ; cette page en est faite. Les nombres sont ceux de
`policies/rules/health-fr.toml` sauf indication contraire ; chaque détenteur fixe les siens. « Rien trouvé » veut dire
« aucun constat automatique », pas plus. Une case refusée est masquée si l'auteur le demande ; ce qui reste à examiner
est lu par des personnes.
""",
)
_VERDICTS = (
    {Outcome.PASS: "pass", Outcome.REVIEW: "review", Outcome.FAIL: "refused"},
    {Outcome.PASS: "rien trouvé", Outcome.REVIEW: "à examiner", Outcome.FAIL: "refusé"},
)
_VERDICT, _SOURCE, _UNKNOWN = ("verdict", "verdict"), ("Source", "Source"), ("not known", "inconnu")
_TRUTH = ({True: "yes", False: "no"}, {True: "oui", False: "non"})


def page(language: int) -> str:
    """The page in English (0) or French (1)."""
    parts = [_HEAD[language]]
    for heading, rules in CHAPTERS:
        parts.append(f"\n## {heading[language]}\n")
        parts += [_rule(rule, language) for rule in rules]
    return "".join(parts)


def _rule(rule: Rule, language: int) -> str:
    heads = [*(column[language] for column in rule.columns), _VERDICT[language]]
    lines = [
        f"\n### {rule.heading[language]}\n",
        f"\n{rule.text[language]} {_SOURCE[language]}{' ' if language else ''}: {rule.source}. `{rule.name}`\n",
        f"\n| {' | '.join(heads)} |\n|{'---|' * len(heads)}\n",
    ]
    for *given, verdict in rule.cases:
        shown = [_shown(value, language) for value in given]
        lines.append(f"| {' | '.join(shown)} | {_VERDICTS[language][Outcome(str(verdict))]} |\n")
    return "".join(lines)


def _shown(value: object, language: int) -> str:
    if value is None:
        return _UNKNOWN[language]
    if isinstance(value, bool):
        return _TRUTH[language][value]
    if isinstance(value, str):
        return f"`{value}`"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    for language, path in PAGES.items():
        path.write_text(page(language), encoding="utf-8")
