"""What one kind of private release is to the ledger and to the worker: how it is asked, read and kept. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from egress.privacy.answer import Answer, fits
from egress.privacy.spec import DpSpec, to_json


class Payable(Protocol):
    """What is computed with noise, made of public facts only. `digest` is equal for two spellings of one release."""

    @property
    def source(self) -> str:
        """The data source whose budget is spent."""

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables whose bounded copies are read."""

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical spelling."""


S = TypeVar("S", bound=Payable)
A = TypeVar("A")


@dataclass(frozen=True)
class Form(Generic[S, A]):
    """`act`: the worker's. `written`: the spec as it reads it.

    `read`: the answer of a spec in what the worker told, or the ledger kept, with `delta` and `confidence` in it;
    raises KeyError, TypeError or ValueError for anything else. `kept`: the answer as the ledger keeps it. `needs`: what
    an enclave must have installed beside the extra [privacy], by names of packages that are imported.
    """

    act: str
    written: Callable[[S], dict[str, Any]]
    read: Callable[[S, Mapping[str, Any]], A]
    kept: Callable[[A], dict[str, Any]]
    needs: tuple[str, ...] = ()


def _read_table(spec: DpSpec, raw: Mapping[str, Any]) -> Answer:
    answer = Answer.from_json(raw)
    if not fits(spec, answer):
        raise ValueError("answer")
    return answer


TABLE: Form[DpSpec, Answer] = Form("draw", to_json, _read_table, Answer.to_json)
