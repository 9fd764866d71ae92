"""The extract that a request is judged on: the one its notebook ran on, and no other."""

from __future__ import annotations

from pathlib import Path

from egress.airlock.failure import StepError
from hub.extracts.reader import Extract, ExtractError, open_extract
from hub.words import say
from hub.workspace import StateLayout


def project_extract(layout: StateLayout, project: str, folder: str, digest: str) -> Extract:
    """The extract of `project` in `folder` whose manifest has this `digest`. Raises: StepError."""
    try:
        extract = open_extract(Path(layout.extract(project, folder)))
    except ExtractError as error:
        # its own sentence names a path of this machine
        raise StepError(
            say(
                "The extract of project {project} is missing, incomplete or changed; an operator must look.",
                project=project,
            )
        ) from error
    if extract.sha256 != digest:
        raise StepError(
            say("The extract of project {project} is not the one that was built from its permit.", project=project)
        )
    return extract
