"""bulle.release_synthetic in a notebook: what it would cost, how exact it would be, or that rules do not allow it."""

from __future__ import annotations

from pathlib import Path

import pytest

import bulle
from bulle.foresight import lines, planned_json
from egress.outputs.private import PRIVATE_MIME
from tests.bulle.shown import showing
from tests.egress.privacy.releases import extract
from tests.egress.query.extracts import rules
from tests.egress.test_private import allowed, assessed


def test_the_declaration_stands_beside_what_the_rules_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    extract(tmp_path, [{"pid": f"p{at}", "sex": "FM"[at % 2]} for at in range(20)])
    with showing(tmp_path, monkeypatch) as call:
        (bundle,) = call(bulle.release_synthetic, "visits", table="t", columns=["sex", "site"], rows=100, rho="0.1")
    assert bundle[PRIVATE_MIME]["arguments"] == {
        "table": "t",
        "columns": ["sex", "site"],
        "rows": 100,
        "algorithm": "fixed",
    }
    assert "do not allow bulle.release_synthetic" in bundle["text/plain"]


@pytest.mark.parametrize(
    ("algorithm", "language", "accuracy"),
    [
        ("fixed", "en", "Each count behind the rows: off by at most 23, 19 times in 20."),
        ("fixed", "fr", "Chaque effectif derrière les lignes s'écarte d'au plus 23, 19 fois sur 20."),
        ("mst", "en", None),
    ],
)
def test_cost_is_told_and_accuracy_where_it_is_known_before(
    algorithm: str, language: str, accuracy: str | None
) -> None:
    planned = assessed(allowed("fixed", "mst"), algorithm=algorithm).planned
    assert planned is not None
    told = lines(planned_json(planned, rules()), language)
    assert "rho 0.1 (epsilon" in told[0]
    assert told[2:] == ([] if accuracy is None else [accuracy])
