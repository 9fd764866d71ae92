"""Random requests, one after the other: nothing of a small group follows from all that leaves without a human.

What goes to people for the sake of how it is worded or of how many cells it has counts as left, too.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from egress.airlock.beside import Beside
from egress.airlock.earlier import Earlier, Known
from egress.airlock.judge import report_of
from egress.airlock.judged import Judged, fingerprint_of
from egress.assess import Assessment, Declaration, assess_request
from egress.checks.model import Outcome
from egress.query.engine import Engine
from egress.release.ledger import Entry, Fate
from egress.release.model import Standing
from egress.released.fingerprint import Lineage, Status, thresholds_of
from hub.policy.model import DisclosureRules
from tests.egress.query.extracts import one_table, pack, rules
from tests.properties.attacker import KEYS, Asked, Attacker, Person, asked, people

COLUMNS = {
    "g": {"type": "string", "categories": ["a", "b", "c"]},
    "h": {"type": "string", "categories": ["x", "y"]},
    "k": {"type": "integer", "categories": [0, 1], "bounds": [0, 1]},
    "v": {"type": "integer", "bounds": [0, 1_000_000]},
}
LINEAGE = Lineage("s", "0" * 64)
WORDING = {"declaration", "shape"}


# Stories 1, 10092: what the attacker found, and does not any more.
STORIES = (1, 10066, 10092, 3, 5, 8, 12, 17, 20, 27, 51)

# Open: rows of a group of few persons, in one request and over two.
OPEN = (10093, 10120)


@pytest.mark.parametrize("seed", STORIES)
def test_nothing_is_recoverable(seed: int) -> None:
    assert recovered(seed) == []


@pytest.mark.xfail(strict=True, reason="a combination of tables that the bounds audit does not see yet")
@pytest.mark.parametrize("seed", OPEN)
def test_what_is_still_recoverable(seed: int) -> None:
    assert recovered(seed) == []


def recovered(seed: int) -> list[str]:
    """What the attacker finds out in one random story."""
    choose = random.Random(seed)
    single = choose.random() < 0.5
    rows = people(choose, single=single)
    least = choose.choice([3, 4, 5])
    limits = rules(min_persons=least, min_events=least)
    if choose.random() < 0.6:
        limits = replace_rules(limits)
    attacker = Attacker(rows, single)
    with TemporaryDirectory() as folder, extract(Path(folder) / "extract", rows, single=single) as engine:
        earlier: list[Known] = []
        for number in range(choose.choice([1, 1, 2])):
            tables = [asked(choose) for _ in range(choose.randint(1, 4))]
            for table, assessment, judged in left(engine, limits, tables, earlier, f"r-{number}"):
                for what, persons in attacker.learns(table, assessment):
                    assert not 0 < persons < least, what
                earlier.append(judged)
    return attacker.works_out(least)


def replace_rules(limits: DisclosureRules) -> DisclosureRules:
    """Counts alone decide: more is published, and more can go wrong."""
    return limits.model_copy(update={"dominance": None, "p_ratio": None, "unanimity": None})


def extract(folder: Path, rows: Sequence[Person], *, single: bool) -> Engine:
    shape = one_table(COLUMNS, rows_per_person=1 if single else 50)
    columns: dict[str, list[object]] = {key: [one.atom[at] for one in rows] for at, key in enumerate(KEYS)}
    columns |= {"pid": [one.pid for one in rows], "v": [one.value for one in rows]}
    return Engine(folder, pack(folder, shape, {"t": columns}))


def left(
    engine: Engine, limits: DisclosureRules, tables: Sequence[Asked], earlier: Sequence[Known], request: str
) -> list[tuple[Asked, Assessment, Known]]:
    """What of a request would leave, judged as the airlock does."""
    declared = [Declaration(f"t_{at}", one.sql, protect=one.protection) for at, one in enumerate(tables)]
    assessed = assess_request(declared, engine, limits, [known.fingerprint for known in earlier], LINEAGE)
    judged = [
        Judged(report_of(one), fingerprint_of(one, request, "one", LINEAGE, thresholds_of(limits))) for one in assessed
    ]
    if earlier:
        beside = Earlier(Standing("s", "", len(earlier)), tuple(earlier))
        judged = Beside(engine, LINEAGE, limits, beside).look(judged)
    found = []
    for table, assessment, one in zip(tables, assessed, judged, strict=True):
        stopped = {finding.check for finding in one.report.findings if finding.outcome is not Outcome.PASS} - WORDING
        if one.may_leave and not stopped and one.fingerprint is not None:
            entry = Entry("s", "one", request, one.report.name, "", None, Fate.RELEASED, "2026-01-01")
            known = Known(entry, replace(one.fingerprint, status=Status.RELEASED))
            found.append((table, assessment, known))
    return found
