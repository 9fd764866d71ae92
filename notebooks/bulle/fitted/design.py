"""Evidence of a model's data: who stands behind each column of its design, and how much one person decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from bulle.fitted import INCOMPLETE, ModelError
from egress.outputs.models import ClaimedFit, ClaimedTerm
from hub.words import say

Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Whole: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]

_LEVELS = 3  # values of a column that codes a level against others, or against their mean
_RANK = 1e-10  # of the largest: columns that differ by less are the same to a double


@dataclass(frozen=True)
class Design:
    """The data that a model was fitted to: `values` has a column per coefficient, `codes` a number per person.

    `weights` are those of the rows, where there are any. `classes`: the outcome is 0 or 1. `events`: it is an event,
    of which the others are not the opposite.
    """

    names: tuple[str, ...]
    values: Floats
    outcome: Floats
    outcome_name: str
    codes: Whole
    weights: Floats | None = None
    classes: bool = False
    events: bool = False

    @property
    def persons(self) -> int:
        return _persons(self.codes)

    def fit(self, r_squared: float | None) -> ClaimedFit:
        """What the checks need to know. Raises: ModelError when a column says nothing of its own."""
        cells, smallest = self._cells()
        return ClaimedFit(
            persons=self.persons,
            rows=len(self.codes),
            parameters=len(self.names),
            levels=tuple(self._levels()),
            cells=cells,
            smallest=smallest,
            r_squared=r_squared,
            leverage=self._leverage(),
            outcomes=self._outcomes(),
            alike=tuple(self._alike()),
        )

    def term(self, at: int, numbers: tuple[float | None, ...]) -> ClaimedTerm:
        """One coefficient with `numbers`: estimate, error, statistic, p value, interval."""
        estimate, error, statistic, p_value, low, high = numbers
        if estimate is None or not all(value is None or np.isfinite(value) for value in numbers):
            raise ModelError(
                say("A coefficient or its error is not a finite number: leave out the column that causes it.")
            )
        other = _other(self.values[:, at])
        behind = np.ones(len(self.codes), dtype=bool) if not other.any() else other
        rows, persons = int(behind.sum()), _persons(self.codes[behind])
        return ClaimedTerm(self.names[at], estimate, error, statistic, p_value, low, high, rows, persons)

    def _levels(self) -> Iterator[tuple[str, int, int]]:
        """Of the outcome as well: where all but one person have 0, its coefficients are about that one."""
        columns = ((name, self.values[:, at]) for at, name in enumerate(self.names))
        for name, column in ((self.outcome_name, self.outcome), *columns):
            other = _other(column)
            if other.any():
                yield name, _persons(self.codes[other]), self._rarest(column)
        for persons in self._references():
            yield self.names[0], persons, self.persons

    def _rarest(self, column: Floats) -> int:
        """Persons with the rarest value of a column that codes levels (0 and 1, or -1, 0 and 1); else all."""
        found, inverse = np.unique(column, return_inverse=True)
        if len(found) > _LEVELS:
            return self.persons
        return min(_persons(self.codes[inverse == at]) for at in range(len(found)))

    def _references(self) -> Iterator[int]:
        """Persons of the level that no dummy stands for: what the others are told against, and the constant tells.

        Dummies of one factor exclude each other. They are found by that, whichever of their values is called 1, and
        stand side by side; what none of the first two, three, … of them has is a level as well.
        """
        dummies = [column for column in self.values.T if _other(column).any() and _is_dummy(column)]
        for marked in ([column == column.max() for column in dummies], [_other(column) for column in dummies]):
            block = np.zeros(len(self.codes), dtype=bool)
            for column in marked:
                apart = not (block & column).any()
                block = block | column if apart else column
                if apart and not block.all():
                    yield _persons(self.codes[~block])

    def _alike(self) -> Iterator[str]:
        """The columns of which one level has one outcome only; of events, one that none of the level had."""
        if _is_constant(self.outcome):
            yield self.outcome_name
            return
        for at, name in enumerate(self.names):
            other = _other(self.values[:, at])
            if not other.any() or not _is_dummy(self.values[:, at]):
                continue
            levels = (self.outcome[other], self.outcome[~other])
            if any(_is_constant(level) and not (self.events and level[0]) for level in levels):
                yield name

    def _outcomes(self) -> tuple[int, ...]:
        """Persons who ever had the outcome, and those who never had: the summary tells the one by the other."""
        if not self.classes and not self.events:
            return ()
        having = _persons(self.codes[self.outcome != 0])
        never = (self.persons - having,) if self.persons > having else ()
        return (having, *never, *(() if self.events else (_persons(self.codes[self.outcome == 0]),)))

    def _cells(self) -> tuple[int, int]:
        """How many different rows the design has, and how many persons share the rarest."""
        cells = pd.DataFrame(self.values).groupby(list(range(len(self.names))), sort=False).ngroup().to_numpy()
        pairs = np.unique(np.column_stack((cells, self.codes)), axis=0)
        _, persons = np.unique(pairs[:, 0], return_counts=True)
        return len(persons), int(persons.min())

    def _leverage(self) -> float:
        """The largest sum of one person's diagonal entries of the hat matrix; never below its part of all of them."""
        values = self.values if self.weights is None else self.values * np.sqrt(self.weights)[:, None]
        if self.events:
            values = values - values.mean(axis=0)  # a hazard's model has no constant
        basis, triangle = np.linalg.qr(values)
        diagonal = np.abs(np.diag(triangle))
        if len(diagonal) < len(self.names) or not diagonal.min() > _RANK * diagonal.max():
            raise ModelError(
                say("Its columns say the same thing twice, or there are more of them than rows: leave some out.")
            )
        return float(np.bincount(self.codes, weights=(basis**2).sum(axis=1)).max())


def real(values: Any) -> Floats:
    """`values` as finite doubles. Raises: ModelError."""
    wrong = ModelError(say("A column of the model holds no numbers."))
    if np.iscomplexobj(values):
        raise wrong
    try:
        made = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise wrong from error
    if not np.isfinite(made).all():
        raise ModelError(INCOMPLETE)
    return made


def figures(*pairs: tuple[str, Any]) -> tuple[tuple[str, float], ...]:
    """The figures that are finite numbers."""
    known = ((name, float(value)) for name, value in pairs if value is not None)
    return tuple((name, value) for name, value in known if np.isfinite(value))


def _persons(codes: Whole) -> int:
    return len(np.unique(codes))


def _other(column: Floats) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """The rows whose value in a column is not the commonest one."""
    found, inverse, counts = np.unique(column, return_inverse=True, return_counts=True)
    return inverse != int(counts.argmax()) if len(found) > 1 else np.zeros(len(inverse), dtype=bool)


def _is_dummy(column: Floats) -> bool:
    return bool(np.isin(column, (column.min(), column.max())).all())


def _is_constant(values: Floats) -> bool:
    return bool((values == values[0]).all())
