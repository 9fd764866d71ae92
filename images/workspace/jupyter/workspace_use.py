"""When a workspace was last used, as its server reports it to the hub (hub/idle.py says what follows)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jupyter_server.serverapp import ServerWebApplication

if TYPE_CHECKING:
    from collections.abc import Callable

_asked: Callable[[ServerWebApplication], datetime] = ServerWebApplication.last_activity


def last_used(application: ServerWebApplication) -> datetime:
    """Now while a kernel computes, of which the server hears nothing until it is done; else when it was last asked."""
    kernels = application.settings["kernel_manager"].list_kernels()
    if any(kernel["execution_state"] == "busy" for kernel in kernels):
        return datetime.now(UTC)
    return _asked(application)
