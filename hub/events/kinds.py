"""Every kind of event, with what it tells. The log refuses a kind that does not stand here."""

from __future__ import annotations

from types import MappingProxyType

KINDS = MappingProxyType(
    {
        "person.added": "a person became known to the enclave",
        "people.required": "what people must have signed and learnt came into force, as the policies say it",
        "undertaking.signed": "a person signed a version of an undertaking, by its digest",
        "training.recorded": "a person's training was recorded, and until when it counts",
        "factor.enrolled": "a person enrolled a second factor; what verifies it stands in the hub's store",
        "factor.removed": "a person took one of their second factors away",
        "factor.recovery_asked": "an operator asked that a person may enrol a second factor again, and why",
        "factor.recovery_confirmed": "a second operator agreed: the person's second factors end, and they enrol again",
        "source.registered": "a data source's catalogue was registered",
        "permit.issued": "a permit was issued, or replaced by a new version",
        "extract.built": "an extract was built from a permit",
        "extract.refused": "an extract could not be built, and why",
        "login.accepted": "a person logged in",
        "login.password_accepted": "a password was right, and a second factor is awaited",
        "login.refused": "a login was refused, by which rule, and from which address",
        "login.locked": "after too many failures a person or an address was locked out, and until when",
        "login.unlocked": "a lock ended, by time or by an operator",
        "directory.failed": "a server of the directory does not answer, or cannot prove who it is; others are asked",
        "directory.recovered": "a server of the directory answers again",
        "session.started": "a workspace was opened",
        "session.refused": "a workspace was not opened, and by which rule",
        "session.stopped": "a workspace was closed",
        "launcher.refused": "a process asked the launcher for what it does not start, and by which rule it was refused",
        "request.submitted": "a release request was frozen by digest",
        "request.refused_entry": "a submission did not become a request, and why",
        "request.rerun": "a request's notebook was re-run in the sealed runner, and how it ended",
        "request.checked": "a request's outputs were checked, with the outcome of each",
        "request.rechecked": "checks were repeated because tables were released meanwhile, and whether they changed",
        "request.refused": "a request went back to its author with machine reasons",
        "request.withdrawn": "the author withdrew the request",
        "review.given": "an output checker voted on a request's outputs",
        "review.refused": "a vote was refused, and by which rule",
        "request.decided": "the reviews were combined into a decision",
        "request.released": "a release package was sealed and put into exports",
        "request.failed": "a step of the egress service failed; the request waits where it was",
        "package.downloaded": "a release package was fetched",
        "package.download_refused": "a download was refused, and by which rule",
        "privacy.reserved": "rho was reserved before noise was drawn",
        "privacy.released": "a DP release was made from a reservation",
        "privacy.lapsed": "a reservation ended without a release; what it reserved stays spent",
        "privacy.refused": "a DP release was refused, and by which rule",
        "budget.exported": "somebody who answers for a source took the statement of its privacy budget away",
    }
)
