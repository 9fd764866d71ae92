"""`submission.json`: what a researcher hands in beside the files. It says nothing about who they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, ValidationError, model_validator

from egress.outputs.arguments import NAME
from hub.policy.model import Frozen
from hub.words import Message, say

SUBMISSION = "submission.json"
FOLDER_ENDING = ".request"
SCHEMA = "bulle.submission/1"
RESERVED = frozenset({SUBMISSION, "notebook.ipynb"})  # the runner calls every notebook so

# Names become names in the runner's folder: no separators, no leading dot, nothing a shell or a terminal reads.
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
NotebookName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,93}\.ipynb$")]
RequestTitle = Annotated[
    str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]{0,120}$")
]


# Of an output whose name a declaration may have: what it shows, for who checks it. Lines are allowed.
OutputName = Annotated[str, StringConstraints(pattern=rf"^{NAME.pattern}$")]
Description = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        pattern=r"^[^\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]{1,500}$",
    ),
]


UNDESCRIBED = say(
    "submission.json describes no output; say of each, in a sentence or two, what it shows: descriptions= of "
    "bulle.submit, or --describe NAME=TEXT."
)


# The request that this is another turn of; `answer` says what was changed.
RequestId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,40}$")]


class IntakeError(Exception):
    """A submission that does not become a request; `message` is for its sender."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


class Submission(Frozen):
    """A notebook and the files it needs, all beside `submission.json` in one folder."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Literal["bulle.submission/1"] = Field(alias="schema")
    notebook: NotebookName
    files: tuple[FileName, ...] = ()
    title: RequestTitle = ""
    request: RequestId | None = None
    answer: Description | None = None
    descriptions: Mapping[OutputName, Description] = Field(min_length=1)

    @model_validator(mode="after")
    def _answered(self) -> Self:
        if (self.request is None) != (self.answer is None):
            raise ValueError("answer: says what was changed, where request names what is submitted again")
        return self

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [self.notebook, *self.files]
        if len({name.lower() for name in names}) != len(names):
            raise ValueError("files: a name stands twice")
        if any(name.lower() in RESERVED for name in self.files) or self.notebook.lower() == SUBMISSION:
            raise ValueError("files: a name is reserved")
        return self

    def to_bytes(self) -> bytes:
        """The file's content."""
        return (
            json.dumps(self.model_dump(by_alias=True, exclude_none=True), ensure_ascii=False, indent=2).encode() + b"\n"
        )


def read_submission(content: bytes) -> Submission:
    """The submission in `content`, written by anybody. Raises: IntakeError."""
    try:
        return Submission.model_validate(json.loads(content.decode("utf-8")))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        named = ".".join(str(part) for part in first["loc"])[:60]
        key = "".join(letter for letter in named if letter.isprintable()) or "(whole file)"
        if first["loc"] == ("descriptions",) and first["type"] in {"missing", "too_short"}:
            raise IntakeError(UNDESCRIBED) from error
        if first["type"] == "extra_forbidden":
            raise IntakeError(say("submission.json holds a key that is not known; remove it.")) from error
        raise IntakeError(
            say("submission.json cannot be used: {key} is missing or not what it must be.", key=key)
        ) from error
    except (ValueError, RecursionError) as error:
        raise IntakeError(say("submission.json is not valid JSON; use `bulle request submit` to write it.")) from error
