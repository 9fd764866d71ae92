"""The engine's edge: one client, and what it says when it cannot."""

from __future__ import annotations

import docker
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.utils import kwargs_from_env
from requests.exceptions import RequestException

from hub.words import Message, say

# What docker-py raises when the engine refuses, is away, or hangs up.
ENGINE_ERRORS = (DockerException, RequestException, OSError)

# Creating a container waits for the host's disk; nothing here waits longer than this for one answer.
ANSWER_SECONDS = 60


class EngineError(Exception):
    """The engine did not do it. `message` is for the person who asked; the cause is for the operator's log."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


def connect() -> docker.APIClient:
    """A client of the engine that DOCKER_HOST names (default: the local socket). Raises: EngineError."""
    try:
        return docker.APIClient(version="auto", timeout=ANSWER_SECONDS, **kwargs_from_env())
    except ENGINE_ERRORS as error:
        raise EngineError(explain(error)) from error


def image_digest(image: str, client: docker.APIClient | None = None) -> str:
    """The content digest (`sha256:…`) of a local image; a run names it instead of a tag, which may move.

    Raises: EngineError when the engine is away or the image is not there.
    """
    try:
        found = (client or connect()).inspect_image(image)  # type: ignore[no-untyped-call]  # types-docker skips it
        return str(found["Id"])
    except ENGINE_ERRORS as error:
        raise EngineError(explain(error, image)) from error


def remove(container: str, client: docker.APIClient | None = None) -> None:
    """Kill and remove a container; nothing to do when it is not there. Raises: EngineError."""
    try:
        (client or connect()).remove_container(container, force=True, v=True)
    except NotFound:
        return
    except ENGINE_ERRORS as error:
        raise EngineError(explain(error)) from error


def explain(error: Exception, image: str = "") -> Message:
    """The sentence for an engine error. Engine texts are not repeated: they hold host paths."""
    if isinstance(error, ImageNotFound):
        return say("The image {image} is not on this machine; an operator builds it first.", image=image)
    if isinstance(error, APIError):
        return say(
            "The container engine refused to make the container (status {status}); an operator must look at its log.",
            status=int(error.status_code or 0),
        )
    return say("The container engine does not answer; nothing was lost, try again once an operator has started it.")
