"""The launcher's edge: hears orders on its socket, refuses what has not their shape, and says so in the event log.

It writes those events itself. Who is refused here is a service that is broken or taken over: such a caller would not
report itself, and nothing that it could say is part of the event.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hub.container import SERVICE_GROUP
from hub.events.log import EventLog
from hub.launcher.acts import Launcher
from hub.launcher.engine import EngineError
from hub.launcher.folders import LinkError
from hub.launcher.quota import QuotaError
from hub.launcher.shape import Caller, Order, may_ask, read_order
from hub.policy.verdict import Refusal
from hub.wire import ANSWER, MAX_CHUNK, OUTPUT, Line, Listener, Quiet
from hub.words import Message, say

LOG = logging.getLogger("bulle.launcher")
_FOLDERS = say("A folder that this needs is missing or cannot be made on this machine; an operator must look.")
_INTERNAL = say("The launcher could not do it for an internal error; an operator must look at its log.")
_NO_MESSAGE = Refusal("launcher.message", say("This is no message that the launcher takes."))
_LINK = Refusal("launcher.link", say("Where a folder has to be, a link or something else stands; nothing is mounted."))

Tell = Callable[[str, str, Mapping[str, Any]], None]


class Service:
    """Answers one question at a time per thread. `callers` says which user ids are which process."""

    def __init__(self, launcher: Launcher, callers: Mapping[int, Caller], tell: Tell) -> None:
        self._launcher = launcher
        self._callers = callers
        self._tell = tell
        self._quiet = Quiet()

    def answer(self, line: Line, user: int, question: bytes | None) -> None:
        """Send the answer to `question`, asked by a process of `user`."""
        caller = self._callers.get(user)
        order = _NO_MESSAGE if question is None else read_order(question)
        refusal = order if isinstance(order, Refusal) else may_ask(caller, order)
        if refusal is None and not isinstance(order, Refusal):
            answer = self._carried_out(order, str(caller), line)
        else:
            answer = self._refused(refusal or _NO_MESSAGE, str(caller or f"user {user}"), "")
        line.send(ANSWER, json.dumps(answer).encode())

    def _carried_out(self, order: Order, caller: str, line: Line) -> dict[str, Any]:
        def output(chunk: bytes) -> None:
            for begin in range(0, len(chunk), MAX_CHUNK):
                line.send(OUTPUT, chunk[begin : begin + MAX_CHUNK])

        try:
            return {"done": self._launcher.carry_out(order, output, lambda: line.is_gone)}
        except EngineError as error:
            LOG.warning("%s for %s: %s", order.act, caller, error.__cause__ or error)
            return _failed(error.message)
        except LinkError:
            return self._refused(_LINK, caller, order.project)
        except QuotaError as error:
            return self._refused(error.refusal, caller, order.project)
        except OSError as error:
            LOG.warning("%s for %s: %s", order.act, caller, error)
            return _failed(_FOLDERS)
        except Exception:
            LOG.exception("%s for %s", order.act, caller)
            return _failed(_INTERNAL)

    def _refused(self, refusal: Refusal, caller: str, project: str) -> dict[str, Any]:
        body = {"rule": refusal.rule, "reason": refusal.reason.to_dict()}
        LOG.warning("refused %s: %s", caller, refusal.rule)
        if self._quiet.is_news(caller, refusal.rule):
            try:
                self._tell(caller, project, body)
            except Exception:  # it stays refused
                LOG.exception("could not write the refusal down")
        return {"refused": body}


def _failed(message: Message) -> dict[str, Any]:
    return {"failed": message.to_dict()}


def listen(path: Path, service: Service) -> Listener:
    """The launcher's socket at `path`, for root and the services' group."""
    return Listener(path, SERVICE_GROUP, service.answer)


def teller(log: EventLog) -> Tell:
    """Writes refusals into `log`."""

    def tell(caller: str, project: str, body: Mapping[str, Any]) -> None:
        log.append(caller, "launcher.refused", project, body)

    return tell
