"""What the form of a query may carry beside its words: repeated columns, their order, labels that say another class,
expressions that work out a constant. Read from the Query alone, without any data.

The limits of this file bound how much a form can say at most; none is a threshold of disclosure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from egress.checks.classes import class_labels
from egress.checks.examined import Rule
from egress.checks.model import Finding, Outcome, Risk
from egress.checks.vocabulary import literals_in
from egress.query.functions import DATE_PARTS, DATE_UNITS
from egress.query.model import Call, Case, ColumnRef, Expression, Literal, Query
from hub.words import say

RULE = Rule("declaration", Risk.COVERT_CHANNEL)

# Five columns have 120 orders; more must stand in the order of their names.
FREE_ORDER = 5
# floor(age / 5) * 5 has three; longer sums of products can work out any number.
MOST_STEPS = 4
MOST_MENTIONS = 2
SCALES = frozenset({1, 100, 1000, 10_000, 100_000, 1_000_000})

_TESTS = frozenset(
    {"eq", "ne", "lt", "le", "gt", "ge", "same", "differs", "between", "in", "is_null", "and", "or", "not"}
)
# What only reads a date or names a missing value is no arithmetic; every other function is.
_READS = frozenset({"null", *DATE_PARTS, *(f"date_trunc_{unit}" for unit in DATE_UNITS)})


def carriers(query: Query) -> tuple[Finding, ...]:
    """One finding for each way in which the form of `query` may say something that its author chose."""
    return tuple(
        finding
        for finding in (_repeated(query), _ordered(query), _relabelled(query), _worked_out(query), _scaled(query))
        if finding is not None
    )


def _repeated(query: Query) -> Finding | None:
    counts = Counter(
        (measure.aggregate, measure.argument, measure.parameter, measure.denominator) for measure in query.measures
    )
    if max(counts.values(), default=0) > 1:
        return RULE.found(Outcome.REVIEW, "columns", say("Two columns are the same statistic."))
    return None


def _ordered(query: Query) -> Finding | None:
    keys = [key.name for key in query.keys]
    measures = [measure.name for measure in query.measures]
    if list(query.columns) != [*keys, *measures]:
        return RULE.found(
            Outcome.REVIEW, "columns", say("Columns stand in an unusual order: keys first, then results.")
        )
    for names in (keys, measures):
        if len(names) > FREE_ORDER and names != sorted(names):
            why = say("More than {most} keys or results stand in the order of their names.", most=FREE_ORDER)
            return RULE.found(Outcome.REVIEW, "columns", why)
    return None


def _relabelled(query: Query) -> Finding | None:
    """A CASE may call classes by categories, but only by those that its own condition is about."""
    for key in query.keys:
        for case in _cases(key.expression):
            if class_labels(case):
                continue
            for condition, result in case.whens:
                if _is_text(result) and not _is_own(result, condition):
                    why = say("A CASE calls some rows by a category that its condition is not about.")
                    return RULE.found(Outcome.REVIEW, key.name, why)
            if case.otherwise is not None and _is_text(case.otherwise):
                why = say("A CASE calls some rows by a category that its condition is not about.")
                return RULE.found(Outcome.REVIEW, key.name, why)
    return None


def _is_text(expression: Expression) -> bool:
    return isinstance(expression, Literal) and isinstance(expression.value, str)


def _is_own(result: Expression, condition: Expression) -> bool:
    return isinstance(result, Literal) and any(literal.value == result.value for literal in literals_in(condition))


def _worked_out(query: Query) -> Finding | None:
    """Long arithmetic, the same column again and again, an operator between two equal sides."""
    parts = [(key.name, key.expression) for key in query.keys]
    parts += [
        (measure.name, part)
        for measure in query.measures
        for part in (measure.argument, measure.denominator)
        if part is not None
    ]
    parts += [("WHERE", condition) for condition in query.where]
    for where, expression in parts:
        if _steps(expression) > MOST_STEPS or _idle(expression) or _mentions(expression) > MOST_MENTIONS:
            why = say("This expression is long, or works out the same value in every row: people read it.")
            return RULE.found(Outcome.REVIEW, where, why)
    return None


def _children(expression: Expression) -> tuple[Expression, ...]:
    if isinstance(expression, Call):
        return expression.arguments
    if isinstance(expression, Case):
        pairs = tuple(part for pair in expression.whens for part in pair)
        return pairs if expression.otherwise is None else (*pairs, expression.otherwise)
    return ()


def _walk(expression: Expression) -> Iterator[Expression]:
    yield expression
    for child in _children(expression):
        yield from _walk(child)


def _cases(expression: Expression) -> Iterator[Case]:
    return (part for part in _walk(expression) if isinstance(part, Case))


def _steps(expression: Expression) -> int:
    return sum(isinstance(part, Call) and part.function not in _TESTS | _READS for part in _walk(expression))


def _idle(expression: Expression) -> bool:
    """Whether two equal sides meet, or every result of a CASE is the same."""
    for part in _walk(expression):
        if isinstance(part, Call) and len(part.arguments) > 1 and _equal(part.arguments):
            return True
        if isinstance(part, Case) and _equal([*(result for _, result in part.whens), *_given(part.otherwise)]):
            return len(part.whens) > 1 or part.otherwise is not None
    return False


def _given(expression: Expression | None) -> tuple[Expression, ...]:
    return () if expression is None else (expression,)


def _equal(expressions: Iterable[Expression]) -> bool:
    return len(set(expressions)) == 1


def _mentions(expression: Expression) -> int:
    """How often one column enters the arithmetic of an expression, conditions left out."""
    counts: Counter[ColumnRef] = Counter()
    level = [expression]
    while level:
        part = level.pop()
        if isinstance(part, ColumnRef):
            counts[part] += 1
        elif isinstance(part, Case):
            level += [result for _, result in part.whens]
            level += _given(part.otherwise)
        elif isinstance(part, Call) and part.function not in _TESTS:
            level += part.arguments
    return max(counts.values(), default=0)


def _scaled(query: Query) -> Finding | None:
    for measure in query.measures:
        if measure.scale not in SCALES:
            return RULE.found(Outcome.REVIEW, measure.name, say("This result is multiplied by an unusual number."))
    return None
