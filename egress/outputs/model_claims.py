"""Calls of bulle.release_model: what their arguments say, and what a re-run makes of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from egress.outputs.claims import made_once
from egress.outputs.models import ClaimedModel, EmittedModel, ModelWords
from egress.outputs.models_read import MAX_EVERY
from egress.outputs.strict import is_column
from hub.words import Message, say

MAX_NAME = 32  # so that its summary has a name as well
# Two runs of one program may add floats in another order; an iteration amplifies it.
_NEAR = 1e-6
_COLUMNS = ("outcome", "duration", "event", "by")


@dataclass(frozen=True)
class ModelCall:
    """A call of bulle.release_model that may count."""

    words: ModelWords
    cell: int

    @property
    def name(self) -> str:
        return self.words.name

    @property
    def names(self) -> tuple[str, ...]:
        """Those of its two tables."""
        return self.words.name, self.words.summary


@dataclass(frozen=True)
class DeclaredModel:
    """A model that a notebook's own process fitted and the re-run fitted again; the re-run's is what counts.

    `differs`: the notebook as it was handed in showed another one.
    """

    words: ModelWords
    cell: int
    claimed: ClaimedModel
    differs: bool = False

    @property
    def name(self) -> str:
        return self.words.name

    @property
    def title(self) -> str:
        return self.words.title

    @property
    def asked(self) -> str:
        """The call as people read it."""
        said = {word: value for word, value in asdict(self.words).items() if word not in {"name", "title"}}
        words = ", ".join(f"{word}={value!r}" for word, value in said.items() if value is not None)
        return f"bulle.release_model({self.name!r}, {self.claimed.method}, {words})"


def model_words(arguments: Mapping[str, object]) -> ModelWords:
    """The words of a call whose arguments `model_problem` found nothing wrong with."""
    every = arguments.get("every")
    return ModelWords(
        name=str(arguments["name"]),
        units=str(arguments["units"]),
        title=str(arguments.get("title", "")),
        every=every if isinstance(every, int) else None,
        **{word: None if arguments.get(word) is None else str(arguments[word]) for word in _COLUMNS},
    )


def model_problem(arguments: Mapping[str, object]) -> tuple[str, Message] | None:
    """The rule that a model's words break and the sentence for its author; name and title are looked at elsewhere."""
    if len(str(arguments.get("name"))) > MAX_NAME:
        return "model.name", say("The name of a model has at most {most} characters.", most=MAX_NAME)
    if not is_column(arguments.get("units")):
        why = say('Its units must name the column that stands for one person, as in units="person_id".')
        return "frame.units", why
    for word in _COLUMNS:
        if arguments.get(word) is not None and not is_column(arguments[word]):
            why = say("Its {word} must name one column, in letters without accents, digits and underscores.", word=word)
            return "model.words", why
    every = arguments.get("every")
    if every is not None and not (isinstance(every, int) and not isinstance(every, bool) and 1 <= every <= MAX_EVERY):
        return "model.every", say("Its every must be a whole number from 1, in the unit of the durations.")
    curve = [arguments.get(word) is not None for word in ("duration", "event", "every")]
    if any(curve) != all(curve) or (arguments.get("by") is not None and not all(curve)):
        return "model.curve", say("A survival curve needs duration=, event= and every= together.")
    if all(curve) and arguments.get("outcome") is not None:
        return "model.curve", say("A survival curve has no outcome= beside its duration and event.")
    return None


_NO_MODEL = say(
    "The re-run left no model for this declaration; run the notebook from its first cell to see what it says."
)


def confirmed_model(
    call: ModelCall, rerun: Sequence[object], submitted: Sequence[object]
) -> DeclaredModel | tuple[str, Message]:
    """The model that the re-run made for `call`, or the rule that it broke and the sentence.

    `rerun` and `submitted` are everything that their outputs declare under its name.
    """
    made = made_once(call.words, rerun, EmittedModel, _NO_MODEL)
    if not isinstance(made, EmittedModel):
        return made
    before = [shown.claimed for shown in submitted if isinstance(shown, EmittedModel)]
    differs = any(not same_model(made.claimed, one) for one in before)
    return DeclaredModel(call.words, call.cell, made.claimed, differs)


def same_model(one: ClaimedModel, other: ClaimedModel) -> bool:
    """Whether two models say the same but for the last digits of floats."""
    return type(one) is type(other) and _same(asdict(one), asdict(other))


def _same(one: object, other: object) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(value, other[name]) for name, value in one.items())
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=_NEAR, abs_tol=_NEAR)
    return type(one) is type(other) and one == other
