"""What people sign before anything opens: read on a page, signed with one click, kept as an event."""

from __future__ import annotations

import asyncio

from jupyterhub.handlers.base import BaseHandler
from tornado import web

from hub.door import NO_LOG
from hub.entrance.language import AtTheDoor
from hub.events.state import Enclave
from hub.policy.decide import may_sign
from hub.policy.standing import unsigned
from hub.policy.undertakings import Undertaking
from hub.policy.verdict import Refusal
from hub.words import say

_NOT_READ = Refusal("undertaking.not_agreed", say("Tick the box under the text that you have read, then sign."))


class UndertakingsPage(AtTheDoor, BaseHandler):  # type: ignore[misc]  # published without types
    """The texts without a signature of this person that counts, one after the other."""

    @web.authenticated
    async def get(self) -> None:
        await self._show()

    @web.authenticated
    async def post(self) -> None:
        name, digest = self.get_body_argument("name", ""), self.get_body_argument("digest", "")
        if self.get_body_argument("agree", "") != "yes":
            await self._show(_NOT_READ)
            return
        person, present = self.current_user.name, self.authenticator.present
        enclave = await asyncio.to_thread(present.enclave)
        verdict = may_sign(enclave.persons.get(person), name, digest)
        text = next((each for each in self.authenticator.undertakings if each.digest == digest), None)
        if isinstance(verdict, Refusal) or text is None:
            await self._show(verdict if isinstance(verdict, Refusal) else None)
            return
        body = {"name": name, "version": text.version, "digest": digest, "language": self.language}
        try:
            await asyncio.to_thread(present.tell, person, "undertaking.signed", "", body)
        except Exception:  # a signature that cannot be written down was not given
            self.log.exception("could not write the signature down")
            await self._show(NO_LOG)
            return
        await self.refresh_auth(self.current_user, force=True)  # what it opens is open from now on
        left = self._unsigned(await asyncio.to_thread(present.enclave))
        self.redirect(f"{self.hub.base_url}undertakings" if left else f"{self.hub.base_url}home")

    async def _show(self, refusal: Refusal | None = None) -> None:
        texts = self._unsigned(await asyncio.to_thread(self.authenticator.present.enclave))
        shown = [
            {
                "name": each.name,
                "digest": each.digest,
                "version": each.version,
                "title": each.title.model_dump()[self.language],
                "paragraphs": each.text.model_dump()[self.language].split("\n\n"),
                "valid_days": each.valid_days,
            }
            for each in texts
        ]
        self.set_status(403 if refusal else 200)
        error = self.say(refusal) if refusal else ""
        self.finish(await self.render_template("undertakings.html", texts=shown, error=error))

    def _unsigned(self, enclave: Enclave) -> list[Undertaking]:
        person = enclave.persons.get(self.current_user.name)
        if person is None:
            return []
        missing = {each.digest for each in unsigned(person.standing, self.authenticator.present.now().date())}
        return [each for each in self.authenticator.undertakings if each.digest in missing]
