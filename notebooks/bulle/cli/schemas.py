"""`bulle schemas`: JSON Schemas of the files that people write and of the answers that programs read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import click
from pydantic import BaseModel, ConfigDict, Field

from bulle.cli.schemas_budget import BudgetAnswer, GrantedAnswer, StatementAnswer
from bulle.cli.schemas_package import AgainAnswer, VerifyAnswer
from bulle.cli.settings import Settings
from bulle.cli.shape import Command
from egress.checks.model import Assurance, Outcome, Risk
from egress.outputs.model import Kind
from egress.privacy.spec import Shape
from egress.register.model import Register
from egress.rerun.result import Isolation, RerunStatus
from hub.catalogue.model import Catalogue
from hub.extracts.manifest import Manifest
from hub.policy.answers import Answers
from hub.policy.desk import DeskPolicy
from hub.policy.files import Purposes
from hub.policy.mail import MailPolicy
from hub.policy.model import DataPermit, DisclosureRules
from hub.policy.people import PeoplePolicy
from hub.policy.register import RegisterPolicy
from hub.policy.undertakings import Undertaking
from hub.words import say

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class Answer(BaseModel):
    """A part of what `bulle check --json` prints: nothing else stands in it."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class FindingAnswer(Answer):
    """What one check found."""

    check: str
    risk: Risk
    outcome: Outcome
    where: str
    why: str


class ProtectedAnswer(Answer):
    """The protected table; a suppressed value is null."""

    columns: list[str]
    rows: list[list[bool | int | float | str | None]]


class GroupAnswer(Answer):
    """About how far a mean or share is off in a group of so many rows; null where it is lost in the noise."""

    rows: int
    half_width: float | None


class ColumnAnswer(Answer):
    """How exact one noisy column, or one coefficient of a regression, would be; null where only the result tells it.

    `ranks`: of a quantile, in rows. `groups`: of a mean, a share or a coefficient. `worth_from`: from how large a count
    on noise is at most a tenth of it; from how many rows on coefficients are told.
    """

    name: str
    shape: Shape | Literal["coefficient"]
    scale: float | None
    half_width: float | None
    ranks: int | None
    groups: list[GroupAnswer]
    worth_from: int | None


class RungAnswer(Answer):
    """What another rho would give; `widths` in the order of the columns."""

    rho: float
    epsilon: float
    asked: bool
    widths: list[float | None]


class PreviewAnswer(Answer):
    """What a DP output costs and how exact it is, before anything is drawn. No row is read for it."""

    rho: float
    epsilon: float
    delta: float
    confidence: float
    cells: int
    source_cap: float
    source_share: float = Field(description="of what the source has in all")
    found_out: float = Field(description="at most this share of persons is recognised by who is wrong on 1 in 20")
    columns: list[ColumnAnswer]
    ladder: list[RungAnswer]


class OutputLossAnswer(Answer):
    """Values that protection takes, of all values; `secondary` ones go only so that others stay hidden."""

    cells: int
    secondary: int
    of: int


class SuggestionAnswer(Answer):
    """A coarser table from which nothing is taken: what changes, its SQL, and how many values it shows."""

    changes: list[str]
    sql: str
    cells: int


class OutputAnswer(Answer):
    """One output; refused output has no `protected`."""

    name: str
    assurance: Assurance
    outcome: Outcome
    findings: list[FindingAnswer]
    protected: ProtectedAnswer | None = None
    loss: OutputLossAnswer | None = None
    suggestion: SuggestionAnswer | None = None
    preview: PreviewAnswer | None = None


class RerunAnswer(Answer):
    """How the notebook's run ended, and what stood between it and the machine."""

    status: RerunStatus
    isolation: Isolation
    seconds: float


class WithheldAnswer(Answer):
    """Something undeclared that would not leave; cell 0 is the notebook itself."""

    cell: int
    kind: Kind
    why: str


class CheckAnswer(Answer):
    """What `bulle check --json` prints. The exit code says the same as `verdict`."""

    schema_: Literal["bulle.check/1"] = Field(alias="schema")
    verdict: Literal["pass", "review", "refused"]
    rules: str
    outputs: list[OutputAnswer]
    why: str | None = Field(None, description="why there are no outputs")
    rerun: RerunAnswer | None = Field(None, description="for a notebook")
    withheld: list[WithheldAnswer] | None = Field(None, description="for a notebook")


class SuppressedAnswer(Answer):
    """A cell that a rule flags, or that would give others back (`secondary`)."""

    cell: list[str]
    reasons: list[str]


class KnownAnswer(Answer):
    """What an attacker knows of one number. An end without bound is null; so is an interval that was not worked out."""

    cell: list[str]
    column: str
    interval: tuple[float | None, float | None] | None
    need: float
    hidden: bool


class LossAnswer(Answer):
    """What protection takes from one column; changes are over the numbers that are left."""

    cells: int
    suppressed: int
    value_share: float
    changed: int
    mean_absolute: float
    mean_relative: float
    largest: float


class ProtectAnswer(Answer):
    """What `bulle protect --json` prints. A refused table has no `protected`."""

    schema_: Literal["bulle.protect/1"] = Field(alias="schema")
    verdict: Literal["pass", "review", "refused"]
    assurance: Assurance
    rules: str
    method: Literal["suppress", "round", "controlled"]
    findings: list[FindingAnswer]
    pattern: list[SuppressedAnswer]
    audit: list[KnownAnswer]
    loss: dict[str, LossAnswer]
    protected: ProtectedAnswer | None = None
    found_by: str | None = Field(None, description="how the pattern was found; the audit agreed to it")
    proposal: str | None = Field(None, description="what τ-ARGUS said, where it was asked")


MODELS: dict[str, type[BaseModel]] = {
    "budget": BudgetAnswer,
    "budget-granted": GrantedAnswer,
    "budget-statement": StatementAnswer,
    "campaign-answers": Answers,
    "catalogue": Catalogue,
    "check": CheckAnswer,
    "manifest": Manifest,
    "desk": DeskPolicy,
    "people": PeoplePolicy,
    "permit": DataPermit,
    "protect": ProtectAnswer,
    "purposes": Purposes,
    "rerun": AgainAnswer,
    "rules": DisclosureRules,
    "undertaking": Undertaking,
    "register-policy": RegisterPolicy,
    "mail": MailPolicy,
    "register": Register,
    "verify": VerifyAnswer,
}


def schemas() -> dict[str, dict[str, Any]]:
    """JSON Schema by file name."""
    return {
        f"{name}.schema.json": {"$schema": DIALECT, **model.model_json_schema(by_alias=True)}
        for name, model in sorted(MODELS.items())
    }


def spelled(schema: dict[str, Any]) -> str:
    """The text of one schema's file."""
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


@click.command(
    "schemas",
    cls=Command,
    about=say(
        "Write the JSON Schemas of every file that people write and of what `bulle check --json` prints to OUT_DIR."
    ),
    example="bulle schemas policies/schemas",
)
@click.argument("out_dir", type=click.Path(path_type=Path))
@click.pass_obj
def command(settings: Settings, out_dir: Path) -> None:
    out_dir.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas().items():
        (out_dir / name).write_text(spelled(schema), encoding="utf-8")
    settings.print(say("{count} schemas are in {folder}.", count=len(MODELS), folder=str(out_dir)))
