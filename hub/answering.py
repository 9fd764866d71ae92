"""An alarm is answered: who looked into it, and what they found; the desk and the command line do the same."""

from __future__ import annotations

from hub.administration.acts import Acting
from hub.alarms import Alarm, alarms, body_of
from hub.policy.administrators import may_administer
from hub.policy.reason import reason
from hub.policy.verdict import Refusal, RefusedError, require
from hub.words import say


def answer_alarm(acting: Acting, identity: str, why: str) -> Alarm:
    """Say what was found behind the alarm called `identity` (`hub.alarms.Kind.id`). Raises: RefusedError."""
    require(may_administer(acting.person, acting.today, acting.enclave.stops))
    found = {each.kind.id: each for each in alarms(acting.transaction.read(kinds="alarm.")).values()}.get(identity)
    if found is None:
        why_not = say("There is no alarm called {alarm}; bulle alarm list shows them.", alarm=identity[:200])
        raise RefusedError(Refusal("alarm.unknown", why_not))
    if found.kind.person == acting.actor:
        raise RefusedError(Refusal("alarm.own", say("This alarm is about what you tried; somebody else answers it.")))
    if found.answer is not None:
        raise RefusedError(Refusal("alarm.answered", say("This alarm was answered already; nothing was changed.")))
    said = reason(why)
    if isinstance(said, Refusal):
        raise RefusedError(said)
    acting.append("alarm.answered", found.kind.project, **body_of(found.kind, found.times), why=said)
    return found
