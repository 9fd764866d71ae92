"""The desk's pages of data sources: catalogues and their versions, who uses them, and registering one from a file, with
what it would change shown before.
"""

from __future__ import annotations

import hashlib

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from egress.airlock.situation import Situation
from egress.desk.part import Desk, DeskDoors, Part
from egress.pages.upload import Uploaded, Uploads
from egress.pages.visit import Visit
from hub.administration.acts import Acting, register_source
from hub.administration.catalogues import broken, differences
from hub.administration.plan import coarseness
from hub.catalogue.model import Catalogue
from hub.policy.files import PolicyFileError, parse_toml
from hub.policy.verdict import Refusal, RefusedError
from hub.words import Message, say

NAME = "sources"
_PATIENCE = 3600  # seconds to read what would change


def routes(desk: Desk, doors: DeskDoors) -> list[BaseRoute]:
    """All pages of sources."""
    pages = _Pages(desk)
    return [
        Route("/sources", doors.shown(pages.listing)),
        Route("/sources/{source}", doors.shown(pages.show)),
        Route("/catalogues/upload", doors.sent(Uploads(desk.bounds), pages.compare), methods=["POST"]),
        Route("/catalogues/register", doors.done(pages.register), methods=["POST"]),
    ]


class _Pages:
    """The handlers. A catalogue that was looked at travels in the form, signed, until it is registered."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._signer = URLSafeTimedSerializer(desk.login.key, salt="catalogue")

    def listing(self, visit: Visit, situation: Situation, problems: tuple[Message, ...] = ()) -> Response:
        """Every registered source, and the form that takes a catalogue."""
        running = situation.enclave.running(self._desk.clock().date())
        rows = [
            (
                catalogue,
                len(situation.papers.sources.get(name, ())),
                [permit.project for permit in running if permit.source == name],
            )
            for name, catalogue in sorted(situation.enclave.sources.items())
        ]
        return self._desk.page(visit, "sources.html", NAME, 422 if problems else 200, rows=rows, problems=problems)

    def show(self, visit: Visit, situation: Situation) -> Response:
        """One source: tables, columns, versions and what each changed, the permits that use it."""
        name = visit.request.path_params["source"]
        catalogue = situation.enclave.sources.get(name)
        if catalogue is None:
            raise RefusedError(Refusal("desk.source", say("No such data source is registered.")))
        versions = situation.papers.sources.get(name, ())
        changes = [
            (each, () if place == 0 else differences(versions[place - 1].catalogue, each.catalogue))
            for place, each in enumerate(versions)
        ]
        today = self._desk.clock().date()
        return self._desk.page(
            visit,
            "source.html",
            NAME,
            catalogue=catalogue,
            coarseness=coarseness,
            changes=list(reversed(changes)),
            permits=[
                (permit, permit in situation.enclave.running(today))
                for _, permit in sorted(situation.enclave.permits.items())
                if permit.source == name
            ],
        )

    def compare(self, visit: Visit, situation: Situation, sent: Uploaded) -> Response:
        """What a catalogue's file would change; nothing is registered yet."""
        if len(sent.files) != 1:
            return self.listing(visit, situation, (say("Choose one file."),))
        [(name, content)] = sent.files
        try:
            catalogue = parse_toml(content, name[:80], Catalogue)
        except PolicyFileError as error:
            return self.listing(visit, situation, error.messages)
        before = situation.enclave.sources.get(catalogue.source.name)
        found = differences(before, catalogue)
        if not found:
            why = say("{source} is registered already; nothing changed.", source=catalogue.source.name)
            return self.listing(visit, situation, (why,))
        looked_at = [catalogue.model_dump_json(exclude_none=True), _digest(before)]
        return self._desk.page(
            visit,
            "catalogue.html",
            NAME,
            catalogue=catalogue,
            new=before is None,
            differences=found,
            broken=broken(catalogue, self._desk.known(situation)),
            kept=self._signer.dumps(looked_at),
        )

    def register(self, visit: Visit, _situation: Situation) -> Response:
        """Register what was looked at, unless another was registered meanwhile."""
        try:
            text, before = self._signer.loads(visit.form.get("kept", ""), max_age=_PATIENCE)
        except BadSignature as error:
            why = say("This catalogue was looked at too long ago; send the file again.")
            raise RefusedError(Refusal("catalogue.stale", why)) from error
        catalogue = Catalogue.model_validate_json(text)
        self._desk.act(visit.person, lambda acting: _registered(acting, catalogue, before))
        return RedirectResponse(f"{self._desk.prefix}sources/{catalogue.source.name}", status_code=303)


def _registered(acting: Acting, catalogue: Catalogue, before: str) -> Refusal | None:
    now = acting.enclave.sources.get(catalogue.source.name)
    if now == catalogue:
        return None  # a second click
    if _digest(now) != before:
        why = say("Another catalogue of this source was registered meanwhile; send the file again.")
        return Refusal("catalogue.stale", why)
    register_source(acting, catalogue)
    return None


def _digest(catalogue: Catalogue | None) -> str:
    if catalogue is None:
        return ""
    return hashlib.sha256(catalogue.model_dump_json(exclude_none=True).encode()).hexdigest()


PART = Part(NAME, say("Data sources"), routes)
