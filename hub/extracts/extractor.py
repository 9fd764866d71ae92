"""The extractor's conductor: asks for the grant, builds, and leaves an event whichever way it ends."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from hub.events.log import EventLog
from hub.events.state import Enclave, fold
from hub.extracts.build import Built, build
from hub.extracts.contradiction import PackError, PackInputError
from hub.extracts.plan import ExtractPlan, permit_digest, plan_extract
from hub.extracts.pseudonyms import project_key
from hub.policy.decide import may_build_extract
from hub.policy.files import Purposes
from hub.policy.verdict import Act, Grant, Refusal, RefusedError, require
from hub.words import Message, say


def plan_for(project: str, enclave: Enclave, purposes: Purposes) -> ExtractPlan | Refusal:
    """The plan of the extract that the project's permit gives, from the registered catalogue."""
    permit = enclave.permits.get(project)
    if permit is None:
        return Refusal("permit.missing", say("There is no permit for this project; nothing opens without one."))
    catalogue = enclave.sources.get(permit.source)
    if catalogue is None:
        return Refusal("source.unknown", say("The source {source} is not registered.", source=permit.source))
    return plan_extract(permit, catalogue, purposes)


@dataclass(frozen=True)
class Folders:
    """What the extractor's process may touch: sources to read, keys of its own, extracts to write."""

    sources: Path
    keys: Path
    extracts: Path


class Extractor:
    """Builds extracts of the enclave whose events are in `log`. `actor` and `channel` go into every event."""

    def __init__(self, log: EventLog, folders: Folders, purposes: Purposes, actor: str, channel: str) -> None:
        self._log = log
        self._folders = folders
        self._purposes = purposes
        self._actor = actor
        self._channel = channel

    def build(self, project: str, now: datetime) -> Built:
        """Build the project's extract from the permit in force.

        Raises: RefusedError, PackError, PackInputError; each has left `extract.refused` in the log.
        """
        enclave = fold(self._log.read())
        try:
            permit = enclave.permits.get(project)
            grant = require(may_build_extract(self._actor, permit, now.date(), enclave.stops))
            return self._build(grant, plan_for(project, enclave, self._purposes), now)
        except RefusedError as error:
            self._refused(project, error.refusal.rule, [error.refusal.reason])
            raise
        except PackError as error:
            self._refused(project, "extract.contradiction", [each.why for each in error.contradictions])
            raise
        except PackInputError as error:
            self._refused(project, "extract.input", error.messages)
            raise

    def _build(self, grant: Grant, plan: ExtractPlan | Refusal, now: datetime) -> Built:
        if isinstance(plan, Refusal):
            raise RefusedError(plan)
        if not grant.covers(Act.BUILD_EXTRACT, plan.project):
            raise RefusedError(Refusal("extract.no_grant", say("This grant does not build an extract.")))
        key = project_key(self._folders.keys / f"{plan.project}.key")
        extracts = self._folders.extracts / plan.project
        built = build(plan, self._folders.sources / plan.source, key, extracts, now)
        with self._log.transaction() as transaction:
            refusal = self._withdrawn(fold(transaction.read()), plan, transaction.now().date())
            if refusal is None:
                transaction.append(self._actor, "extract.built", plan.project, self._body(built, plan))
                return built
        # What is no longer granted must not appear.
        shutil.rmtree(extracts / built.folder)
        raise RefusedError(refusal)

    def _withdrawn(self, enclave: Enclave, plan: ExtractPlan, today: date) -> Refusal | None:
        """What came while the extract was built: a stop, or a newer permit."""
        permit = enclave.permits[plan.project]
        verdict = may_build_extract(self._actor, permit, today, enclave.stops)
        if isinstance(verdict, Refusal):
            return verdict
        if permit_digest(permit) != plan.permit_sha256:
            return Refusal("permit.replaced", say("The permit was replaced during the build; build again."))
        return None

    def _body(self, built: Built, plan: ExtractPlan) -> dict[str, object]:
        return {
            "folder": built.folder,
            "digest": built.sha256,
            "permit_sha256": plan.permit_sha256,
            "source": plan.source,
            "rows": {name: table.rows for name, table in built.manifest.tables.items()},
            "dp_lost_rows": {name: copy.lost_rows for name, copy in built.manifest.bounded.items()},
            "opted_out": built.opted_out,
            "channel": self._channel,
        }

    def _refused(self, project: str, rule: str, reasons: Iterable[Message]) -> None:
        body = {"rule": rule, "reasons": [reason.to_dict() for reason in reasons], "channel": self._channel}
        self._log.append(self._actor, "extract.refused", project, body)
