"""The tables of a model as checkers and authors see them: findings and evidence beside, a hostile term as text."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from egress.airlock.judge import report_of
from egress.frames import Facts
from egress.models import assess_model, families_of_model
from egress.outputs.model_claims import DeclaredModel
from egress.outputs.models_read import read_model
from egress.release.report import OutputReport
from tests.browser.conftest import Open, Pictures
from tests.egress.outputs.models import curves, group, payload, regression, term
from tests.egress.query.extracts import catalogue, rules
from tests.egress.web.hub_stand import PREFIX
from tests.egress.web.planted import ATTACK, Planted

pytestmark = pytest.mark.browser
MODELS = "reste-a-charge-1"
STEPS = ((1, 6, 0), (2, 9, 0), (3, 20, 12), (4, 15, 0), (9, 30, 0))


def reports(raw: dict[str, object]) -> list[OutputReport]:
    emitted = read_model(raw)
    assert emitted is not None
    made = assess_model(DeclaredModel(emitted.words, 1, emitted.claimed), rules(), Facts(catalogue()))
    families = families_of_model(emitted.claimed)
    return [replace(report_of(one), statbarns=(family,)) for one, family in zip(made, families, strict=False)]


@pytest.fixture(scope="module", autouse=True)
def _request(planted: Planted) -> None:
    hostile = regression(
        terms=[term("Intercept"), term("age", estimate=2.345678, low=1.2, high=3.4), term(ATTACK[:90])]
    )
    hostile["terms"][1] |= {"std_error": 0.5, "statistic": 4.691356}
    curve = curves(group("F", 120, *STEPS), group("M", 110, *STEPS), figures=[["df_model", 1], ["logrank", 4.5]])
    words = {"name": "stay_curve", "duration": "nights", "event": "urgent", "by": "sex", "every": 30}
    few = regression(of_fit={"levels": [["age", 190, 200], ["sex[T.M]", 4, 196]]})
    planted.submit(MODELS)
    planted.checked(
        MODELS,
        *reports(payload(model=hostile)),
        *reports(payload("curves", curve, **words)),
        *reports(payload(model=few, name="few_model")),
    )


@pytest.mark.parametrize(
    ("person", "language", "path", "told", "refused"),
    [
        ("carol", "en-GB", "review", "look at it", "1 coefficient is about fewer than 11 persons"),
        ("carol", "fr-FR", "review", "des personnes l'examinent", "1 coefficient porte sur moins de 11 personnes"),
        ("alice", "en-GB", "requests", "look at it", "1 coefficient is about fewer than 11 persons"),
    ],
)
def test_the_tables_of_models_appear_with_their_findings(  # noqa: PLR0917 -- fixtures and a table of cases
    open_as: Open, pictures: Pictures, person: str, language: str, path: str, told: str, refused: str
) -> None:
    page = open_as(person, language, path=f"{PREFIX}{path}/{MODELS}")
    model = page.locator("article:has(#output-cost_model)")
    assert told in model.inner_text()
    assert ATTACK[:90] in model.inner_text()  # shown, not run
    assert "sex[T.M]" not in model.inner_text()
    curve = page.locator("article:has(#output-stay_curve)")
    expect(curve.locator("table.values").first).to_be_visible()
    assert refused in page.locator("article:has(#output-few_model)").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    pictures.take(page, f"models-{person}-{language[:2]}")
