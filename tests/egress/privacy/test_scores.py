"""Scores of quantiles: right against sorted values, moved by a row as proved, ranks as told."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress.privacy import measure
from egress.privacy.scores import ranks, scores, weight
from egress.privacy.spec import Kind, Statistic

SHARES = st.integers(1, 20).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole)))
COUNTS = st.lists(st.integers(0, 50), min_size=1, max_size=12)


def quantile(share: tuple[int, int] = (1, 2), many: int = 9) -> Statistic:
    return Statistic(Kind.QUANTILE, "t.x", 0, 0, many - 1, share=share, candidates=tuple(range(many)))


@given(COUNTS, SHARES)
def test_a_score_is_the_rank_missed_against_sorted_values(counts: list[int], share: tuple[int, int]) -> None:
    values = [at for at, count in enumerate(counts) for _ in range(count)]
    part, whole = share
    for candidate, score in enumerate(scores(counts, share)):
        below, upto = bisect_left(values, candidate), bisect_right(values, candidate)
        target = part * len(values)
        assert score == max(0, whole * below - target, target - whole * upto)


@given(COUNTS, SHARES)
def test_one_candidate_at_least_is_the_quantile(counts: list[int], share: tuple[int, int]) -> None:
    assert min(scores(counts, share)) == 0


@given(st.data(), COUNTS, SHARES, st.integers(1, 6))
def test_rows_of_one_person_move_each_score_as_proved_at_most(
    data: st.DataObject, counts: list[int], share: tuple[int, int], rows: int
) -> None:
    places = data.draw(st.lists(st.integers(0, len(counts) - 1), min_size=rows, max_size=rows))
    more = [count + places.count(at) for at, count in enumerate(counts)]
    moved = max(abs(a - b) for a, b in zip(scores(counts, share), scores(more, share), strict=True))
    assert moved <= measure.sensitivity(quantile(share), rows, 7) == rows * weight(quantile(share))


def test_the_bound_is_reached() -> None:
    assert scores([0, 9, 0], (1, 4)) == [9, 0, 27]
    assert scores([4, 9, 0], (1, 4))[2] == 39  # four rows, each 3
    assert weight(quantile((1, 4))) == 3


def test_scores_stay_in_64_bits() -> None:
    assert max(scores([2**62, 2**62, 0], (1, 100))) == 2**62


@pytest.mark.parametrize(("many", "told"), [(1, 0), (2, 15), (11, 26)])
def test_ranks_grow_with_the_logarithm_of_the_candidates(many: int, told: int) -> None:
    # scale 10, confidence 0.95: a score of 10 · ln((m − 1)/0.05) is as rare as 5 %; two to a row
    assert ranks(10.0, quantile(many=many), 0.95) == told


@pytest.mark.parametrize("counts", [[3] * 9, [0] * 9, [100, 0, 0, 0, 0, 0, 0, 0, 1], [5, 40, 2, 0, 0, 9, 1, 1, 80]])
@pytest.mark.parametrize("share", [(1, 2), (9, 10), (0, 1)])
def test_a_pick_misses_its_rank_by_no_more_than_told(counts: list[int], share: tuple[int, int]) -> None:
    asked, draws, scale = quantile(share), 4000, 12.0
    told, missed = ranks(scale, asked, 0.95), scores(counts, share)
    picks = measure.chosen(counts * draws, asked, scale)
    beyond = sum(missed[pick] > told * share[1] for pick in picks) / draws
    assert len(picks) == draws
    assert beyond <= 0.05 + 4.8 * math.sqrt(0.05 * 0.95 / draws)
