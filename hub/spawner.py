"""Opens and closes workspaces: JupyterHub's named server is the project, and the permit is asked at every start."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dockerspawner import DockerSpawner
from jupyterhub.spawner import SpawnException
from tornado import web
from traitlets import Instance, Unicode, default

from hub.entrance.language import language_of
from hub.events.state import Enclave
from hub.language import render
from hub.launcher.client import LauncherError, Sessions
from hub.launcher.shape import FROM_THE_HUB, SessionAct
from hub.opening import opening
from hub.policy.limits import IdleLimits
from hub.policy.verdict import Grant, Refusal
from hub.present import Present, present_of
from hub.sealed_client import SealedClient
from hub.session import SessionPlan, sealed_name, session_plan
from hub.watch import Watch, watch_of
from hub.words import Message, say
from hub.workspace import Workspace

LISTEN_POLL_SECONDS = 0.05
HUB = "hub"  # the actor of what the hub does by itself
# What waits for the launcher: a workspace that is given its seconds to end must keep no other from opening.
_ASKING = ThreadPoolExecutor(8, "launcher")

_NO_PROJECT = Refusal(
    "session.no_project", say("A workspace belongs to a project; open one from your list of projects.")
)
_NO_LOG = say("The event log cannot be read or written, so nothing opens; tell an operator.")
_ENDED_EARLY = say("The workspace ended while it was starting; an operator must look at the engine's log.")


class EnclaveSpawner(DockerSpawner):  # type: ignore[misc]  # published without types
    """One sealed container per person and project, made from a SessionPlan and nothing that the user sends.

    What DockerSpawner asks of its client goes to the launcher: this process has no container engine.
    """

    log_at = Unicode(help="the event log, as open_log takes it").tag(config=True)
    launcher_socket = Unicode(help="path of the launcher's socket").tag(config=True)
    idle = Instance(IdleLimits, help="when a workspace that nobody uses is closed").tag(config=True)

    remove = True  # a kept container keeps its mounts: it could come back under another name
    pull_policy = "skip"
    use_internal_ip = True
    disable_user_config = True

    _plan: SessionPlan | None = None
    _holds_place = False  # admitted, and not closed yet
    _used_mb: Mapping[str, int] = MappingProxyType({})  # how full its folders were when it was made
    _is_open = False  # "session.started" stands in the log without its "session.stopped"
    _attached = False  # this process has seen the hub on the workspace's network
    _revoked: Refusal | None = None  # why the hub closes it

    @property
    def present(self) -> Present:
        return present_of(self.log_at)

    @property
    def watch(self) -> Watch:
        return watch_of(self.log_at, self.idle)

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.user.name, self.name)

    @property
    def used(self) -> datetime:
        """When the workspace was last used, as its server told the hub; never later than now, whatever it said."""
        now = self.present.now()
        heard = [each for each in (self.orm_spawner.last_activity, self.orm_spawner.started) if each is not None]
        return min(max((each.replace(tzinfo=UTC) for each in heard), default=now), now)

    @property
    def sealed_name(self) -> str:
        """The name of the container and of its network."""
        return sealed_name(self.workspace)

    @property
    def sessions(self) -> Sessions:
        return Sessions(Path(self.launcher_socket))

    @property
    def client(self) -> SealedClient:
        """DockerSpawner's client. It knows this workspace and no other, whatever it is asked."""
        return SealedClient(self.sessions, self.workspace)

    @property
    def executor(self) -> ThreadPoolExecutor:
        """DockerSpawner's own has one thread, for one client that all share; here each question has its own."""
        return _ASKING

    @default("object_name")
    def _object_name_default(self) -> str:
        return self.sealed_name

    def load_state(self, state: dict[str, Any]) -> None:
        super().load_state(state)
        self.network_name = self.sealed_name
        self._is_open = self._holds_place = bool(state.get("is_open"))

    def get_state(self) -> dict[str, Any]:
        state: dict[str, Any] = super().get_state()
        return {**state, "is_open": True} if self._is_open else state

    async def rename(self, old_name: str, new_name: str) -> None:  # noqa: ARG002 -- JupyterHub's signature
        """A name is a project: another name would be another project's. Always refused."""
        raise web.HTTPError(403, self._in_their_words(say("A workspace keeps the name of its project.")))

    async def start(self) -> tuple[str, int]:
        """Open the workspace. What the user sent along is dropped; what opens follows from the permit alone.

        Raises: SpawnException with the refusal's sentence.
        """
        self.user_options: dict[str, Any] = {}
        self.orm_spawner.user_options = {}
        self._revoked = None
        try:
            plan = await self._admitted()
            return await self._open(plan)
        except LauncherError as error:
            self.log.warning("launcher: %s", error)
            raise await self._refused(Refusal("launcher.failed", error.message), 503) from error

    async def stop(self, now: bool = False) -> None:  # noqa: FBT001, FBT002 -- JupyterHub's signature
        """Close the workspace: its container, then its network, then the event."""
        await super().stop(now)
        await self._close()

    async def run_post_stop_hook(self) -> None:
        """JupyterHub comes here after every end, also of starts that failed and containers that died."""
        await self._close()

    async def poll(self) -> int | str | None:
        """None while it runs. A workspace whose permit is no longer in force counts as ended, and is then removed."""
        status: int | str | None = await super().poll()
        if status is not None or not self._is_open:
            return status
        self.watch.add(self)  # also after a restart of the hub
        if not self._attached:
            await asyncio.to_thread(self.sessions.act, SessionAct.ATTACH, self.workspace)
            self._attached = True
        try:
            verdict, _ = await self._verdict()
        except Exception:  # JupyterHub polls before it stops: not knowing must not keep a workspace from closing
            self.log.exception("could not ask the permit of %s", self.sealed_name)
            return None
        self._revoked = verdict if isinstance(verdict, Refusal) else None
        return self._revoked.rule if self._revoked else None

    async def revoke(self, refusal: Refusal) -> None:
        """Kill the workspace now, without the grace that it could use; then let JupyterHub find it ended.

        Raises: LauncherError, or what kept the log from being written; the watch calls again.
        """
        self._revoked = refusal
        await self._clear()
        await self._tell_closed()
        if self.pending is None:
            await self.poll_and_notify()

    async def create_object(self) -> Any:
        """The create call: what opens, and the environment by which JupyterHub and its server know each other."""
        if self._plan is None:
            raise RuntimeError("a workspace is created by start()")
        theirs = {key: value for key, value in self.get_env().items() if key in FROM_THE_HUB and value is not None}
        folder = self._plan.extract.folder
        created = await asyncio.to_thread(self.sessions.create, self.workspace, folder, theirs)
        self.image, self._used_mb = created.image, created.used_mb
        self._attached = True
        return {self.object_id_key: self.sealed_name}

    async def _admitted(self) -> SessionPlan:
        if not self.name:
            raise await self._refused(_NO_PROJECT)
        try:
            verdict, enclave = await self._verdict()
        except Exception as error:
            self.log.exception("could not ask the permit of %s", self.sealed_name)
            raise SpawnException(self._in_their_words(_NO_LOG), reason="log.unavailable", status_code=503) from error
        if isinstance(verdict, Refusal):
            raise await self._refused(verdict)
        plan = session_plan(verdict, enclave.extracts.get(self.name))
        if isinstance(plan, Refusal):
            raise await self._refused(plan)
        refusal = self._take_place()
        if refusal is not None:
            raise await self._refused(refusal)
        self.watch.add(self)
        return plan

    async def _verdict(self) -> tuple[Grant | Refusal, Enclave]:
        enclave = await asyncio.to_thread(self.present.enclave)
        return opening(self.workspace, enclave, self.present.now().date()), enclave

    def _refusal(self, enclave: Enclave) -> Refusal | None:
        verdict = opening(self.workspace, enclave, self.present.now().date())
        return verdict if isinstance(verdict, Refusal) else None

    def _take_place(self) -> Refusal | None:
        """One open project per person: all their servers share one web origin, where one page could read another's.

        No `await` between the look and the taking: two starts at once cannot both pass.
        """
        for other in self.user.spawners.values():
            if other is not self and (other.ready or getattr(other, "_holds_place", False)):
                reason = say(
                    "Your workspace of project {project} is open; close it before you open another.", project=other.name
                )
                return Refusal("session.one_at_a_time", reason)
        self._holds_place = True
        return None

    async def _open(self, plan: SessionPlan) -> tuple[str, int]:
        self._plan = plan
        self.object_name = self.network_name = self.sealed_name
        ip, port = await super().start()
        await self._wait_listening(ip, port)
        await self._tell_opened(plan)
        return ip, port

    async def _wait_listening(self, ip: str, port: int) -> None:
        """JupyterHub's own wait adds up to 3 random seconds; this one adds 50 ms. `start_timeout` ends it."""
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection(ip, port)
                writer.close()
                return
            if await super().poll() is not None:
                raise await self._refused(self._revoked or Refusal("session.ended_early", _ENDED_EARLY), 500)
            await asyncio.sleep(LISTEN_POLL_SECONDS)

    async def _tell_opened(self, plan: SessionPlan) -> None:
        """The event, unless what it would say is not granted any more: the rule is asked where it is written."""
        body: dict[str, Any] = {
            "container": self.sealed_name,
            "image": self.image,
            "extract": plan.extract.folder,
            "rule": plan.grant.rule,
        }
        if self._used_mb:
            body["used_mb"] = dict(self._used_mb)
        try:
            act = (self.user.name, "session.started", self.name, body)
            refusal = await asyncio.to_thread(self.present.tell_granted, self._refusal, *act)
        except Exception as error:  # an act that cannot be written down is not done
            self.log.exception("could not write the session down")
            raise SpawnException(self._in_their_words(_NO_LOG), reason="log.unavailable", status_code=503) from error
        if refusal is not None:
            raise await self._refused(refusal)
        self._is_open = True

    async def _refused(self, refusal: Refusal, status: int = 403) -> SpawnException:
        body = {"rule": refusal.rule, "reason": refusal.reason.to_dict()}
        try:
            await asyncio.to_thread(self.present.tell, self.user.name, "session.refused", self.name, body)
        except Exception:  # it stays refused
            self.log.exception("could not write the refusal down")
        return SpawnException(self._in_their_words(refusal.reason), reason=refusal.rule, status_code=status)

    async def _close(self) -> None:
        """Nothing of the workspace stays but its folders. Again is harmless."""
        if self._holds_place:
            try:
                await self._clear()
            except LauncherError as error:
                self.log.warning("launcher: %s", error)
        await self._tell_closed()
        self._holds_place = self._attached = False

    async def _clear(self) -> None:
        """Kill and remove the container, and its network. Raises: LauncherError."""
        await asyncio.to_thread(self.sessions.act, SessionAct.REMOVE, self.workspace)

    async def _tell_closed(self) -> None:
        """The event, once, with the rule where the hub closed it; the watch ends with it."""
        if self._is_open:
            self._is_open = False
            body: dict[str, Any] = {"container": self.sealed_name, "person": self.user.name}
            actor = self.user.name
            if self._revoked is not None:
                actor, body = HUB, {**body, "rule": self._revoked.rule, "reason": self._revoked.reason.to_dict()}
            try:
                await asyncio.to_thread(self.present.tell, actor, "session.stopped", self.name, body)
            except Exception:
                self._is_open = True
                raise
        self.watch.remove(self)

    def _in_their_words(self, message: Message) -> str:
        return render(message, language_of(self.handler.request) if self.handler else "en")
