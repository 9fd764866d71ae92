"""bulle.release_model: declares a model of statsmodels, lifelines or scikit-learn, with evidence of its persons."""

from __future__ import annotations

import json
import warnings
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bulle.cell import attempt, display_bundle, is_rerun, sentence, under, would_not_count
from bulle.reader import language
from egress.outputs.arguments import model_argument_problem
from egress.outputs.model_claims import DeclaredModel, model_words
from egress.outputs.models import (
    CURVES,
    MODEL_MIME,
    MODEL_SCHEMA,
    ClaimedCurves,
    ClaimedModel,
    ClaimedRegression,
    EmittedModel,
    ModelWords,
)
from egress.outputs.models_read import read_model
from hub.words import say

if TYPE_CHECKING:  # `import bulle` stays quick
    import pandas as pd


def release_model(  # noqa: PLR0913 -- all but two of them optional, and each for one kind of model
    name: str,
    fitted: Any,
    *,
    units: str | None = None,
    microdata: pd.DataFrame | None = None,
    title: str = "",
    outcome: str | None = None,
    duration: str | None = None,
    event: str | None = None,
    by: str | None = None,
    every: int | None = None,
) -> None:
    """Declare a fitted model for release under `name`, and show what the rules say of it.

    `units` names the column that stands for one person; `microdata` is the frame that the model was fitted to (a
    formula of statsmodels brings its own). scikit-learn needs `outcome`, the column that is predicted. A survival curve
    needs the columns `duration` and `event`, `every`, the length of a step of its time axis, and may have one curve for
    each value of `by`. Write all but the model and the data as literals. What leaves are tables: coefficients, steps or
    nodes, and a summary `name_summary`. A model always goes to people.
    """
    words: dict[str, Any] = {"name": name, "units": units, "title": title, "outcome": outcome, "duration": duration}
    display_bundle(declared_model({**words, "event": event, "by": by, "every": every}, fitted, microdata))


def declared_model(arguments: dict[str, Any], fitted: Any, microdata: Any) -> dict[str, Any]:
    """The MIME bundle of one call: the declaration beside what its author sees, or one sentence."""
    problem = model_argument_problem(arguments)
    if problem is not None:
        return {} if is_rerun() else sentence(problem[1])
    made: dict[str, Any] = {}

    def shown() -> dict[str, Any]:
        emitted, payload = _payload(model_words(arguments), fitted, microdata)
        made.update({MODEL_MIME: payload})
        return {} if is_rerun() else _preflight(emitted)

    pictured = attempt(shown)
    return made if is_rerun() else {**made, **under(would_not_count(), pictured)}


def _payload(words: ModelWords, fitted: Any, microdata: Any) -> tuple[EmittedModel, dict[str, Any]]:
    """What is declared, as it will be read. Raises: ModelError, FrameError."""
    from bulle.fitted import ModelError  # noqa: PLC0415 -- pandas and a library of models, when there is a model

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries: they may quote values
        claimed = _claimed(words, fitted, microdata)
    kinds = {ClaimedRegression: "regression", ClaimedCurves: "curves"}
    raw = {"schema": MODEL_SCHEMA, "kind": kinds.get(type(claimed), "tree"), "model": asdict(claimed), **asdict(words)}
    payload: dict[str, Any] = json.loads(json.dumps(raw))
    emitted = read_model(payload)
    if emitted is None:
        raise ModelError(
            say("The model has terms or labels that cannot be shown: one line each, of visible letters, and different.")
        )
    return emitted, payload


def _claimed(words: ModelWords, fitted: Any, microdata: Any) -> ClaimedModel:
    """What the library's own part tells of the model. Raises: ModelError, FrameError."""
    from bulle.fitted import ModelError  # noqa: PLC0415 -- see above

    kind = type(fitted)
    house = kind.__module__.split(".")[0]
    if words.duration is not None and not (house == "lifelines" and kind.__name__ in CURVES):
        raise ModelError(say("duration=, event= and every= are for survival curves: {known}.", known=", ".join(CURVES)))
    if house == "statsmodels":
        from bulle.fitted.regressions import claimed  # noqa: PLC0415 -- the library that the model comes from

        return claimed(words, fitted, microdata)
    if house == "lifelines" and kind.__name__ in CURVES:
        from bulle.fitted import curves  # noqa: PLC0415 -- see above

        return curves.claimed(words, fitted, microdata)
    if house == "lifelines" and kind.__name__ == "CoxPHFitter":
        from bulle.fitted import hazards  # noqa: PLC0415 -- see above

        return hazards.claimed(words, fitted, microdata)
    if house == "sklearn":
        from bulle.fitted import learned  # noqa: PLC0415 -- see above

        return learned.claimed(words, fitted, microdata)
    raise ModelError(
        say(
            "This model is not known ({kind}); known are regressions of statsmodels, CoxPHFitter and {curves} of "
            "lifelines, linear models and decision trees of scikit-learn.",
            kind=kind.__name__[:40],
            curves=", ".join(CURVES),
        )
    )


def _preflight(emitted: EmittedModel) -> dict[str, Any]:
    from bulle.judge import judged_of  # noqa: PLC0415 -- the engine, which a re-run does not need here
    from bulle.preflight import shown, workspace  # noqa: PLC0415 -- see above
    from egress.models import assess_model_on  # noqa: PLC0415 -- see above
    from egress.query.engine import Engine  # noqa: PLC0415 -- see above

    context = workspace()
    with Engine(context.folder, context.manifest) as engine:
        declared = DeclaredModel(emitted.words, 0, emitted.claimed)
        parts = [shown(judged_of(one), language()) for one in assess_model_on(engine, declared, context.rules)]
    return {kind: "\n".join(part[kind] for part in parts) for kind in parts[0]}
