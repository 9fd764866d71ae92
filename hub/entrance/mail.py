"""Whether a person is told of news by e-mail, and in which language: their own choice, on a page of the hub."""

from __future__ import annotations

import asyncio

from jupyterhub.handlers.base import BaseHandler
from tornado import web

from hub.door import NO_LOG
from hub.entrance.language import AtTheDoor
from hub.language import LANGUAGES
from hub.mailbox import Mailbox, Mailboxes
from hub.policy.verdict import Refusal
from hub.words import say

_NO_CHOICE = Refusal("mail.no_choice", say("Choose one of the answers on the page."))


class MailPage(AtTheDoor, BaseHandler):  # type: ignore[misc]  # published without types
    """The address is the directory's and changed there; all else is the person's to say."""

    @web.authenticated
    async def get(self) -> None:
        await self._show(self._boxes())

    @web.authenticated
    async def post(self) -> None:
        boxes, person = self._boxes(), self.current_user.name
        wanted, language = self.get_body_argument("wanted", ""), self.get_body_argument("language", "")
        if wanted not in {"yes", "no"} or language not in {"", *LANGUAGES}:
            await self._show(boxes, _NO_CHOICE)
            return
        body = {"wanted": wanted == "yes"}
        try:
            await asyncio.to_thread(self.authenticator.present.tell, person, "mail.chosen", "", body)
            await asyncio.to_thread(boxes.choose, person, language, wanted=wanted == "yes")
        except Exception:  # a choice that cannot be written down was not made
            self.log.exception("could not keep what %s chose", person)
            await self._show(boxes, NO_LOG)
            return
        self.redirect(f"{self.hub.base_url}mail?kept=yes")

    def _boxes(self) -> Mailboxes:
        boxes: Mailboxes | None = self.authenticator.mailboxes
        if boxes is None:
            raise web.HTTPError(404)
        return boxes

    async def _show(self, boxes: Mailboxes, refusal: Refusal | None = None) -> None:
        box = await asyncio.to_thread(boxes.of, self.current_user.name) or Mailbox()
        self.set_status(403 if refusal else 200)
        error, kept = self.say(refusal) if refusal else "", self.get_query_argument("kept", "") == "yes"
        self.finish(await self.render_template("mail.html", box=box, error=error, kept=kept))
