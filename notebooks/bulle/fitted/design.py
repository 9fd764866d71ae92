"""Evidence of a model's data: who stands behind each column of its design, and how much one person decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bulle.fitted import INCOMPLETE, ModelError
from bulle.fitted.span import Cells, Floats, Whole, pairs_of
from egress.outputs.models import ClaimedFit, ClaimedTerm
from hub.words import say

_FEW = 30  # values of a column that may code the levels of a factor
_RANK = 1e-10  # of the largest: columns that differ by less are the same to a double


@dataclass(frozen=True)
class Design:
    """The data that a model was fitted to: `values` has a column per coefficient, `codes` a number per person.

    `weights` say how much rows weigh, where they differ. `classes`: the outcome is 0 or 1. `events`: it is an event,
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
        other = _other(self.outcome)
        if other.any():
            yield self.outcome_name, _persons(self.codes[other]), self.persons
        found = [np.unique(self.values[:, at], return_inverse=True) for at in range(len(self.names))]
        coded = {at: groups for at, (values, groups) in enumerate(found) if 1 < len(values) <= _FEW}
        cells = Cells.of(self._with_constant(), list(coded.values()), self.codes)
        level_of = {at: cells.fewest(cells.coded[:, place]) for place, at in enumerate(coded)}
        for at, name in enumerate(self.names):
            other, level = _other(self.values[:, at]), level_of.get(at)
            if other.any():
                yield name, _persons(self.codes[other]), self.persons if level is None else level
        for groups in (*_apart(cells), np.arange(len(cells.rows))):
            level = cells.fewest(groups)
            if level is not None:
                yield self.names[0], level, self.persons

    def _with_constant(self) -> Floats:
        """An orthonormal basis of the design; a hazard's model has a constant that is told by no coefficient."""
        one = np.ones((len(self.codes), 1))
        basis: Floats = np.linalg.qr(np.hstack((one, self.values)) if self.events else self.values)[0]
        return basis

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
        persons = np.bincount(pairs_of(np.asarray(cells, dtype=np.int64), self.codes)[:, 0])
        return len(persons), int(persons.min())

    def _leverage(self) -> float:
        """The largest sum of one person's diagonal entries of the hat matrix, as the columns are and as rows weigh.

        Rows weigh by their weights, or by what their outcome may vary where the model is not linear.
        """
        values = self.values - self.values.mean(axis=0) if self.events else self.values  # no constant in a hazard's
        basis, triangle = np.linalg.qr(values)
        if not _is_full(triangle, len(self.names)):
            raise ModelError(
                say("Its columns say the same thing twice, or there are more of them than rows: leave some out.")
            )
        plain = self._largest(basis)
        if self.weights is None:
            return plain
        basis, triangle = np.linalg.qr(values * np.sqrt(self.weights)[:, None])
        # Where hardly any row weighs, one decides all.
        return max(plain, self._largest(basis)) if _is_full(triangle, len(self.names)) else max(plain, 1.0)

    def _largest(self, basis: Floats) -> float:
        return float(np.bincount(self.codes, weights=(basis**2).sum(axis=1)).max())


def _apart(cells: Cells) -> Iterator[Whole]:
    """What none of the first two, three, … columns of a factor has, as group 0: their level of reference.

    Dummies of one factor exclude each other and stand side by side, whichever of their values is called 1.
    """
    dummies = [groups for groups in cells.coded.T if groups.max() == 1]
    for high in (True, False):
        block = np.zeros(0, dtype=bool)
        for groups in dummies:
            column = groups == (1 if high else np.bincount(groups, weights=cells.rows).argmin())
            apart = len(block) > 0 and not (block & column).any()
            block = block | column if apart else column
            if apart and not block.all():
                yield block.astype(np.int64)


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


def _is_full(triangle: Floats, columns: int) -> bool:
    diagonal = np.abs(np.diag(triangle))
    return len(diagonal) == columns and bool(diagonal.min() > _RANK * diagonal.max())


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
