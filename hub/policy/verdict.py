"""What a rule answers: a Grant that an act requires, or a Refusal that names its rule and its reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hub.words import Message


class Act(StrEnum):
    """What a person or process may be granted to do on one project."""

    SIGN_UNDERTAKING = "sign_undertaking"
    OPEN_WORKSPACE = "open_workspace"
    BUILD_EXTRACT = "build_extract"
    SUBMIT_REQUEST = "submit_request"
    REVIEW_REQUEST = "review_request"
    RETURN_REQUEST = "return_request"
    APPEAL_REQUEST = "appeal_request"
    APPROVE_RELEASE = "approve_release"
    RECALL_RELEASE = "recall_release"
    SEE_REQUEST = "see_request"
    RELEASE_REQUEST = "release_request"
    REPRODUCE_REQUEST = "reproduce_request"
    DOWNLOAD_PACKAGE = "download_package"
    ASK_IMPORT = "ask_import"
    DECIDE_IMPORT = "decide_import"
    PLACE_IMPORT = "place_import"
    SEE_IMPORT = "see_import"
    SPEND_PRIVACY = "spend_privacy"
    SEE_BUDGET = "see_budget"
    SEE_SOURCE_BUDGET = "see_source_budget"
    EXPORT_BUDGET = "export_budget"
    OVERSEE = "oversee"
    BREAK_GLASS = "break_glass"
    WRITE_EVENT = "write_event"
    APPOINT_ADMINISTRATOR = "appoint_administrator"
    DISMISS_ADMINISTRATOR = "dismiss_administrator"
    ADMINISTER = "administer"
    ISSUE_PERMIT = "issue_permit"
    WITHDRAW_DRAFT = "withdraw_draft"
    ANSWER_REVIEW = "answer_review"


@dataclass(frozen=True)
class Grant:
    """Leave for `person` to do `act` on `project`, by `rule`. Only rules make one."""

    act: Act
    person: str
    project: str
    rule: str

    def covers(self, act: Act, project: str) -> bool:
        """Whether this is leave for that act on that project; acts ask before they begin."""
        return self.act is act and self.project == project


@dataclass(frozen=True)
class Refusal:
    """No, by `rule`, with one sentence for the person who asked."""

    rule: str
    reason: Message

    def __str__(self) -> str:
        return str(self.reason)


class RefusedError(Exception):
    """Carries a Refusal out of a conductor to the edge that shows it. Its text is the refusal's sentence."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal.reason))
        self.refusal = refusal


def require(verdict: Grant | Refusal) -> Grant:
    """The Grant, or `RefusedError` with the Refusal."""
    if isinstance(verdict, Refusal):
        raise RefusedError(verdict)
    return verdict
