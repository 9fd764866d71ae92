"""The door: what a person shows is held against directory, lockout and log. Knows nothing of JupyterHub."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from hub.directory.calls import BoundedCalls, BusyError
from hub.directory.ldap import WRONG
from hub.directory.model import Account
from hub.directory.servers import Answer, Directory
from hub.events.state import Enclave
from hub.policy.lockout import COUNTED, is_shut, keys_of, locks_due, locks_over
from hub.policy.model import PersonId
from hub.policy.people import PeoplePolicy
from hub.policy.verdict import Refusal
from hub.present import Present
from hub.words import say

_PERSON_ID: TypeAdapter[str] = TypeAdapter(PersonId)

UNKNOWN = Refusal("person.unknown", say("This person is not known to the enclave; an admin adds them first."))
# Said in the words of a wrong password: whether somebody is locked tells that they exist.
LOCKED = Refusal("login.locked", WRONG.reason)
NO_LOG = Refusal("log.unavailable", say("The event log cannot be read or written, so nothing opens; tell an operator."))
BUSY = Refusal("directory.busy", say("Too many people wait for the directory of user accounts; try again in a minute."))
# Directories answer in milliseconds; beyond these threads and this queue people are asked to come back.
_THREADS, _WAITING = 8, 64


@dataclass(frozen=True)
class Entrant:
    """A person of the enclave whose password is right."""

    name: str
    account: Account
    enclave: Enclave


class Door:
    """One per process, used from one event loop. Raises what the log raises: an act not written down is not done."""

    def __init__(self, present: Present, directory: Directory, policy: PeoplePolicy) -> None:
        self.present, self.policy = present, policy
        self._directory = directory
        self._running: Counter[str] = Counter()
        # a server that hangs is given up after four timeouts: connect, TLS, bind, search
        patience = 4 * directory.settings.seconds * len(directory.settings.servers) + 2
        self._calls = BoundedCalls(_THREADS, _WAITING, patience)

    async def password(self, name: str, password: str, address: str) -> Entrant | Refusal:
        """Who shows `password`. A refusal takes a whole number of the policy's seconds, whatever its reason."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        verdict = await self._password(name, password, address)
        if isinstance(verdict, Refusal):
            quantum = self.policy.lockout.refusal_seconds.value
            if quantum:
                await asyncio.sleep(quantum - (loop.time() - begun) % quantum)
        return verdict

    async def known(self, name: str) -> Enclave | Refusal:
        """The enclave now, when person and account are still there."""
        enclave = await asyncio.to_thread(self.present.enclave)
        if name not in enclave.persons:
            return UNKNOWN
        halted = enclave.stops.on_person(name)
        if halted is not None:
            return halted
        account = await self.account(name)
        return account if isinstance(account, Refusal) else enclave

    async def account(self, name: str) -> Account | Refusal:
        """What the directory says of `name` now."""
        return await self._ask(lambda: self._directory.find(name))

    async def refuse(self, name: str, address: str, refusal: Refusal) -> Refusal:
        """Write a refusal down, and the locks that follow from it."""
        # What was typed as a name may be a password, or an attack: only names of known persons are written down.
        body = {"rule": refusal.rule, "address": address}
        await asyncio.to_thread(self.present.tell, name or "unknown", "login.refused", "", body)
        if refusal.rule in COUNTED:
            enclave = await asyncio.to_thread(self.present.enclave)
            due = locks_due(enclave.attempts, keys_of(name, address), self.policy.lockout, self.present.now())
            for key, until in due.items():
                body = {"key": key, "until": until.isoformat()}
                await asyncio.to_thread(self.present.tell, name or "unknown", "login.locked", "", body)
        return refusal

    async def accept(self, name: str, address: str, rule: str) -> None:
        """Write down that a person came in."""
        await asyncio.to_thread(self.present.tell, name, "login.accepted", "", {"rule": rule, "address": address})

    async def _password(self, name: str, password: str, address: str) -> Entrant | Refusal:
        enclave = await asyncio.to_thread(self.present.enclave)
        known = name if name in enclave.persons else ""
        async with self.attempt(known, address) as is_shut:
            if is_shut:
                return await self.refuse(known, address, LOCKED)
            account = WRONG if not _is_a_name(name) else await self._ask(lambda: self._directory.verify(name, password))
            if isinstance(account, Refusal):
                return await self.refuse(known, address, account)
        halted = enclave.stops.on_person(known)
        if not known or halted is not None:
            return await self.refuse(known, address, halted or UNKNOWN)
        await self._training(name, account, enclave)
        body = {"address": address}
        await asyncio.to_thread(self.present.tell, name, "login.password_accepted", "", body)
        return Entrant(name, account, await asyncio.to_thread(self.present.enclave))

    async def _training(self, name: str, account: Account, enclave: Enclave) -> None:
        """Where the site's directory knows of a training that counts longer than the recorded one, it is recorded."""
        told, known = account.trained_until, enclave.persons[name].standing.trained_until
        if told is not None and (known is None or told > known):
            body = {"person": name, "until": told.isoformat()}
            await asyncio.to_thread(self.present.tell, "directory", "training.recorded", "", body)

    async def is_shut(self, name: str, address: str) -> bool:
        """Whether nothing that is shown counts now; locks that ended by time are written down on the way.

        It ends with a look that no `await` follows: who counts as running right after it cannot be overtaken.
        """
        attempts, keys = (await asyncio.to_thread(self.present.enclave)).attempts, keys_of(name, address)
        for key in locks_over(attempts, keys, self.present.now()):
            body = {"key": key, "rule": "lock.over"}
            await asyncio.to_thread(self.present.tell, "hub", "login.unlocked", "", body)
        attempts = (await asyncio.to_thread(self.present.enclave)).attempts
        return is_shut(attempts, keys, self.policy.lockout, self.present.now(), self._running)

    @asynccontextmanager
    async def attempt(self, name: str, address: str) -> AsyncIterator[bool]:
        """Around one attempt of a person who is known: whether the door is shut to it. Attempts at once are counted."""
        keys = keys_of(name, address)
        is_shut = await self.is_shut(name, address)
        self._running.update(keys)
        try:
            yield is_shut
        finally:
            self._running.subtract(keys)
            self._running += Counter()  # forgets the keys that nobody tries any more

    async def _ask(self, call: Callable[[], Answer]) -> Account | Refusal:
        try:
            answer = await self._calls.run(call)
        except BusyError:
            return BUSY
        for turn in answer.turns:
            kind = "directory.failed" if turn.rule else "directory.recovered"
            body = {"server": turn.server, "rule": turn.rule}
            await asyncio.to_thread(self.present.tell, "hub", kind, "", body)
        return answer.account


def _is_a_name(name: str) -> bool:
    try:
        _PERSON_ID.validate_python(name)
    except ValidationError:
        return False
    return True
