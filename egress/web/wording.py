"""How pages say things: statuses, outcomes, kinds and times in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from egress.checks.model import Assurance, Outcome, Protection, Risk
from egress.checks.statbarns import NoFamily, Statbarn
from egress.imports.status import ImportStatus
from egress.imports.words import STATUS_WORDS
from egress.outputs.model import Kind
from egress.release.ledger import Fate
from egress.release.novelty import Novelty
from egress.release.review import Choice, Criterion
from egress.release.status import Owner, Status
from hub.policy.breakglass import Emergency
from hub.policy.model import Role
from hub.words import Message, say

STATUS = MappingProxyType(
    {
        Status.SUBMITTED: say("Waiting for its re-run"),
        Status.RERUN: say("Re-run done, waiting for the checks"),
        Status.CHECKED: say("Checked"),
        Status.REFUSED: say("Refused by the checks"),
        Status.IN_REVIEW: say("Waiting for an output checker"),
        Status.CONSOLIDATING: say("Reviews differ, checkers read each other"),
        Status.RETURNED: say("Returned to its author"),
        Status.AWAITS_APPROVAL: say("Waiting for somebody who must agree"),
        Status.APPROVED: say("Decided, package being made"),
        Status.REJECTED: say("Rejected by the output checker"),
        Status.RELEASED: say("Released, ready to fetch"),
        Status.DOWNLOADED: say("Fetched"),
        Status.APPEALED: say("Appealed, waiting for other checkers"),
        Status.RECALLED: say("Recalled"),
        Status.EXPIRED: say("Expired"),
        Status.WITHDRAWN: say("Withdrawn"),
    }
)
# What each status is called once it is behind the request, in the list of its steps.
STEP = MappingProxyType(
    {
        Status.SUBMITTED: say("Submitted and frozen"),
        Status.RERUN: say("Re-run in the sealed runner"),
        Status.CHECKED: say("Recomputed and checked"),
        Status.REFUSED: say("Refused by the checks"),
        Status.IN_REVIEW: say("Given to output checkers"),
        Status.CONSOLIDATING: say("Reviewed, with differences"),
        Status.RETURNED: say("Returned to its author"),
        Status.AWAITS_APPROVAL: say("Decided by its checkers"),
        Status.APPROVED: say("Decided"),
        Status.REJECTED: say("Rejected"),
        Status.RELEASED: say("Package sealed"),
        Status.DOWNLOADED: say("Package fetched"),
        Status.APPEALED: say("Appealed by its author"),
        Status.RECALLED: say("Recalled"),
        Status.EXPIRED: say("Expired"),
        Status.WITHDRAWN: say("Withdrawn by its author"),
    }
)
# Imports: where one stands, and the same once it is behind it.
IMPORT_STATUS = STATUS_WORDS
IMPORT_STEP = MappingProxyType(
    {
        ImportStatus.ASKED: say("Uploaded"),
        ImportStatus.FROZEN: say("Frozen in quarantine"),
        ImportStatus.REFUSED: say("Refused by the scan"),
        ImportStatus.IN_REVIEW: say("Looked into"),
        ImportStatus.REJECTED: say("Rejected"),
        ImportStatus.APPROVED: say("Approved"),
        ImportStatus.PLACED: say("Laid into the project"),
        ImportStatus.WITHDRAWN: say("Withdrawn"),
        ImportStatus.REMOVED: say("Taken away"),
    }
)
IMPORT_TONE = MappingProxyType(
    {
        ImportStatus.REFUSED: "refused",
        ImportStatus.REJECTED: "refused",
        ImportStatus.IN_REVIEW: "waiting",
        ImportStatus.PLACED: "ready",
        ImportStatus.WITHDRAWN: "closed",
        ImportStatus.REMOVED: "closed",
    }
)
IMPORT_APPROVER = MappingProxyType(
    {Role.OUTPUT_CHECKER: say("an output checker of the project"), Role.DATA_HOLDER: say("the data holder")}
)
# An operator's act outside their role, and how far it has come.
ACT = MappingProxyType(
    {
        Emergency.QUARANTINE: say("Reading what was handed in"),
        Emergency.FOLDERS: say("Reading homes and the shared folder"),
    }
)
STAGE = MappingProxyType(
    {
        "asked": say("waits for a second person"),
        "confirmed": say("confirmed, not used yet"),
        "used": say("used"),
        "ended": say("ended before it was used"),
        "expired": say("expired"),
    }
)
TURN = MappingProxyType(
    {
        Owner.WORKER: say(
            "The egress service works on it. Nothing is asked of you; reload the page to see where it is."
        ),
        Owner.APPROVERS: say("Its output checkers have decided; by the source's rules somebody else must agree."),
        Owner.AUTHOR: say("It is with its author: correct what is asked for and submit it again as another turn."),
        Owner.CHECKERS: say("An output checker of the project reads it. Nothing is asked of you."),
        Owner.RESEARCHERS: say("The package is ready. It can be fetched once."),
        Owner.NOBODY: say("This request is closed."),
    }
)
TONE = MappingProxyType(
    {
        Status.REFUSED: "refused",
        Status.REJECTED: "refused",
        Status.IN_REVIEW: "waiting",
        Status.CONSOLIDATING: "waiting",
        Status.AWAITS_APPROVAL: "waiting",
        Status.APPEALED: "waiting",
        Status.RETURNED: "refused",
        Status.RECALLED: "refused",
        Status.EXPIRED: "closed",
        Status.RELEASED: "ready",
        Status.DOWNLOADED: "closed",
        Status.WITHDRAWN: "closed",
    }
)
OUTCOME = MappingProxyType(
    {
        Outcome.PASS: say("No automatic finding"),
        Outcome.REVIEW: say("A person must look"),
        Outcome.FAIL: say("Refused"),
    }
)
OUTCOME_TONE = MappingProxyType({Outcome.PASS: "plain", Outcome.REVIEW: "waiting", Outcome.FAIL: "refused"})
ASSURANCE = MappingProxyType(
    {
        Assurance.RECOMPUTED: say("Recomputed by the service from the extract"),
        Assurance.REPRODUCED: say("Reproduced by the sealed re-run"),
        Assurance.UNVERIFIED: say("Not verified by the service"),
    }
)
PROTECTION = MappingProxyType(
    {
        Protection.SUPPRESS: say("Small and revealing cells suppressed"),
        Protection.ROUND: say("Rounded"),
        Protection.DP: say("Noise added for differential privacy"),
        Protection.NONE: say("No protection asked for"),
    }
)
RISK = MappingProxyType(
    {
        Risk.LOW_COUNT: say("Few persons"),
        Risk.DOMINANCE: say("Dominance"),
        Risk.CLASS_DISCLOSURE: say("Class disclosure"),
        Risk.DIFFERENCING: say("Differencing"),
        Risk.IMPLICIT_TABLES: say("Implicit tables"),
        Risk.LOW_DOF: say("Few degrees of freedom"),
        Risk.AUXILIARY_INFORMATION: say("Auxiliary information"),
        Risk.COVERT_CHANNEL: say("Free wording"),
        Risk.INDIVIDUALS: say("About single persons"),
        Risk.PRIVACY_BUDGET: say("Privacy budget"),
    }
)
# The families as the SACRO project names them.
_STATBARNS: Mapping[str, Message] = MappingProxyType(
    {
        Statbarn.FREQUENCIES: say("frequencies"),
        Statbarn.LINEAR_AGGREGATIONS: say("linear aggregations"),
        Statbarn.POSITION: say("position"),
        Statbarn.SHAPE: say("shape"),
        Statbarn.CALCULATED_RATIOS: say("calculated ratios"),
        Statbarn.ENDPOINTS: say("end points"),
        Statbarn.MODE: say("mode"),
        Statbarn.NON_LINEAR_CONCENTRATION_RATIOS: say("non-linear concentration ratios"),
        Statbarn.GINI: say("Gini coefficient"),
        Statbarn.CORRELATION_COEFFICIENTS: say("correlation and regression coefficients"),
        Statbarn.STATISTICAL_HYPOTHESIS_TESTS: say("statistical hypothesis tests"),
        Statbarn.HAZARD_SURVIVAL_TABLES: say("hazard and survival tables"),
        Statbarn.LINKED_MULTILEVEL_TABLES: say("linked multilevel tables"),
        Statbarn.CLUSTERS: say("clusters"),
        NoFamily.NO_STATISTIC: say("not a statistic"),
    }
)
_UNPLACED = say("of no known family")
CHOICE = MappingProxyType(
    {
        Choice.APPROVE: say("Approved"),
        Choice.CHANGE: say("Changes asked for"),
        Choice.REJECT: say("Rejected"),
    }
)
CRITERION = MappingProxyType(
    {
        Criterion.SINGLING_OUT: say("Singling out of a person"),
        Criterion.LINKING: say("Linking of records"),
        Criterion.INFERENCE: say("Inference about a person"),
    }
)
NOVELTY = MappingProxyType(
    {
        Novelty.RUNNER: say("All known"),
        Novelty.REPEATER: say("Partly known"),
        Novelty.STRANGER: say("New"),
    }
)
APPROVER = MappingProxyType({"data_holder": say("the data holder"), "dpo": say("the data protection officer")})
FATE = MappingProxyType(
    {
        Fate.RELEASED: say("Released"),
        Fate.APPROVED: say("Approved, about to leave"),
        Fate.PENDING: say("Not decided yet"),
        Fate.REFUSED: say("Refused"),
        Fate.WITHDRAWN: say("Withdrawn"),
        Fate.RECALLED: say("Recalled"),
    }
)
_KINDS = MappingProxyType(
    {
        Kind.STDOUT: say("Printed text"),
        Kind.STDERR: say("Printed warnings"),
        Kind.RESULT: say("A cell's own value"),
        Kind.DISPLAY: say("A display"),
        Kind.ERROR: say("An error report"),
        Kind.WIDGET: say("A widget"),
        Kind.ATTACHMENT: say("An attachment"),
        Kind.METADATA: say("Metadata"),
        Kind.DECLARATION: say("A declaration that does not count"),
        Kind.UNREADABLE: say("Something unreadable"),
    }
)
_OTHER_KIND = say("Something undeclared")


def kind_of(kind: str) -> Message:
    """An undeclared thing's kind in words."""
    return next((words for known, words in _KINDS.items() if str(known) == kind), _OTHER_KIND)


def statbarn_of(family: str) -> Message:
    """A family of statistics in words."""
    return _STATBARNS.get(family, _UNPLACED)
