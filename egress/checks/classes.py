"""Classes of one column under names that say their limits and nothing else."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from egress.query.model import Call, Case, ColumnRef, Expression, Literal

Break = tuple[ColumnRef, Decimal | int]


def class_labels(case: Case) -> bool:
    """Whether it puts one column into classes by rising constants, each under the one name that it has there.

    For x < 18, x < 65 and the rest: '<18', '18-64' (of whole numbers, else '18-65') and '65+'. Nothing is chosen.
    """
    tests, end = list(case.whens), case.otherwise
    if end is None and len(tests) > 1:
        last, end = tests.pop()
        if _break(last, "ge") != _break(tests[-1][0], "lt"):
            return False
    found = [_break(test, "lt") for test, _ in tests]
    breaks = [one for one in found if one is not None]
    if not breaks or len(breaks) != len(found) or len({column for column, _ in breaks}) != 1:
        return False
    numbers = [number for _, number in breaks]
    between = list(pairwise(numbers))
    texts = [result.value if isinstance(result, Literal) else None for result in (*(one for _, one in tests), end)]
    return all(low < high for low, high in between) and any(
        texts == [f"<{numbers[0]}", *(f"{low}-{high - less}" for low, high in between), f"{numbers[-1]}+"]
        for less in (0, 1)
    )


def _break(test: Expression, name: str) -> Break | None:
    """The column and constant of a comparison called `name`."""
    if not isinstance(test, Call) or test.function != name:
        return None
    column, constant = test.arguments
    number = constant.value if isinstance(constant, Literal) else None
    if not isinstance(column, ColumnRef) or isinstance(number, bool) or not isinstance(number, int | Decimal):
        return None
    return column, number
