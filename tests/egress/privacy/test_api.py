"""Preview and draw: cost before data, honest intervals, means from noisy parts."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from egress.privacy.answer import Answer, DpTable, Noise, table_of
from egress.privacy.api import Preview, draw, preview
from egress.privacy.draw import draw_all
from egress.privacy.failure import PrivacyError
from egress.privacy.form import TABLE as FORM
from egress.privacy.ledger import Reservation
from hub.policy.verdict import Refusal
from tests.egress.privacy.releases import extract, manifest_of, spec
from tests.egress.query.extracts import rules

RULES = rules()
CAP = RULES.privacy.value.source_cap_rho
TABLE = spec("SELECT sex, count(*) AS n, sum(cost) AS c, avg(cost) AS m FROM t GROUP BY sex")


def held(asked: object, nano_rho: int) -> Reservation:
    assert hasattr(asked, "digest")
    return Reservation(1, "s", "", asked.digest, "e", nano_rho)


def test_a_preview_tells_cost_and_accuracy_of_each_column() -> None:
    shown = preview(TABLE, RULES, Decimal("0.4"))
    assert isinstance(shown, Preview)
    assert shown.rho == Decimal("0.4")
    assert shown.noise.epsilon == pytest.approx(4.6, abs=0.1)
    count, total, mean = shown.columns
    # 4 statistics, rho 0.1 each, 3 rows of a person: 3 / √0.2, and a thousand times that for costs up to 1000
    assert count.scale == pytest.approx(3 / 0.2**0.5)
    assert count.half_width == pytest.approx(1.96 * 3 / 0.2**0.5, abs=1)
    assert total.scale == pytest.approx(3000 / 0.2**0.5)
    assert (mean.scale, mean.half_width) == (None, None)


def test_without_a_wish_a_twentieth_of_the_cap_is_taken() -> None:
    shown = preview(TABLE, RULES)
    assert isinstance(shown, Preview)
    assert shown.rho == CAP / 20


@pytest.mark.parametrize("rho", ["0", "-1", "0.0000000001", "NaN", "Infinity", str(CAP + Decimal("1e-9"))])
def test_a_rho_that_is_none_is_refused(rho: str) -> None:
    assert isinstance(preview(TABLE, RULES, Decimal(rho)), Refusal)


def test_the_whole_cap_may_be_asked_and_too_little_is_told() -> None:
    assert isinstance(preview(TABLE, RULES, CAP), Preview)
    little = preview(TABLE, RULES, Decimal("1e-9"))
    assert isinstance(little, Refusal)
    assert "nothing but noise" in str(little.reason)


def test_a_draw_is_near_the_truth_and_sorted_by_key(tmp_path: Path) -> None:
    rows = [{"pid": f"p{at}", "sex": "FM"[at % 2], "cost": 200.0 + 100 * (at % 2)} for at in range(4000)]
    manifest = extract(tmp_path, rows)
    table = table_of(TABLE, draw(held(TABLE, 2 * 10**9), FORM, TABLE, tmp_path, manifest, rules=RULES))
    assert isinstance(table, DpTable)
    assert table.columns == ("sex", "n", "c", "m")
    assert [row[0] for row in table.rows] == ["F", "M"]
    for row, pairs, truth in zip(table.rows, table.intervals, [(2000, 4e5, 200), (2000, 6e5, 300)], strict=True):
        for value, pair, exact in zip(row[1:], pairs[1:], truth, strict=True):
            assert isinstance(value, int | float)
            assert pair is not None
            assert pair[0] <= value <= pair[1]
            assert abs(value - exact) < 2 * (pair[1] - pair[0])  # 95 % lie within half of it
    assert table.rows[0][1] != table.rows[0][2]


def test_a_reservation_buys_only_its_own_spec(tmp_path: Path) -> None:
    manifest = extract(tmp_path, [])
    other = spec("SELECT count(*) AS n FROM t")
    with pytest.raises(PrivacyError, match="another release"):
        draw(held(other, 10**9), FORM, TABLE, tmp_path, manifest, rules=RULES)


def test_several_tables_are_drawn_at_once_and_fail_apart(tmp_path: Path) -> None:
    manifest = extract(tmp_path, [{"pid": f"p{at}", "sex": "FM"[at % 2], "cost": 5.0} for at in range(4000)])
    other = spec("SELECT count(*) AS n FROM t")
    wanted = [
        (held(other, 10**9), other),
        (held(TABLE, 10**9), other),
        (held(TABLE, 1), TABLE),
        (held(TABLE, 10**9), TABLE),
    ]
    first, swapped, poor, last = draw_all(wanted, FORM, tmp_path, manifest, RULES)
    assert isinstance(first, Answer)
    assert abs(first.noisy[0][0] - 4000) < 50
    assert isinstance(swapped, PrivacyError)
    assert "another release" in str(swapped)
    assert isinstance(poor, PrivacyError)
    assert "nothing but noise" in str(poor)
    assert isinstance(last, Answer)
    assert len(last.noisy) == len(TABLE.statistics)
    assert draw_all([], FORM, tmp_path, manifest, RULES) == ()


def test_a_file_outside_the_extract_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    manifest = extract(tmp_path, [])
    (tmp_path / "inside" / "t.dp.parquet").symlink_to(tmp_path / "t.dp.parquet")
    for folder in (tmp_path / "inside", tmp_path / "nowhere"):
        with pytest.raises(PrivacyError, match="lacks the file"):
            draw(held(TABLE, 10**9), FORM, TABLE, folder, manifest_of(), rules=RULES)
    bounded = {"t": manifest.bounded["t"].model_copy(update={"file": "../t.dp.parquet"})}
    with pytest.raises(PrivacyError, match="lacks the file"):
        draw(
            held(TABLE, 10**9),
            FORM,
            TABLE,
            tmp_path / "inside",
            manifest.model_copy(update={"bounded": bounded}),
            rules=RULES,
        )


# -- answers, as they are kept


def test_an_answer_of_another_shape_is_no_table() -> None:
    noise = Noise(1, 1.0, 1e-6, 0.95, (1.0,), (2,), (3,))
    for noisy in ((), ((1,),), ((1, 2, 3),), ((1, 2), (3, 4))):
        with pytest.raises(ValueError, match="another spec"):
            table_of(spec("SELECT sex, count(*) AS n FROM t GROUP BY sex"), Answer(noise, noisy))


def test_an_answer_comes_back_from_the_ledger_as_it_was() -> None:
    answer = Answer(Noise(5, 1.25, 1e-6, 0.95, (1.5, 2.5), (2, 3), (4, 5)), ((1, -2), (3, 4)))
    assert Answer.from_json(answer.to_json()) == answer
    assert replace(answer, noisy=()) != answer
