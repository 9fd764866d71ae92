"""Pages of what is brought in: asking for it, what a scan found, deciding on it, taking it back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import RedirectResponse, Response

from egress.airlock.import_desk import ImportDesk, sees, unknown_import
from egress.airlock.situation import Situation
from egress.imports.guards import MOST_TITLE, MOST_WHY, Asking, can_decide, can_withdraw
from egress.imports.model import ImportRequest
from egress.imports.status import ImportStatus
from egress.pages.upload import Uploaded
from egress.pages.visit import Visit
from egress.release.model import FrozenFile
from egress.scan.kinds import READABLE, WORDS, text_of
from egress.scan.model import Looked, Scanned
from egress.store.arrivals import Arrivals
from egress.store.quarantine import QuarantineError
from egress.web import wording
from egress.web.history import import_steps
from egress.web.visit import Renderer, roles_of
from hub.policy.decide import may_ask_import
from hub.policy.model import DataPermit
from hub.policy.verdict import Grant, Refusal, RefusedError, require
from hub.words import Message

_MOST_SHOWN = 60_000  # characters of one file on a page
_MOST_MEMBERS = 200
# Refusals that a corrected form can undo come back on the page; who may not ask at all reads it on a page of its own.
_MENDED = frozenset({"title", "why", "origin", "no_file", "files", "name", "name_twice", "empty", "file_size", "size"})


@dataclass(frozen=True)
class FileView:
    """One file as the page shows it: what the scan says of it, and its text for who decides."""

    file: FrozenFile
    looked: Looked | None
    kind: Message | None
    text: str | None
    cut: bool


@dataclass(frozen=True)
class ImportPages:
    """Handlers; each asks the desk, which knows who may see and do what."""

    desk: ImportDesk
    arrivals: Arrivals
    render: Renderer

    def listing(self, visit: Visit) -> Response:
        """What waits for this person's decision, what their projects brought in, and the form to ask."""
        return self._page(visit)

    def ask(self, visit: Visit, uploaded: Uploaded) -> Response:
        """Keep what was uploaded and ask for it; a form that can be mended comes back as it was typed."""
        form = {name: value.strip() for name, value in uploaded.form.items()}
        files = tuple(FrozenFile(name, hashlib.sha256(each).hexdigest(), len(each)) for name, each in uploaded.files)
        asking = Asking(form.get("title", ""), form.get("why", ""), form.get("origin", ""), files)
        try:
            found = self.desk.ask(form.get("project", ""), visit.person, asking, lambda: self._keep(uploaded))
        except RefusedError as error:
            if error.refusal.rule.removeprefix("import.") not in _MENDED:
                raise
            return self._page(visit, error.refusal.reason, form)
        return RedirectResponse(f"{self.render.prefix}imports/{found.id}", status_code=303)

    def not_taken(self, person: str, refusal: Refusal) -> None:
        """An upload was not read to its end: it is noted where a rule of imports says so."""
        if refusal.rule.startswith("import."):
            self.desk.not_taken("", person, refusal)

    def _keep(self, uploaded: Uploaded) -> None:
        for _, content in uploaded.files:
            self.arrivals.put(content)

    def show(self, visit: Visit) -> Response:
        """One import. Who may decide also reads the files."""
        return self._show(visit, self.desk.show(visit.request.path_params["identity"], visit.person))

    def decide(self, visit: Visit) -> Response:
        """Approve or reject."""
        identity = visit.request.path_params["identity"]
        choice, seen = visit.form.get("choice"), visit.form.get("report")
        comment = visit.form.get("comment", "")
        return self._acted(
            visit, lambda: self.desk.decide(identity, visit.person, seen, approve=choice == "approve", comment=comment)
        )

    def fetch(self, visit: Visit) -> Response:
        """One file as it was uploaded, for who decides on it: archives are read with a person's own tools."""
        found = self.desk.show(visit.request.path_params["identity"], visit.person)
        require(self._deciding(found, visit.person, self.desk.look()))
        place = visit.request.path_params["place"]
        numbered = {str(number): file for number, file in enumerate(found.files, start=1)}
        if place not in numbered:
            raise RefusedError(unknown_import(found.id))
        file = numbered[place]
        # A file's name is checked where it is asked for: nothing in it can end the header.
        headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
        return Response(self.desk.quarantine.get(file.sha256), media_type="application/octet-stream", headers=headers)

    def withdraw(self, visit: Visit) -> Response:
        """Take it back."""
        identity = visit.request.path_params["identity"]
        return self._acted(visit, lambda: self.desk.withdraw(identity, visit.person, visit.form.get("why", "")))

    def _acted(self, visit: Visit, act: Callable[[], None]) -> Response:
        identity = visit.request.path_params["identity"]
        try:
            act()
        except RefusedError as error:
            if error.refusal.rule != "import.comment":
                raise
            return self._show(visit, self.desk.show(identity, visit.person), error.refusal.reason)
        return RedirectResponse(f"{self.render.prefix}imports/{identity}", status_code=303)

    def _page(self, visit: Visit, problem: Message | None = None, typed: dict[str, str] | None = None) -> Response:
        situation = self.desk.look()
        seen = [each for each in reversed([*situation.imports.values()]) if sees(situation, visit.person, each.project)]
        todo = [each for each in seen if isinstance(self._deciding(each, visit.person, situation), Grant)]
        return self.render.page(
            visit,
            "imports.html",
            roles_of(situation, visit.person),
            status=200 if problem is None else 422,
            section="imports",
            todo=list(reversed(todo)),
            others=[each for each in seen if each not in todo],
            projects=self._asking(visit.person, situation),
            limits=self.desk.limits,
            most_title=MOST_TITLE,
            most_why=MOST_WHY,
            problem=problem,
            typed=typed or {},
            wording=wording,
        )

    def _show(self, visit: Visit, found: ImportRequest, problem: Message | None = None) -> Response:
        situation = self.desk.look()
        scanned = self.desk.report(found)
        deciding = self._deciding(found, visit.person, situation)
        person, permit = situation.person(visit.person), situation.permit(found.project)
        reads = isinstance(deciding, Grant)
        return self.render.page(
            visit,
            "import.html",
            roles_of(situation, visit.person),
            status=200 if problem is None else 422,
            section="imports",
            found=found,
            steps=import_steps(found),
            files=[self._file(file, scanned, reads=reads) for file in found.files],
            kinds=WORDS,
            most_members=_MOST_MEMBERS,
            may_decide=reads,
            may_withdraw=isinstance(can_withdraw(found, person, permit, situation.stops), Grant),
            placed=found.status is ImportStatus.PLACED,
            problem=problem,
            typed=visit.form,
            most_why=MOST_WHY,
            wording=wording,
        )

    def _file(self, file: FrozenFile, scanned: Scanned | None, *, reads: bool) -> FileView:
        looked = next((each for each in scanned.files if each.name == file.name), None) if scanned else None
        text = self._text(file) if reads and looked is not None and looked.kind in READABLE else None
        shown = None if text is None else text[:_MOST_SHOWN]
        return FileView(file, looked, None if looked is None else WORDS[looked.kind], shown, shown != text)

    def _text(self, file: FrozenFile) -> str | None:
        """Hostile text, shown as text. Nothing is parsed for it."""
        try:
            return text_of(self.desk.quarantine.get(file.sha256))
        except QuarantineError:
            return None

    def _deciding(self, found: ImportRequest, person: str, situation: Situation) -> Grant | Refusal:
        permit, today = situation.permit(found.project), self.desk.clock().date()
        return can_decide(found, found.report, situation.person(person), permit, today, situation.stops)

    def _asking(self, person: str, situation: Situation) -> list[DataPermit]:
        """The projects for which this person may ask now."""
        today, known = self.desk.clock().date(), situation.person(person)
        return [
            permit
            for permit in situation.enclave.projects_of(person)
            if isinstance(may_ask_import(known, permit, self.desk.rules_of(permit), today, situation.stops), Grant)
        ]
