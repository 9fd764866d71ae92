"""`docs/requests.md` and its French, made of the table of transitions; `python -m tests.spec.requests_page` writes."""

from __future__ import annotations

from pathlib import Path

from egress.release.status import STATUS_OWNER, TRANSITIONS, Owner, Status
from egress.web.wording import STATUS
from hub.language import render

ROOT = Path(__file__).parents[2]
PAGES = {"en": ROOT / "docs" / "requests.md", "fr": ROOT / "docs" / "requests.fr.md"}
_OWNERS = {
    "en": {
        Owner.WORKER: "the egress service",
        Owner.CHECKERS: "output checkers",
        Owner.APPROVERS: "whose agreement the rules ask for",
        Owner.AUTHOR: "its author",
        Owner.RESEARCHERS: "researchers of the project",
        Owner.NOBODY: "nobody",
    },
    "fr": {
        Owner.WORKER: "le service de sortie",
        Owner.CHECKERS: "les vérificateurs",
        Owner.APPROVERS: "ceux dont les règles demandent l'accord",
        Owner.AUTHOR: "son auteur",
        Owner.RESEARCHERS: "les chercheurs du projet",
        Owner.NOBODY: "personne",
    },
}
_HEAD = {
    "en": """# The way of a request

*[Français](requests.fr.md)*

This page is made of the table in `egress/release/status.py` by `python -m tests.spec.requests_page`; a test compares
them. Each arrow is an event in the log, and a step that is not in the table changes nothing, whoever writes it.
Withdrawn (by its author) and expired can be reached from every open state; they are left out of the drawing.
""",
    "fr": """# Le chemin d'une demande

*[English](requests.md)*

Cette page est faite du tableau de `egress/release/status.py` par `python -m tests.spec.requests_page` ; un test les
compare. Chaque flèche est un événement du journal, et un pas qui n'est pas au tableau ne change rien, quel qu'en soit
l'auteur. « Retirée » (par son auteur) et « expirée » s'atteignent depuis tout état ouvert ; le dessin les omet.
""",
}
_TABLE = {
    "en": "\n| state | in words | whose turn | leads to |\n|---|---|---|---|\n",
    "fr": "\n| état | en mots | à qui | mène à |\n|---|---|---|---|\n",
}
_TAIL = {
    "en": """
## Who decides

The rules of each source say so under `review` (`policies/rules/*.toml`): how many output checkers vote (`checkers`);
whether each votes before reading the others (`mode = "blinded"`) or after (`"sequential"`); whether one dissent keeps
an output in (`agreement = "veto"`) or so many approvals let it out (`"quorum"` with `quorum`); who must agree
afterwards (`approvers`: `data_holder`, `dpo`); whether the checkers come from two organisations
(`two_organisations`); whether an approval needs the three criteria of WP 216 (`criteria`). Where reviews differ, all
of them are shown to all reviewers, and the decision follows once each has voted again.

Nobody decides on their own request. A vote to change needs a comment and returns the request: the same one, in another
turn. An output whose report is the same to the byte keeps the votes it has; any other loses them. A rejection can be
appealed once, with reasons; nobody who reviewed before takes part. A release can be recalled by an output checker, the
data holder or the DPO: its package is not given out any more, and its tables still count as published.

## What leaves without people

Only where `automatic_lane` is true, only recomputed tables without a finding, and only within `automatic_caps`:
outputs and kilobytes of one request, requests of a project in 24 hours, minutes between two. Anything beyond goes to
people. After the release the service draws lots, with the operating system's randomness: a share of them is shown to
checkers, who record what they found or recall it. Authors are not told which.
""",
    "fr": """
## Qui décide

Les règles de chaque source le disent sous `review` (`policies/rules/*.toml`) : combien de vérificateurs votent
(`checkers`) ; si chacun vote avant de lire les autres (`mode = "blinded"`) ou après (`"sequential"`) ; si un seul
désaccord retient un résultat (`agreement = "veto"`) ou si tant d'approbations le laissent sortir (`"quorum"` avec
`quorum`) ; qui doit ensuite donner son accord (`approvers` : `data_holder`, `dpo`) ; si les vérificateurs viennent de
deux organismes (`two_organisations`) ; si une approbation demande les trois critères du WP 216 (`criteria`). Quand les
avis divergent, tous sont montrés à tous, et la décision suit quand chacun a voté à nouveau.

Personne ne décide de sa propre demande. Un vote pour des changements demande un commentaire et renvoie la demande : la
même, dans un autre tour. Un résultat dont le rapport est le même à l'octet près garde ses votes ; tout autre les perd.
Un rejet admet un recours, un seul, motivé ; qui a déjà vérifié n'y prend pas part. Une sortie peut être rappelée par un
vérificateur, le détenteur des données ou le DPO : son paquet n'est plus remis, et ses tableaux comptent toujours comme
publiés.

## Ce qui sort sans personne

Seulement où `automatic_lane` est vrai, seulement des tableaux recalculés sans constat, et seulement dans les limites de
`automatic_caps` : résultats et kilooctets d'une demande, demandes d'un projet en 24 heures, minutes entre deux. Le
reste va à des personnes. Après la sortie le service tire au sort, avec l'aléa du système d'exploitation : une part est
montrée aux vérificateurs, qui notent ce qu'ils ont constaté ou la rappellent. Les auteurs ne savent pas lesquelles.
""",
}
_LEFT_OUT = frozenset({Status.WITHDRAWN, Status.EXPIRED})


def page(language: str) -> str:
    """The page in one language."""
    rows = [
        f"| `{status}` | {render(STATUS[status], language)} | {_OWNERS[language][STATUS_OWNER[status]]} | "
        f"{', '.join(f'`{target}`' for target in Status if target in TRANSITIONS[status]) or '–'} |\n"
        for status in Status
    ]
    return "".join([_HEAD[language], "\n", diagram(), _TABLE[language], *rows, _TAIL[language]])


def diagram() -> str:
    """The table of transitions as Mermaid draws it."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {Status.SUBMITTED}"]
    for origin in Status:
        targets = [target for target in Status if target in TRANSITIONS[origin] - _LEFT_OUT]
        lines += [f"    {origin} --> {target}" for target in targets]
    ends = [status for status in Status if not TRANSITIONS[status] and status not in _LEFT_OUT]
    return "\n".join([*lines, *(f"    {status} --> [*]" for status in ends), "```", ""])


if __name__ == "__main__":
    for each, path in PAGES.items():
        path.write_text(page(each), encoding="utf-8")
