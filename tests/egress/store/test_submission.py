"""submission.json, written by anybody."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress.store.submission import IntakeError, Submission, read_submission

GOOD: dict[str, Any] = {
    "schema": "bulle.submission/1",
    "notebook": "study.ipynb",
    "files": ["codes.csv"],
    "title": "É",
    "descriptions": {"stays": "Stays by region.\nOne line more."},
}


def spelled(**changes: Any) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


def test_what_is_written_is_read() -> None:
    submission = read_submission(spelled())
    assert submission.notebook == "study.ipynb"
    assert read_submission(submission.to_bytes()) == submission


@pytest.mark.parametrize(
    "changes",
    [
        {"notebook": "../study.ipynb"},
        {"notebook": "/etc/passwd"},
        {"notebook": "study.py"},
        {"notebook": ".study.ipynb"},
        {"notebook": "study.ipynb\n"},
        {"notebook": None},
        {"files": ["a/b"]},
        {"files": [".."]},
        {"files": [".bashrc"]},
        {"files": ["-rf"]},
        {"files": ["a\x00b"]},
        {"files": ["x.csv", "X.csv"]},
        {"files": ["study.ipynb"]},
        {"files": ["submission.json"]},
        {"files": ["notebook.ipynb"]},
        {"files": ["x" * 101]},
        {"files": "codes.csv"},
        {"title": "two\nlines"},
        {"title": "\u202eright to left"},
        {"title": "x" * 121},
        {"schema": "bulle.submission/2"},
        {"descriptions": {}},
        {"descriptions": None},
        {"descriptions": ["stays"]},
        {"descriptions": {"Stays": "x"}},
        {"descriptions": {"stays\n": "x"}},
        {"descriptions": {"stays": " "}},
        {"descriptions": {"stays": "\u202eright to left"}},
        {"descriptions": {"stays": "x" * 501}},
        {"descriptions": {"stays": 1}},
        {"person": "carol"},  # nobody says who they are
    ],
)
def test_bad_ones_are_a_sentence(changes: dict[str, Any]) -> None:
    with pytest.raises(IntakeError) as caught:
        read_submission(spelled(**changes))
    assert "submission.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_one_that_describes_nothing_says_what_to_do() -> None:
    for content in (
        spelled(descriptions={}),
        json.dumps({k: v for k, v in GOOD.items() if k != "descriptions"}).encode(),
    ):
        with pytest.raises(IntakeError, match="--describe"):
            read_submission(content)


@pytest.mark.parametrize("content", [b"", b"[" * 100_000, b"\xff", b"null", b"[1]", b'{"schema"', b"1e999999"])
def test_what_is_no_submission_at_all(content: bytes) -> None:
    with pytest.raises(IntakeError):
        read_submission(content)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_never_do_worse(content: bytes) -> None:
    with pytest.raises(IntakeError):
        read_submission(content)


@given(st.text(max_size=130))
def test_a_name_that_is_accepted_is_one_harmless_path_part(name: str) -> None:
    try:
        accepted = Submission.model_validate({**GOOD, "files": [name]}).files[0]
    except ValueError:
        return
    assert accepted.isascii()
    assert "/" not in accepted
    assert not accepted.startswith((".", "-"))
