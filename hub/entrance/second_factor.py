"""The page of the second factor: asked for, or enrolled; only behind it a session begins."""

from __future__ import annotations

import secrets
from typing import Any

from jupyterhub.handlers.base import BaseHandler
from markupsafe import Markup
from tornado import web
from tornado.httputil import url_concat

from hub.door import NO_LOG
from hub.entrance.language import AtTheDoor
from hub.entrance.second_step import LOCKED, Offer
from hub.policy.factors import Enrol
from hub.policy.verdict import Refusal
from hub.second_factor.model import STALE
from hub.second_factor.pending import Pending

COOKIE = "bulle-login"


class BetweenSteps(AtTheDoor):
    """Keeps, in a signed cookie that no script reads, which pending login is this browser's."""

    def remember(self: Any, pending: Pending) -> None:
        self._set_cookie(COOKIE, pending.id, path=self.hub.base_url, samesite="Strict", expires_days=None)

    def recall(self: Any) -> Pending | None:
        value = self.get_secure_cookie(COOKIE, max_age_days=1)
        return self.authenticator.second_step.pendings.find(value.decode("ascii", "replace")) if value else None

    def forget(self: Any, pending: Pending) -> None:
        self.authenticator.second_step.pendings.end(pending)
        self.clear_cookie(COOKIE, path=self.hub.base_url)

    async def let_in(self: Any, name: str, proof: str, *, only: bool = False) -> None:
        """Begin the session, and go where the person wanted to; `only` ends every other session of theirs."""
        user = await self.auth_to_user(await self.authenticator.let_in(name, self.request, proof))
        if only:
            user.orm_user.cookie_id = secrets.token_hex(16)
            for token in user.api_tokens:
                if token.session_id:  # of a browser; what servers hold stays
                    self.db.delete(token)
            self.db.commit()
        self.set_login_cookie(user)
        self._jupyterhub_user = user
        self.redirect(self.get_next_url(user))


class SecondFactorPage(BetweenSteps, BaseHandler):  # type: ignore[misc]  # published without types
    """Whoever comes here without a pending login is sent to the beginning."""

    async def get(self) -> None:
        pending = self.recall()
        if pending is None:
            self.redirect(self._here("login"))
            return
        await self._show(pending)

    async def post(self) -> None:
        pending = self.recall()
        if pending is None:
            await self._back_to_login(STALE)
            return
        try:
            await self._answered(pending)
        except web.HTTPError:
            raise
        except Exception:  # an act that cannot be written down is not done
            self.log.exception("could not write the second factor down")
            self.forget(pending)
            await self._back_to_login(NO_LOG, 503)

    async def _answered(self, pending: Pending) -> None:
        step = self.authenticator.second_step
        form = {name: self.get_body_argument(name, "") for name in ("code", "answer", "label", "more")}
        if pending.proof and self.get_body_argument("remove", ""):
            await step.remove(pending, self.get_body_argument("remove"))
            await self._show(pending)
            return
        # Whoever held this account before its first second factor, or before a recovery, need not be this person.
        only = isinstance(pending.step, Enrol) and not pending.proof
        if not (pending.proof and self.get_body_argument("finish", "")):
            verdict = await step.answer(pending, form, self.authenticator.address_of(self.request))
            if isinstance(verdict, Refusal):
                await self._refused(pending, verdict)
                return
            pending = verdict
            if isinstance(pending.step, Enrol) and form["more"]:
                self.redirect(self._here("second-factor"))
                return
        self.forget(pending)
        await self.let_in(pending.person, pending.proof, only=only)

    async def _refused(self, pending: Pending, refusal: Refusal) -> None:
        if refusal.rule in {LOCKED.rule, STALE.rule}:
            self.forget(pending)
            await self._back_to_login(refusal)
            return
        await self._show(pending, refusal)

    async def _show(self, pending: Pending, refusal: Refusal | None = None) -> None:
        offer = await self.authenticator.second_step.offer(pending)
        if isinstance(offer, Refusal):
            self.forget(pending)
            await self._back_to_login(offer)
            return
        self.set_status(403 if refusal else 200)
        template = "enrol.html" if isinstance(offer.pending.step, Enrol) else "second_factor.html"
        self.finish(
            await self.render_template(template, error=self.say(refusal) if refusal else "", **self._shown(offer))
        )

    def _shown(self, offer: Offer) -> dict[str, Any]:
        return {
            "action": self._here("second-factor"),
            "known_as": offer.pending.name,
            "proven": bool(offer.pending.proof),
            "code": offer.code,
            "options": offer.options,
            "secret": " ".join(offer.secret[at : at + 4] for at in range(0, len(offer.secret), 4)),
            "picture": Markup(offer.picture),  # noqa: S704 -- an SVG made here from a secret made here
            "held": [
                {"id": each.id, "kind": str(each.kind), "label": each.label, "day": each.at[:10]} for each in offer.held
            ],
        }

    async def _back_to_login(self, refusal: Refusal, status: int = 403) -> None:
        self.set_status(status)
        html = await self.render_template(
            "login.html",
            login_error=self.say(refusal),
            username="",
            authenticator_login_url=self._here("login"),
            lock=self.authenticator.people.lockout.person.value,
        )
        self.finish(html)

    def _here(self, page: str) -> str:
        wanted = self.get_argument("next", "")
        return str(url_concat(f"{self.hub.base_url}{page}", {"next": wanted} if wanted else {}))
