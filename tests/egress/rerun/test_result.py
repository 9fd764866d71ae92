"""Exit codes and bytes from a hostile process become a status and one sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress.outputs.model import Rendered
from egress.rerun.inside import Ending
from egress.rerun.result import RerunStatus, ended, sentence
from tests.egress.outputs.notebooks import code, raw

GOOD = raw(code("1"))


def test_a_notebook_that_ran_is_read() -> None:
    status, message, rendered = ended(0, GOOD, 10_000)
    assert status is RerunStatus.FINISHED
    assert isinstance(rendered, Rendered)
    assert str(message) == "The notebook ran to its end."


@pytest.mark.parametrize("stdout", [b"", b"SECRET" + GOOD, GOOD + GOOD, GOOD + b"SECRET", b"\xff"])
def test_a_disturbed_output_is_no_result(stdout: bytes) -> None:
    status, message, rendered = ended(0, stdout, 10_000)
    assert (status, rendered) == (RerunStatus.SPOILED, None)
    assert "SECRET" not in str(message)


@pytest.mark.parametrize(("stdout", "told"), [(b"7", "Cell 7 "), (b"SECRET", "Cell 0 "), (b"9999999", "Cell 0 ")])
def test_a_failed_cell_is_told_by_its_number_only(stdout: bytes, told: str) -> None:
    status, message, _ = ended(Ending.CELL_FAILED, stdout, 10_000)
    assert status is RerunStatus.CELL_FAILED
    assert str(message).startswith(told)


@given(st.integers(-300, 300), st.binary(max_size=40))
def test_any_code_and_bytes_are_answered(code_: int, stdout: bytes) -> None:
    status, _, rendered = ended(code_, stdout, 10_000)
    assert (rendered is not None) == (status is RerunStatus.FINISHED)


@pytest.mark.parametrize("status", RerunStatus)
def test_every_status_has_a_sentence(status: RerunStatus) -> None:
    assert str(sentence(status, 5)).endswith(".")
