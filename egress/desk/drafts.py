"""The desk's pages of drafts: a form or a file becomes one, the plan is read, another administrator issues it."""

from __future__ import annotations

from datetime import date

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from egress.airlock.situation import Situation
from egress.desk.form import Typed, at_fields, of_permit, read
from egress.desk.part import Desk, DeskDoors
from egress.desk.wording import as_file, reason_of
from egress.pages.upload import Uploaded, Uploads
from egress.pages.visit import Visit
from egress.pages.wording import ROLES
from hub.administration.acts import draft, issue_draft, withdraw_draft
from hub.administration.against import against
from hub.administration.papers import FATES, Draft, Fate
from hub.administration.plan import coarseness, plan
from hub.administration.written import permit_toml
from hub.policy.files import PolicyFileError, parse_toml
from hub.policy.model import DataPermit, Role
from hub.policy.verdict import Refusal, RefusedError
from hub.words import Message, say

NAME = "permits"


def routes(desk: Desk, doors: DeskDoors) -> list[BaseRoute]:
    """All pages of drafts. No draft is called as one of the first four: each has its project's name and a number."""
    pages = _Pages(desk)
    return [
        Route("/drafts/new", doors.shown(pages.begin), methods=["GET"]),
        Route("/drafts/form", doors.shown(pages.form), methods=["GET"]),
        Route("/drafts/form", doors.done(pages.typed), methods=["POST"]),
        Route("/drafts/upload", doors.sent(Uploads(desk.bounds), pages.uploaded), methods=["POST"]),
        Route("/drafts/{draft}", doors.shown(pages.show)),
        Route("/drafts/{draft}/file", doors.shown(pages.file)),
        Route("/drafts/{draft}/issue", doors.done(pages.issue), methods=["POST"]),
        Route("/drafts/{draft}/withdraw", doors.done(pages.withdraw), methods=["POST"]),
    ]


class _Pages:
    """The handlers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def begin(self, visit: Visit, situation: Situation, problems: tuple[Message, ...] = ()) -> Response:
        """Which source, and a file in place of the form."""
        sources = [catalogue.source for _, catalogue in sorted(situation.enclave.sources.items())]
        status = 422 if problems else 200
        return self._desk.page(visit, "draft_new.html", NAME, status, sources=sources, problems=problems)

    def form(self, visit: Visit, situation: Situation) -> Response:
        """The form: blank for a source, or as a project's permit or an open draft has it."""
        asked = visit.request.query_params
        found = situation.papers.drafts.get(asked.get("draft", ""))
        permit = found.permit if found else situation.enclave.permits.get(asked.get("project", ""))
        if permit is not None:
            errors = at_fields(against(permit, self._desk.known(situation))) if found else {}
            return self._form(visit, situation, of_permit(permit).with_errors(errors))
        source = situation.enclave.sources.get(asked.get("source", ""))
        if source is None:
            return self.begin(visit, situation)
        blank = {"source": source.source.name, "rules": source.source.rules or "", "rho": "0"}
        return self._form(visit, situation, Typed({**blank, "valid_from": self._today.isoformat()}))

    def typed(self, visit: Visit, situation: Situation) -> Response:
        """A form that was sent: more rows, or a draft; what cannot be read comes back as it was typed."""
        permit, typed = read(visit.form)
        if visit.form.get("step") == "more":
            return self._form(visit, situation, Typed(typed.fields), more=True)
        if permit is None:
            return self._form(visit, situation, typed, 422)
        return self._kept(visit, situation, permit, typed)

    def uploaded(self, visit: Visit, situation: Situation, sent: Uploaded) -> Response:
        """A permit's file becomes a draft."""
        if len(sent.files) != 1:
            return self.begin(visit, situation, (say("Choose one file."),))
        [(name, content)] = sent.files
        try:
            permit = parse_toml(content, name[:80], DataPermit)
        except PolicyFileError as error:
            return self.begin(visit, situation, error.messages)
        return self._kept(visit, situation, permit, of_permit(permit))

    def show(self, visit: Visit, situation: Situation) -> Response:
        """What would follow from the draft, and the way to issue it."""
        return self._show(visit, situation, self._draft(visit, situation))

    def file(self, visit: Visit, situation: Situation) -> Response:
        """The draft as TOML."""
        found = self._draft(visit, situation)
        return as_file(permit_toml(found.permit), found.id)

    def issue(self, visit: Visit, situation: Situation) -> Response:
        """Issue it, once; who drafted it may not where the policy asks for a second administrator."""
        found, second = self._draft(visit, situation), self._desk.policy.second_administrator.value
        self._desk.act(
            visit.person,
            lambda acting: issue_draft(acting, found.id, self._desk.known_at(acting.enclave), second=second),
        )
        return RedirectResponse(f"{self._desk.prefix}permits/{found.permit.project}", status_code=303)

    def withdraw(self, visit: Visit, situation: Situation) -> Response:
        """Take it back, or turn it down, with its reason."""
        found, why = self._draft(visit, situation), reason_of(visit)
        if isinstance(why, Refusal):
            return self._show(visit, situation, found, why)
        self._desk.act(visit.person, lambda acting: withdraw_draft(acting, found.id, why))
        return RedirectResponse(f"{self._desk.prefix}permits", status_code=303)

    @property
    def _today(self) -> date:
        return self._desk.clock().date()

    def _draft(self, visit: Visit, situation: Situation) -> Draft:
        found = situation.papers.drafts.get(visit.request.path_params["draft"])
        if found is None:
            raise RefusedError(Refusal("draft.unknown", say("There is no such draft.")))
        return found

    def _kept(self, visit: Visit, situation: Situation, permit: DataPermit, typed: Typed) -> Response:
        try:
            identity = self._desk.act(visit.person, lambda acting: draft(acting, permit))
        except RefusedError as error:
            if error.refusal.rule not in {"draft.same", "permit.own"}:
                raise
            return self._form(visit, situation, typed.with_errors(at_fields((error.refusal,))), 422)
        return RedirectResponse(f"{self._desk.prefix}drafts/{identity}", status_code=303)

    def _show(self, visit: Visit, situation: Situation, found: Draft, problem: Refusal | None = None) -> Response:
        known, second = self._desk.known(situation), self._desk.policy.second_administrator.value
        return self._desk.page(
            visit,
            "draft.html",
            NAME,
            422 if problem else 200,
            draft=found,
            plan=plan(found.permit, known),
            fate=FATES[found.fate],
            open=found.fate is Fate.OPEN,
            own=second and found.by == visit.person,
            stale=found.base != situation.papers.current(found.permit.project),
            roles=ROLES,
            problem=problem,
            why=visit.form.get("why", ""),
        )

    def _form(
        self, visit: Visit, situation: Situation, typed: Typed, status: int = 200, *, more: bool = False
    ) -> Response:
        known, project = self._desk.known(situation), typed.get("project")
        return self._desk.page(
            visit,
            "draft_form.html",
            NAME,
            status,
            typed=typed,
            rows=typed.rows(more=more),
            catalogue=situation.enclave.sources.get(typed.get("source")),
            coarseness=coarseness,
            purposes=known.purposes.purposes,
            rules=known.rules,
            people=sorted(situation.enclave.persons.values(), key=lambda person: person.id),
            every_role=[(role, ROLES[role]) for role in Role],
            next=project in situation.enclave.permits,
        )
