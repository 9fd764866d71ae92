"""What the launcher can be asked, and by whom: the frozen shape of its messages. Pure.

An order names a workspace, a run or a project and nothing else. Image, mounts, targets, network, names, user and limits
follow from those names and the launcher's own settings: what no message can say, no message can say wrongly.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from hub.policy.model import Frozen, PersonId, ProjectId
from hub.policy.verdict import Refusal
from hub.words import say
from hub.workspace import Workspace

# Names of folders: no separator and no leading dot, so that none leads anywhere else.
ExtractFolder = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,63}$")]
ImageDigest = Annotated[str, StringConstraints(pattern=r"^(sha256:[0-9a-f]{64})?$")]
RequestId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,40}$")]
Value = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]*$", max_length=4096)]

# By these JupyterHub and its server know each other. Each is read by the server alone; none names code to load, a
# file to read or a command to run. Everything else in a workspace's environment is the launcher's own.
FROM_THE_HUB = frozenset(
    {
        "JPY_API_TOKEN",
        "JUPYTERHUB_ACTIVITY_URL",
        "JUPYTERHUB_API_TOKEN",
        "JUPYTERHUB_API_URL",
        "JUPYTERHUB_BASE_URL",
        "JUPYTERHUB_CLIENT_ID",
        "JUPYTERHUB_COOKIE_HOST_PREFIX_ENABLED",
        "JUPYTERHUB_HOST",
        "JUPYTERHUB_OAUTH_ACCESS_SCOPES",
        "JUPYTERHUB_OAUTH_CALLBACK_URL",
        "JUPYTERHUB_OAUTH_CLIENT_ALLOWED_SCOPES",
        "JUPYTERHUB_OAUTH_SCOPES",
        "JUPYTERHUB_PUBLIC_HUB_URL",
        "JUPYTERHUB_PUBLIC_URL",
        "JUPYTERHUB_SERVER_NAME",
        "JUPYTERHUB_SERVICE_PREFIX",
        "JUPYTERHUB_SERVICE_URL",
        "JUPYTERHUB_USER",
    }
)


class Caller(StrEnum):
    """The processes that may ask, by the name that their events carry."""

    HUB = "hub"
    WORKER = "egress"


class SessionAct(StrEnum):
    """What the hub has done to a container that it had made."""

    START = "session.start"
    LOOK = "session.look"
    ATTACH = "session.attach"
    STOP = "session.stop"
    REMOVE = "session.remove"


class _Order(Frozen):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _OfSession(_Order):
    person: PersonId
    project: ProjectId

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.person, self.project)


class CreateSession(_OfSession):
    """Make the container of a workspace, its network and its folders anew."""

    act: Literal["session.create"]
    extract: ExtractFolder
    environment: Mapping[Annotated[str, StringConstraints(max_length=64)], Value] = Field(max_length=len(FROM_THE_HUB))


class OnSession(_OfSession):
    """One act on the container of a workspace."""

    act: Literal["session.start", "session.look", "session.attach", "session.stop", "session.remove"]


class _OfRun(_Order):
    project: ProjectId
    request: RequestId


class PrepareImports(_Order):
    """Make the folder in which the imports of a project are laid."""

    act: Literal["imports.prepare"]
    project: ProjectId


class PrepareRun(_OfRun):
    """Make the empty folders in which the files and the imports of a run are laid."""

    act: Literal["run.prepare"]


class StartRun(_OfRun):
    """Run a request on an extract of its project to its end, and remove its folder. `image` chooses none: where it is
    said and the launcher's own has another digest, nothing runs.
    """

    act: Literal["run.start"]
    extract: ExtractFolder
    image: ImageDigest = ""


class DropRun(_OfRun):
    """Remove the folder of a run that will not be."""

    act: Literal["run.drop"]


Order = CreateSession | OnSession | PrepareImports | PrepareRun | StartRun | DropRun
_ORDERS: TypeAdapter[Order] = TypeAdapter(Annotated[Order, Field(discriminator="act")])
_MAY: Mapping[Caller, tuple[type[_Order], ...]] = MappingProxyType(
    {Caller.HUB: (_OfSession,), Caller.WORKER: (_OfRun, PrepareImports)}
)


def read_order(question: bytes) -> Order | Refusal:
    """The order that stands in `question`, which anybody may have written."""
    try:
        order = _ORDERS.validate_json(question)
    except ValidationError:  # its texts repeat what was sent
        return Refusal("launcher.shape", say("This is no order that the launcher takes."))
    if isinstance(order, CreateSession):
        return _environment_refusal(order) or order
    if isinstance(order, _OfRun) and not _is_of(order.request, order.project):
        return Refusal("launcher.request", say("The request is not one of the project that the order names."))
    return order


def may_ask(caller: Caller | None, order: Order) -> Refusal | None:
    """The hub asks for sessions, the egress worker for runs and imports' folders, nobody else for anything."""
    if caller is None:
        return Refusal("launcher.caller", say("This process may ask the launcher for nothing."))
    if not isinstance(order, _MAY[caller]):
        return Refusal("launcher.act", say("This process may not ask the launcher for that."))
    return None


def _environment_refusal(order: CreateSession) -> Refusal | None:
    given = order.environment
    if not set(given) <= FROM_THE_HUB:
        return Refusal("launcher.environment", say("The environment holds a variable that no workspace has."))
    named = {"JUPYTERHUB_USER": order.person, "JUPYTERHUB_SERVER_NAME": order.project}
    if any(given.get(name, expected) != expected for name, expected in named.items()):
        return Refusal("launcher.environment", say("The environment names another workspace than the order."))
    return None


def _is_of(request: str, project: str) -> bool:
    number = request.removeprefix(f"{project}-")
    return number != request and number.isascii() and number.isdigit()
