"""The step between the right password and a session: what is offered, what is answered, what is written down."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pyotp

from hub.door import Door, Entrant
from hub.events.state import Enclave
from hub.policy.factors import Ask, Enrol, Factor, FactorKind, Factors, NextStep, next_step
from hub.policy.verdict import Refusal
from hub.second_factor import app, key
from hub.second_factor.model import STALE, WRONG_CODE, App, Held, Key, Site
from hub.second_factor.pending import Pending, Pendings
from hub.second_factor.store import Store, StoreError
from hub.words import say

MAX_LABEL = 40

LOCKED = Refusal("login.locked", say("Too many failures; wait, or ask an operator to let you in again."))
_LOST = Refusal(
    "second_factor.lost",
    say("The hub cannot read your second factor any more; tell an operator, who can have it replaced."),
)


@dataclass(frozen=True)
class Offer:
    """What a page shows: codes are asked for, a key with `options` (JSON), or both; `secret` is for a new app."""

    pending: Pending
    code: bool
    options: str
    secret: str
    picture: str
    held: tuple[Factor, ...]


class SecondStep:
    """One per process, used from one event loop. Raises what log and store raise."""

    def __init__(self, door: Door, store: Store, pendings: Pendings, site: Site | None) -> None:
        self.door, self.pendings = door, pendings
        self._store, self._site = store, site
        self._enrolling = asyncio.Lock()

    async def after_password(self, entrant: Entrant) -> NextStep:
        """What is asked of somebody whose password is right."""
        return self._next(entrant.name, entrant.enclave)

    async def offer(self, pending: Pending) -> Offer | Refusal:
        """What the page shows; a new challenge each time, so that only the page shown last can be answered."""
        enclave, held = await self._held(pending.person)
        if isinstance(pending.step, Ask) and not held:
            return _LOST
        challenge, secret = secrets.token_bytes(32), ""
        if isinstance(pending.step, Enrol) and FactorKind.APP in pending.step.kinds:
            secret = pending.secret or pyotp.random_base32()
        pending = self.pendings.change(pending, challenge=challenge, secret=secret)
        listed = tuple(_factors(enclave, pending.person).held.values()) if pending.proof else ()
        picture = app.picture_of(app.address_of(secret, pending.person)) if secret else ""
        options = self._options(pending, [each for each in held if isinstance(each, Key)])
        return Offer(pending, FactorKind.APP in pending.step.kinds, options, secret, picture, listed)

    def _options(self, pending: Pending, keys: list[Key]) -> str:
        """What the browser asks a security key; "" where none is asked."""
        if self._site is None or FactorKind.KEY not in pending.step.kinds:
            return ""
        if isinstance(pending.step, Enrol):
            return key.creation_options(self._site, pending.person, pending.name, keys, pending.challenge)
        return key.request_options(self._site, keys, pending.challenge) if keys else ""

    async def answer(self, pending: Pending, form: Mapping[str, str], address: str) -> Pending | Refusal:
        """The pending login after what was shown; a refusal is written down, and counts."""
        challenge = self.pendings.take_challenge(pending)
        async with self.door.attempt(pending.person, address) as is_shut:
            verdict = LOCKED if is_shut else await self._answer(pending, form, challenge)
            if isinstance(verdict, Refusal):
                return await self.door.refuse(pending.person, address, verdict)
        return verdict

    async def remove(self, pending: Pending, identity: str) -> None:
        """Take away one of several second factors of a person who has just shown another one."""
        async with self._enrolling:
            factors = _factors(await self._enclave(), pending.person)
            if pending.proof and identity in factors.held and len(factors.held) > 1:
                await self._tell(pending.person, "factor.removed", {"id": identity})
                await asyncio.to_thread(self._store.keep_only, pending.person, frozenset(factors.held) - {identity})

    async def _answer(self, pending: Pending, form: Mapping[str, str], challenge: bytes) -> Pending | Refusal:
        try:
            if isinstance(pending.step, Ask):
                return await self._shown(pending, form, challenge)
            async with self._enrolling:
                return await self._enrolled(pending, form, challenge)
        except StoreError:
            return _LOST

    async def _shown(self, pending: Pending, form: Mapping[str, str], challenge: bytes) -> Pending | Refusal:
        """One of the person's second factors was shown, or not."""
        enrolled = frozenset(_factors(await self._enclave(), pending.person).held)
        now = self.door.present.now()

        def decide(held: tuple[Held, ...]) -> Held | Refusal:
            mine = [each for each in held if each.id in enrolled]
            if not form.get("answer"):
                return _by_code([each for each in mine if isinstance(each, App)], form.get("code", ""))
            if not challenge or self._site is None:
                return STALE
            return key.used(form["answer"], self._site, challenge, [each for each in mine if isinstance(each, Key)])

        def _by_code(apps: list[App], code: str) -> App | Refusal:
            for each in apps:
                step = app.verify(each.secret, code, now, each.last_step)
                if not isinstance(step, Refusal):
                    return replace(each, last_step=step)
            return WRONG_CODE

        verdict = await asyncio.to_thread(self._store.use, pending.person, decide)
        if isinstance(verdict, Refusal):
            return verdict
        proof = f"second_factor.{verdict.kind}"
        if not form.get("more"):
            return self.pendings.change(pending, proof=proof)
        kinds = frozenset(self.door.policy.second_factor.kinds) & self._works()
        return self.pendings.change(pending, proof=proof, step=Enrol(kinds))

    async def _enrolled(self, pending: Pending, form: Mapping[str, str], challenge: bytes) -> Pending | Refusal:
        """A new second factor was shown to work, and is kept."""
        enclave = await self._enclave()
        if not pending.proof and not isinstance(self._next(pending.person, enclave), Enrol):
            return STALE  # another browser enrolled meanwhile: whose that was is not for this one to overrule
        made = self._made(pending, form, challenge)
        if isinstance(made, Refusal):
            return made
        known = frozenset(_factors(enclave, pending.person).held)
        await asyncio.to_thread(self._store.keep_only, pending.person, known)
        await asyncio.to_thread(self._store.put, pending.person, made)
        label = "".join(char for char in form.get("label", "") if char.isprintable()).strip()[:MAX_LABEL]
        await self._tell(pending.person, "factor.enrolled", {"id": made.id, "kind": str(made.kind), "label": label})
        proof = pending.proof or f"second_factor.{made.kind}"
        return self.pendings.change(pending, proof=proof, secret="")

    def _made(self, pending: Pending, form: Mapping[str, str], challenge: bytes) -> Held | Refusal:
        identity = secrets.token_hex(8)
        if form.get("answer"):
            if not challenge or self._site is None or FactorKind.KEY not in pending.step.kinds:
                return STALE
            return key.created(form["answer"], self._site, challenge, identity)
        if not pending.secret:
            return STALE
        step = app.verify(pending.secret, form.get("code", ""), self.door.present.now(), 0)
        return step if isinstance(step, Refusal) else App(identity, pending.secret, step)

    def _works(self) -> frozenset[FactorKind]:
        return frozenset(FactorKind) if self._site else frozenset({FactorKind.APP})

    def _next(self, person: str, enclave: Enclave) -> NextStep:
        roles = {role for permit in enclave.projects_of(person) for role in permit.roles_of(person)}
        rule, now = self.door.policy.second_factor, self.door.present.now()
        return next_step(rule, roles, _factors(enclave, person), self._works(), now)

    async def _held(self, person: str) -> tuple[Enclave, tuple[Held, ...]]:
        enclave = await self._enclave()
        enrolled = _factors(enclave, person).held
        try:
            held = await asyncio.to_thread(self._store.held, person)
        except StoreError:
            held = ()
        return enclave, tuple(each for each in held if each.id in enrolled)

    async def _enclave(self) -> Enclave:
        return await asyncio.to_thread(self.door.present.enclave)

    async def _tell(self, person: str, kind: str, body: Mapping[str, str]) -> None:
        await asyncio.to_thread(self.door.present.tell, person, kind, "", body)


def _factors(enclave: Enclave, person: str) -> Factors:
    return enclave.factors.get(person, Factors())
