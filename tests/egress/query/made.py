"""Hypothesis strategies: any Query that the model can hold, not only those that the parser makes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import strategies as st

from egress.query.functions import FUNCTIONS
from egress.query.model import (
    Aggregate,
    Call,
    Case,
    ColumnRef,
    Expression,
    Join,
    Key,
    Literal,
    Measure,
    Note,
    Query,
    TableRef,
)
from hub.words import Message

NAMES = st.text(max_size=8)
VALUES = st.one_of(
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.dates(min_value=date(1, 1, 1)),
    st.text(max_size=12),
)


def expressions(aliases: list[str]) -> st.SearchStrategy[Expression]:
    """Expressions over columns of `aliases`."""
    leaves: st.SearchStrategy[Expression] = st.one_of(
        st.builds(ColumnRef, st.sampled_from(aliases), NAMES), st.builds(Literal, VALUES, st.booleans())
    )

    def grown(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        calls = st.sampled_from(sorted(FUNCTIONS)).flatmap(
            lambda name: st.builds(
                Call,
                st.just(name),
                st.lists(parts, min_size=FUNCTIONS[name].least, max_size=min(FUNCTIONS[name].most, 4)).map(tuple),
            )
        )
        whens = st.lists(st.tuples(parts, parts), min_size=1, max_size=2).map(tuple)
        return st.one_of(calls, st.builds(Case, whens, st.none() | parts))

    return st.recursive(leaves, grown, max_leaves=6)


def measures(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Measure]:
    """Measures with the parts that their aggregates need; all called ""."""

    def made(aggregate: Aggregate) -> st.SearchStrategy[Measure]:
        bare = aggregate is Aggregate.COUNT_ROWS
        argument: st.SearchStrategy[Expression | None] = st.none() if bare else parts
        if aggregate is Aggregate.COUNT_PERSONS:
            argument = st.one_of(st.none(), parts)
        over = {Aggregate.SHARE: st.one_of(st.none(), parts), Aggregate.SHARE_PERSONS: st.one_of(st.none(), parts)}
        quantile = st.floats(0.001, 0.999) if aggregate is Aggregate.QUANTILE else st.none()
        return st.builds(
            Measure,
            name=st.just(""),
            aggregate=st.just(aggregate),
            argument=argument,
            parameter=quantile,
            binary=st.booleans(),
            whole=st.booleans(),
            sensitive=st.booleans(),
            denominator=over.get(aggregate, st.none()),
            scale=st.sampled_from([1, 100]),
            counted=st.booleans(),
        )

    return st.sampled_from(Aggregate).flatmap(made)


NOTES = st.builds(
    Note,
    NAMES,
    NAMES,
    st.builds(
        Message, st.text(max_size=20), st.dictionaries(NAMES, NAMES | st.integers() | st.floats(0, 1), max_size=2)
    ),
)


@st.composite
def queries(draw: st.DrawFn) -> Query:
    aliases = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    tables = tuple(TableRef(draw(NAMES), alias) for alias in aliases)
    parts = expressions(aliases)
    columns = st.builds(ColumnRef, st.sampled_from(aliases), NAMES)
    joins = tuple(
        Join(
            draw(st.sampled_from(["inner", "left"])),
            table,
            tuple(draw(st.lists(st.tuples(columns, columns), min_size=1, max_size=2))),
        )
        for table in tables[1:]
    )
    count = draw(st.integers(0, 3))
    names = draw(st.lists(NAMES, min_size=count + 1, max_size=count + 3, unique=True))
    flags = st.booleans()
    keys = tuple(Key(name, draw(parts), draw(flags), draw(flags), draw(flags)) for name in names[:count])
    found = tuple(replace(draw(measures(parts)), name=name) for name in names[count:])
    groupings = draw(st.lists(st.lists(st.integers(0, count - 1), unique=True) if count else st.just([]), min_size=1))
    return Query(
        tables=tables,
        joins=joins,
        where=tuple(draw(st.lists(parts, max_size=2))),
        keys=keys,
        measures=found,
        groupings=tuple(tuple(grouping) for grouping in groupings),
        columns=tuple(draw(st.permutations(names))),
        person=draw(columns),
        notes=tuple(draw(st.lists(NOTES, max_size=2))),
    )
