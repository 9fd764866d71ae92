"""Opens and closes workspaces: JupyterHub's named server is the project, and the permit is asked at every start."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from dockerspawner import DockerSpawner
from jupyterhub.spawner import SpawnException
from tornado import web
from traitlets import Float, Integer, Unicode, default

from hub.events.state import Enclave
from hub.language import preferred, render
from hub.launcher import EngineError, attach, create_arguments, drop_network, ensure_network, image_digest, remove
from hub.launcher.engine import ENGINE_ERRORS, explain
from hub.policy.decide import may_open_workspace
from hub.policy.verdict import Grant, Refusal
from hub.present import Present, present_of
from hub.session import SANDBOX_USER, Limits, Mount, SessionPlan, session_plan
from hub.words import Message, say
from hub.workspace import StateLayout, Workspace

LISTEN_POLL_SECONDS = 0.05

_NO_PROJECT = Refusal(
    "session.no_project", say("A workspace belongs to a project; open one from your list of projects.")
)
_NO_LOG = say("The event log cannot be read or written, so nothing opens; tell an operator.")
_ENDED_EARLY = say("The workspace ended while it was starting; an operator must look at the engine's log.")
_NO_FOLDERS = say("Your folders cannot be made on this machine (disk full, or not mounted); tell an operator.")
# The group stays on what is made in them: /project is for the project's researchers, /outbox for the egress worker.
_MODES = MappingProxyType({"/home/researcher": 0o700, "/outbox": 0o2750, "/project": 0o2770})
SERVICE_GROUP = 900  # of the egress worker's container (images/egress)


class EnclaveSpawner(DockerSpawner):  # type: ignore[misc]  # published without types
    """One sealed container per person and project, made from a SessionPlan and nothing that the user sends."""

    state_root = Unicode(help="host path of the enclave's state, the same in this process").tag(config=True)
    log_at = Unicode(help="path or URL of the event log").tag(config=True)
    workspace_image = Unicode(help="image of workspaces").tag(config=True)
    hub_container = Unicode(help="the container that workspaces reach as `hub`").tag(config=True)
    supernet = Unicode("10.213.0.0/16", help="workspaces' networks are /29s of it").tag(config=True)
    workspace_memory_mb = Integer(help="memory of one workspace, MiB").tag(config=True)
    workspace_cpus = Float(help="CPUs of one workspace").tag(config=True)
    workspace_pids = Integer(help="processes and threads of one workspace").tag(config=True)

    remove = True  # a kept container keeps its mounts: it could come back under another name
    pull_policy = "skip"
    use_internal_ip = True
    disable_user_config = True

    _plan: SessionPlan | None = None
    _holds_place = False  # admitted, and not closed yet
    _is_open = False  # "session.started" stands in the log without its "session.stopped"
    _attached = False  # this process has seen the hub on the workspace's network

    @property
    def present(self) -> Present:
        return present_of(self.log_at)

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.user.name, self.name)

    @property
    def sealed_name(self) -> str:
        """The name of the container and of its network."""
        return f"bulle-ws-{self.workspace.slug}"

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
        try:
            plan = await self._admitted()
            return await self._open(plan)
        except SpawnException:
            raise
        except EngineError as error:
            self.log.warning("engine: %s", error.__cause__ or error)
            raise await self._refused(Refusal("engine.refused", error.message), 503) from error
        except ENGINE_ERRORS as error:
            self.log.warning("engine: %s", error)
            raise await self._refused(Refusal("engine.refused", explain(error, self.workspace_image)), 503) from error

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
        if not self._attached:
            await asyncio.to_thread(attach, self.sealed_name, self.hub_container, "hub")
            self._attached = True
        try:
            verdict, _ = await self._verdict()
        except Exception:  # JupyterHub polls before it stops: not knowing must not keep a workspace from closing
            self.log.exception("could not ask the permit of %s", self.sealed_name)
            return None
        return verdict.rule if isinstance(verdict, Refusal) else None

    async def create_object(self) -> Any:
        """The create call: the sealed plan, plus the environment by which JupyterHub and its server know each other."""
        if self._plan is None:
            raise RuntimeError("a workspace is created by start()")
        theirs = {key: value for key, value in self.get_env().items() if value is not None}
        plan = replace(
            self._plan.container,
            image=self.image,
            environment={**theirs, **self._plan.container.environment},
        )
        return await self.docker("create_container_from_config", **create_arguments(plan))

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
        limits = Limits(self.workspace_memory_mb, self.workspace_cpus, self.workspace_pids)
        layout = StateLayout(PurePosixPath(self.state_root))
        plan = session_plan(verdict, enclave.extracts.get(self.name), layout, self.workspace_image, limits)
        if isinstance(plan, Refusal):
            raise await self._refused(plan)
        refusal = self._take_place()
        if refusal is not None:
            raise await self._refused(refusal)
        return plan

    async def _verdict(self) -> tuple[Grant | Refusal, Enclave]:
        enclave = await asyncio.to_thread(self.present.enclave)
        person, permit = enclave.persons.get(self.user.name), enclave.permits.get(self.name)
        return may_open_workspace(person, permit, self.present.now().date()), enclave

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
        self._plan, sealed = plan, plan.container
        self.object_name = self.network_name = sealed.name
        self.image = await asyncio.to_thread(image_digest, sealed.image)
        try:
            await asyncio.to_thread(_make_folders, sealed.mounts)
        except OSError as error:
            raise EngineError(_NO_FOLDERS) from error
        await asyncio.to_thread(remove, sealed.name)
        await asyncio.to_thread(ensure_network, sealed.name, sealed.labels, IPv4Network(self.supernet))
        await asyncio.to_thread(attach, sealed.name, self.hub_container, "hub")
        self._attached = True
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
                raise await self._refused(Refusal("session.ended_early", _ENDED_EARLY), 500)
            await asyncio.sleep(LISTEN_POLL_SECONDS)

    async def _tell_opened(self, plan: SessionPlan) -> None:
        body = {
            "container": plan.container.name,
            "image": self.image,
            "extract": plan.extract.folder,
            "rule": plan.grant.rule,
        }
        try:
            await asyncio.to_thread(self.present.tell, self.user.name, "session.started", self.name, body)
        except Exception as error:  # an act that cannot be written down is not done
            self.log.exception("could not write the session down")
            raise SpawnException(self._in_their_words(_NO_LOG), reason="log.unavailable", status_code=503) from error
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
        try:
            await asyncio.to_thread(remove, self.sealed_name)
            await asyncio.to_thread(drop_network, self.sealed_name)
        except EngineError as error:
            self.log.warning("engine: %s", error.__cause__ or error)
        if self._is_open:
            self._is_open = False
            body = {"container": self.sealed_name}
            await asyncio.to_thread(self.present.tell, self.user.name, "session.stopped", self.name, body)
        self._holds_place = self._attached = False

    def _in_their_words(self, message: Message) -> str:
        header = self.handler.request.headers.get("Accept-Language") if self.handler else None
        return render(message, preferred(header))


def _make_folders(mounts: tuple[Mount, ...]) -> None:
    """The person's own folders, for the sandbox's user. Their parents stay root's, so no link can stand in the way."""
    uid, gid = (int(part) for part in SANDBOX_USER.split(":"))
    for mount in mounts:
        if mount.read_only:
            continue
        folder = Path(mount.source)
        folder.mkdir(parents=True, exist_ok=True)
        target = str(mount.target)
        os.chown(folder, uid, SERVICE_GROUP if target == "/outbox" else gid, follow_symlinks=False)
        folder.chmod(_MODES[target])
