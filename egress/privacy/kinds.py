"""The kinds of private releases that are no SQL table: from words to a spec, a draw and what it shows. Pure.

A kind is one entry of KINDS. What an author asks for meets public facts only until its rho is reserved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from egress.outputs.private import OlsWords, PrivateKind, SyntheticWords
from egress.privacy import costs, ols, ols_preview, ols_told, synthetic, synthetic_read, synthetic_told
from egress.privacy.answer import NANO
from egress.privacy.failure import TOO_LITTLE
from egress.privacy.form import A, Form, Payable, S
from egress.privacy.preview import wanted_rho
from egress.privacy.result import Foreseen, Result
from hub.extracts.manifest import Manifest
from hub.policy.model import DisclosureRules
from hub.policy.verdict import Refusal

W = TypeVar("W")


@dataclass(frozen=True)
class Way(Generic[W, S, A]):
    """One kind. `read`: words to a spec. `foreseen`: how exact a draw would be at so many nano-rho, at a confidence.
    `numbers`: how many noisy ones are drawn. `shown`: the table of an answer, and what is told beside it.
    """

    read: Callable[[W, Manifest], S | Refusal]
    numbers: Callable[[S], int]
    foreseen: Callable[[S, int, float], tuple[Foreseen, ...]]
    form: Form[S, A]
    shown: Callable[[S, A], Result]


@dataclass(frozen=True)
class Planned:
    """A draw that public facts allow: what, and for how much. `way` made `spec`."""

    way: Way[Any, Any, Any]
    spec: Payable
    nano_rho: int


def plan(
    kind: PrivateKind, words: object, rho: Decimal | None, manifest: Manifest, rules: DisclosureRules
) -> Planned | Refusal:
    """The draw that `words` ask for, or why there is none. No row is read."""
    way = KINDS[kind]
    spec, wanted = way.read(words, manifest), wanted_rho(rules, rho)
    if isinstance(spec, Refusal):
        return spec
    if isinstance(wanted, Refusal):
        return wanted
    nano_rho = int(wanted * NANO)
    return enough(spec, nano_rho) or Planned(way, spec, nano_rho)


def enough(spec: ols.OlsSpec | synthetic.SyntheticSpec, nano_rho: int) -> Refusal | None:
    """None when a draw at so many nano-rho is one at all: its noise stays within 64 bits."""
    scale = costs.scale_for(nano_rho, float(spec.sensitivity))
    return Refusal("dp.rho", TOO_LITTLE) if scale > costs.MAX_SCALE else None


def _read_ols(words: OlsWords, manifest: Manifest) -> ols.OlsSpec | Refusal:
    return ols.read_ols(words.table, words.outcome, words.predictors, words.where, manifest)


_OLS = Way(
    _read_ols,
    lambda spec: len(spec.products),
    ols_preview.foreseen,
    Form("ols", ols.to_json, ols_told.read_answer, ols_told.kept),
    ols_told.ols_told,
)


def _read_synthetic(words: SyntheticWords, manifest: Manifest) -> synthetic.SyntheticSpec | Refusal:
    return synthetic_read.read_synthetic(words.table, words.columns, words.rows, words.algorithm, manifest)


_SYNTHETIC = Way(
    _read_synthetic,
    lambda spec: spec.numbers,
    synthetic_told.foreseen,
    Form("synthetic", synthetic.to_json, synthetic_told.read_answer, synthetic_told.kept, needs=synthetic.NEEDS),
    synthetic_told.synthetic_told,
)
KINDS: Mapping[PrivateKind, Way[Any, Any, Any]] = MappingProxyType(
    {PrivateKind.OLS: _OLS, PrivateKind.SYNTHETIC: _SYNTHETIC}
)
