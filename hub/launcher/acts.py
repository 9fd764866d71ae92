"""What the launcher does on an order: the plan that follows from its names, made on the engine."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import IPv4Network
from typing import Any

import docker
from docker.errors import NotFound

from hub.container import ContainerPlan
from hub.launcher.engine import ENGINE_ERRORS, EngineError, connect, explain, image_digest, remove
from hub.launcher.folders import (
    check_folder,
    drop_run_folder,
    make_laid_folder,
    make_run_folder,
    make_session_folders,
)
from hub.launcher.networks import attach, drop_network, ensure_network
from hub.launcher.runs import IsGone, Output, run
from hub.launcher.seal import create_arguments
from hub.launcher.shape import (
    CreateSession,
    DropRun,
    OnSession,
    Order,
    PrepareImports,
    PrepareRun,
    SessionAct,
    StartRun,
)
from hub.policy.limits import ContainerLimits
from hub.run import MIB, RunPlan, RunResult, RunStatus, other_image, run_container
from hub.session import sealed_name, session_container
from hub.workspace import StateLayout

Answer = dict[str, Any]


@dataclass(frozen=True)
class LauncherSettings:
    """Everything that no order can say. `hub` is the container that workspaces reach as `hub`; workspaces' networks
    are /29s of `supernet`.
    """

    layout: StateLayout
    image: str
    hub: str
    supernet: IPv4Network
    limits: ContainerLimits


class Launcher:
    """Carries orders out, each with a client of its own. Raises: EngineError, and QuotaError, OSError for folders."""

    def __init__(self, settings: LauncherSettings) -> None:
        self._settings = settings

    def carry_out(self, order: Order, output: Output, is_gone: IsGone = lambda: False) -> Answer:
        """The answer to `order`; the output of a run goes to `output` meanwhile, and it ends with who asked for it."""
        match order:
            case CreateSession():
                return self._create(order)
            case OnSession():
                return self._on_session(order)
            case PrepareImports():
                self._make_imports(order.project)
                return {}
            case PrepareRun():
                layout = self._settings.layout
                make_run_folder(layout.root, layout.run(order.request))
                make_run_folder(layout.root, layout.run_imports(order.request))
                return {}
            case DropRun():
                self._drop(order.request)
                return {}
            case StartRun():
                return self._run(order, output, is_gone)

    def _create(self, order: CreateSession) -> Answer:
        settings = self._settings
        engine = connect()
        image = image_digest(settings.image, engine)
        plan = session_container(order.workspace, order.extract, settings.layout, image, settings.limits.workspace)
        self._make_imports(order.project)
        make_laid_folder(settings.layout.root, settings.layout.notices_of(order.workspace))
        used = self._lay_out(plan)
        remove(plan.name, engine)
        ensure_network(plan.name, plan.labels, settings.supernet, engine)
        attach(plan.name, settings.hub, "hub", engine)
        # ours last: nothing that the hub says stands above it
        sealed = replace(plan, environment={**order.environment, **plan.environment})
        try:
            engine.create_container_from_config(**create_arguments(sealed))  # type: ignore[no-untyped-call]  # types-docker skips it
        except ENGINE_ERRORS as error:
            raise EngineError(explain(error, settings.image)) from error
        return {"image": image, "used_mb": used}

    def _make_imports(self, project: str) -> None:
        layout = self._settings.layout
        make_laid_folder(layout.root, layout.imports(project))

    def _lay_out(self, plan: ContainerPlan) -> dict[str, int]:
        root = self._settings.layout.root
        for mount in plan.mounts:
            if mount.read_only:
                check_folder(root, mount.source)
        return make_session_folders(root, plan.mounts, self._settings.limits.folders)

    def _on_session(self, order: OnSession) -> Answer:
        engine, name = connect(), sealed_name(order.workspace)
        try:
            match SessionAct(order.act):
                case SessionAct.START:
                    engine.start(name)
                case SessionAct.STOP:
                    with suppress(NotFound):
                        engine.stop(name)
                case SessionAct.ATTACH:
                    attach(name, self._settings.hub, "hub", engine)
                case SessionAct.REMOVE:
                    remove(name, engine)
                    drop_network(name, engine)
                case SessionAct.LOOK:
                    return _seen(engine, name)
        except ENGINE_ERRORS as error:
            raise EngineError(explain(error, self._settings.image)) from error
        return {}

    def _run(self, order: StartRun, output: Output, is_gone: IsGone) -> Answer:
        settings = self._settings
        plan = RunPlan(order.request, order.project, order.extract, order.image)
        container = run_container(plan, settings.layout, settings.image, settings.limits.runner)
        try:
            for mount in container.mounts:
                check_folder(settings.layout.root, mount.source)
            refused = _of_another_image(plan, settings.image)
            result = refused or run(container, settings.limits.runner.max_output_mb * MIB, output, is_gone)
        finally:
            self._drop(order.request)
        return {
            "status": str(result.status),
            "exit_code": result.exit_code,
            "seconds": result.seconds,
            "image": result.image,
            "message": None if result.message is None else result.message.to_dict(),
        }

    def _drop(self, request: str) -> None:
        layout = self._settings.layout
        drop_run_folder(layout.root, layout.run(request))
        drop_run_folder(layout.root, layout.run_imports(request))


def _of_another_image(plan: RunPlan, name: str) -> RunResult | None:
    """Why `plan` does not run in the image called `name`. Raises: EngineError."""
    found = image_digest(name, connect()) if plan.image else ""
    if found == plan.image:
        return None
    return RunResult(RunStatus.ENGINE_DOWN, None, b"", 0.0, found, other_image(found, plan.image))


def _seen(engine: docker.APIClient, name: str) -> Answer:
    """Whether the container is there, runs, how it ended, its address. The engine's own words hold host paths."""
    try:
        found: Mapping[str, Any] = engine.inspect_container(name)
    except NotFound:
        return {"there": False}
    state, network = found["State"], found["NetworkSettings"]["Networks"].get(name) or {}
    return {
        "there": True,
        "running": bool(state["Running"]),
        "exit_code": int(state["ExitCode"]),
        "finished_at": str(state["FinishedAt"]),
        "address": str(network.get("IPAddress") or ""),
    }
