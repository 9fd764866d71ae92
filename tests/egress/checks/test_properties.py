"""What holds for every evidence: checks never raise, fewer persons or a higher threshold never make a table better."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from egress.checks import dof, extremes, implied, low_counts, shape, sound, unanimity, units
from egress.checks.contributors import Contributions, ratio_of_dominance
from egress.checks.fits import Fit, check_fit
from egress.checks.identifiers import looks_direct
from egress.checks.model import Finding, Outcome, worst
from egress.checks.plain import is_plain_text, unmasked, visible
from egress.checks.registry import examine
from egress.query.evidence import CellEvidence, Evidence, MeasureEvidence
from egress.query.model import Aggregate, ColumnRef, Key, Literal, Measure
from egress.query.table import Table
from tests.egress.checks.values import about, cell, examined, measure
from tests.egress.query.extracts import rules

HEALTH = rules(min_units=3, zeros=True)
# Nine digits at most: nobody looks for identifiers here.
WHOLE = st.integers(-3, 10**6)
FLOAT = st.floats(allow_nan=True, allow_infinity=True)
MAYBE = st.none() | WHOLE
MAYBE_FLOAT = st.none() | FLOAT


def any_measure_evidence() -> st.SearchStrategy[MeasureEvidence | None]:
    plain = st.builds(
        MeasureEvidence,
        rows=WHOLE,
        persons=WHOLE,
        nonzero=WHOLE,
        missing=WHOLE,
        total=FLOAT,
        largest=FLOAT,
        second=FLOAT,
        negatives=st.booleans(),
        constant=st.booleans(),
        zeros=MAYBE,
        below=MAYBE,
        at=MAYBE,
        above=MAYBE,
        others=MAYBE,
        units=MAYBE,
        unit_nonzero=MAYBE,
        unit_total=MAYBE_FLOAT,
        unit_largest=MAYBE_FLOAT,
        unit_second=MAYBE_FLOAT,
        distinct=MAYBE,
        top_class=MAYBE,
    )
    return st.none() | plain


MEASURES = st.builds(
    Measure,
    st.just("m"),
    st.sampled_from(list(Aggregate)),
    st.sampled_from([None, ColumnRef("t", "x")]),
    parameter=st.sampled_from([None, 0.5]),
    binary=st.booleans(),
    sensitive=st.booleans(),
    denominator=st.sampled_from([None, ColumnRef("t", "y"), Literal(1, published=True)]),
)
CELLS = st.lists(
    st.builds(
        CellEvidence,
        st.tuples(st.sampled_from(["a", "b", None, "\u202eb", ""])),
        st.sampled_from([(), (0,)]),
        WHOLE,
        WHOLE,
        st.tuples(any_measure_evidence()),
        MAYBE,
        MAYBE,
    ),
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(CELLS, MEASURES, st.booleans())
def test_checks_never_raise(cells: list[CellEvidence], what: Measure, sensitive: bool) -> None:
    found = examined(cells, what, keys=[Key("k", ColumnRef("t", "k"), sensitive=sensitive)])
    findings = examine(found, HEALTH)
    assert findings
    if not cells:
        assert worst(finding.outcome for finding in findings) is Outcome.FAIL


@settings(max_examples=50, deadline=None)
@given(CELLS, MEASURES)
def test_what_contradicts_itself_never_passes(cells: list[CellEvidence], what: Measure) -> None:
    found = examined(cells, what)
    wrong = any(
        one.persons < 0
        or one.persons > one.rows
        or any(known is not None and not known.total >= 0 for known in one.measures)
        for one in cells
    )
    assume(wrong)
    assert worst(finding.outcome for finding in sound.check(found, HEALTH)) is Outcome.FAIL


@pytest.mark.parametrize(
    "broken",
    [
        Evidence(()),
        Evidence((cell(), cell())),
        Evidence((replace(cell(), measures=()),)),
        Evidence((replace(cell(), keys=()),)),
        Evidence((replace(cell(), grouping=(7,)),)),
    ],
    ids=["no cells", "another cell", "no measures", "no keys", "an unknown key"],
)
def test_evidence_about_something_else_is_refused(broken: Evidence) -> None:
    found = replace(examined([cell()]), evidence=broken)
    assert worst(finding.outcome for finding in examine(found, HEALTH)) is Outcome.FAIL


def test_a_measure_of_which_nothing_is_known_is_for_people() -> None:
    found = examined([cell(known=None)], measure(Aggregate.SUM))
    assert worst(finding.outcome for finding in examine(found, HEALTH)) is not Outcome.PASS


# -- monotone


def _worse(before: tuple[Finding, ...], after: tuple[Finding, ...]) -> None:
    order = (Outcome.PASS, Outcome.REVIEW, Outcome.FAIL)
    worst_before, worst_after = (worst(finding.outcome for finding in found) for found in (before, after))
    assert order.index(worst_after) >= order.index(worst_before)


PERSONS = st.integers(0, 40)


@settings(max_examples=50, deadline=None)
@given(st.lists(PERSONS, min_size=1, max_size=5), st.integers(0, 4), st.integers(1, 30))
def test_a_person_less_never_helps_a_count(persons: list[int], at: int, least: int) -> None:
    at %= len(persons)
    assume(persons[at] > 0 and 2 * len(persons) <= sum(persons) - 1)
    fewer = [count - (place == at) for place, count in enumerate(persons)]
    given_rules = rules(min_persons=least)
    for check in (low_counts.check, shape.check):
        before, after = (check(examined([cell(count) for count in some]), given_rules) for some in (persons, fewer))
        _worse(before, after)


@settings(max_examples=50, deadline=None)
@given(PERSONS.filter(bool), PERSONS, st.integers(1, 30))
@example(1, 20, 11)
def test_a_person_less_never_helps_a_value(with_value: int, zeros: int, least: int) -> None:
    """Persons leave with their value; what is 0 or 1, and who contributes. Rules under which zeros are disclosive."""
    given_rules = rules(min_persons=least, min_events=None)
    for what, check in (
        (measure(Aggregate.SUM), low_counts.check),
        (measure(Aggregate.STDDEV), dof.check),
        (measure(Aggregate.AVG, binary=True), implied.check),
    ):
        known = [about(persons=count + zeros, nonzero=count, zeros=zeros) for count in (with_value, with_value - 1)]
        before, after = (check(examined([cell(known=one)], what), given_rules) for one in known)
        _worse(before, after)


@settings(max_examples=50, deadline=None)
@given(PERSONS.filter(bool), PERSONS, PERSONS, st.integers(1, 30))
def test_a_person_less_never_helps_a_quantile(below: int, at: int, above: int, least: int) -> None:
    what, given_rules = measure(Aggregate.QUANTILE, parameter=0.5), rules(min_persons=least)
    known = [about(below=count, at=at, above=above) for count in (below, below - 1)]
    before, after = (extremes.check(examined([cell(known=one)], what), given_rules) for one in known)
    _worse(before, after)


@settings(max_examples=60, deadline=None)
@given(
    persons=st.lists(PERSONS, min_size=1, max_size=4),
    some=PERSONS,
    others=PERSONS,
    units_=st.integers(0, 6),
    least=st.integers(1, 30),
    what=st.sampled_from(
        [Aggregate.COUNT_ROWS, Aggregate.SUM, Aggregate.AVG, Aggregate.QUANTILE, Aggregate.COUNT_VALUES]
    ),
)
def test_a_higher_threshold_never_helps(  # noqa: PLR0917 -- drawn by name
    persons: list[int], some: int, others: int, units_: int, least: int, what: Aggregate
) -> None:
    known = about(persons=some, nonzero=some, others=others, below=some, at=1, above=others, units=units_, missing=0)
    cells = [replace(cell(count, known), units=units_, rest=others) for count in persons]
    found = examined(cells, Measure("m", what, None if what is Aggregate.COUNT_ROWS else ColumnRef("t", "x"), 0.5))
    for check in (low_counts.check, shape.check, extremes.check, implied.check, units.check):
        before, after = (check(found, rules(min_persons=more, min_units=more)) for more in (least, least + 1))
        _worse(before, after)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 50), st.integers(0, 50), st.floats(0.5, 0.99), st.floats(0, 0.5))
def test_a_lower_limit_of_a_class_never_helps(one: int, other: int, limit: float, less: float) -> None:
    assert unanimity.unanimous(one, one + other, limit - less) or not unanimity.unanimous(one, one + other, limit)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=30), st.floats(0.3, 0.99))
def test_p_follows_from_dominance_by_two(values: list[float], share: float) -> None:
    """Case B04: what (2, k) lets pass, the p % rule with p = (1 - k) / k lets pass too."""
    largest, second = (*sorted(values, reverse=True)[:2], 0.0)[:2]
    found = Contributions(sum(values), largest, second)
    if not found.dominated(2, share):
        assert not found.estimable(ratio_of_dominance(share) * (1 - 1e-9))


@pytest.mark.parametrize(
    ("total", "largest"), [("nan", "1"), ("1", "nan"), ("nan", "nan"), ("inf", "nan"), ("1", "inf")]
)
def test_what_is_no_number_is_dominated(total: str, largest: str) -> None:
    found = Contributions(float(total), float(largest), 0.0)
    assert found.dominated(1, 0.85)
    assert found.estimable(0.1)


@settings(max_examples=60, deadline=None)
@given(
    st.builds(
        Fit,
        MAYBE,
        MAYBE,
        st.none() | st.lists(st.tuples(st.text(max_size=3), WHOLE, WHOLE), max_size=3).map(tuple),
        MAYBE,
        MAYBE_FLOAT,
        MAYBE_FLOAT,
        st.none() | st.booleans(),
    )
)
def test_a_model_is_always_judged(fit: Fit) -> None:
    findings = check_fit(fit, HEALTH)
    assert findings
    if None in (fit.persons, fit.parameters, fit.levels, fit.cells, fit.leverage, fit.vectors):
        assert worst(finding.outcome for finding in findings) is not Outcome.PASS


# -- texts


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_answered(text: str) -> None:
    looks_direct(text)
    assert visible(visible(text)) == visible(text)
    assert isinstance(unmasked(text), str)
    is_plain_text(text)


@pytest.mark.parametrize("unit", ["1 ", "a@", "1", "O0", "12/", "FR76", "2A 1 ", "mars 12 ", "a.", "0 1-", "é\u0301"])
def test_a_text_of_any_length_is_answered_soon(unit: str) -> None:
    """Time grows with the text, not with its square: 40,000 signs, some seconds on a busy machine."""
    text = unit * (40_000 // len(unit))
    begun = perf_counter()
    looks_direct(text)
    assert perf_counter() - begun < 10


def test_an_identifier_is_found_wherever_it_stands_in_a_long_text() -> None:
    for place in range(0, 1200, 37):
        assert looks_direct("x " * place + "255081416802538" + " x" * 700) is not None


@settings(max_examples=50, deadline=None)
@given(st.from_regex(r"[12][0-9]{2}(0[1-9]|1[0-2])([0-9]{2}|2[AB])[0-9]{6}", fullmatch=True), st.data())
def test_a_social_security_number_is_found_in_every_disguise(number: str, data: st.DataObject) -> None:
    """Spaced anywhere, in another script's digits, with marks of no width between."""
    key = 97 - int(number.replace("2A", "19").replace("2B", "18")) % 97
    signs = f"{number}{key:02d}"
    zero = data.draw(st.sampled_from(["0", "０", "٠", "०", "𝟎"]))
    between = data.draw(st.lists(st.sampled_from(["", " ", "\u200b", "\u00a0", "-"]), min_size=15, max_size=15))
    shown = "".join(
        (chr(ord(zero) + int(sign)) if sign.isdigit() else sign) + gap for sign, gap in zip(signs, between, strict=True)
    )
    assert looks_direct(f"n {shown.strip()}") is not None


def test_tables_of_any_values_are_answered() -> None:
    table = Table(("k", "m"), ((None, None), ("a", float("nan")), ("b", 10**40)))
    found = replace(examined([cell(keys=(None,)), cell(), cell()], measure(Aggregate.SUM)), table=table)
    assert examine(replace(found, query=replace(found.query, columns=("k", "m"))), HEALTH)
