"""What a re-run notebook asks to release: declarations that count, those that do not, and what is withheld. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from egress.assess import Declaration
from egress.checks.model import Finding, Outcome, Protection, Risk
from egress.outputs.charts import DeclaredChart
from egress.outputs.claims import DeclaredFrame
from egress.outputs.declarations import DeclarationProblem, Declared, reconcile, told
from egress.outputs.figures import DeclaredFigure
from egress.outputs.model import Rendered, Unreadable, Withheld
from egress.outputs.model_claims import DeclaredModel
from egress.outputs.notebook import read_notebook, withheld
from egress.outputs.private import DeclaredPrivate
from egress.outputs.source_claim import DeclaredSource
from egress.outputs.text_claim import DeclaredText

_NO_FILES: Mapping[str, bytes] = MappingProxyType({})


@dataclass(frozen=True)
class RefusedOutput:
    """Something that was declared in a way that does not count; `name` is the declared one, or `cell-<number>`."""

    name: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Content:
    """`declarations` and the tuples below `withheld` are in the source's order; no two outputs share a name."""

    declarations: tuple[Declaration, ...]
    refused: tuple[RefusedOutput, ...]
    withheld: tuple[Withheld, ...]
    frames: tuple[DeclaredFrame, ...] = ()
    private: tuple[DeclaredPrivate, ...] = ()
    texts: tuple[DeclaredSource | DeclaredText, ...] = ()
    charts: tuple[DeclaredChart, ...] = ()
    figures: tuple[DeclaredFigure, ...] = ()
    models: tuple[DeclaredModel, ...] = ()

    @property
    def disturbed(self) -> bool:
        """Whether the re-run contradicted the source: which outputs are missing may then be a message itself."""
        return any(finding.check in DISTURBANCES for output in self.refused for finding in output.findings)


DISTURBANCES = frozenset({"declaration.missing", "declaration.differs", "declaration.repeated", "declaration.stray"})


def read_content(
    submitted: bytes, rerun: Rendered, max_bytes: int, files: Mapping[str, bytes] = _NO_FILES
) -> Content | Unreadable:
    """What the frozen notebook declares and its re-run confirms; `max_bytes` bounds the frozen notebook, `files` are
    those beside it.
    """
    source = read_notebook(submitted, max_bytes)
    if isinstance(source, Unreadable):
        return source
    found = tuple(told(item, files.get) for item in reconcile(source, rerun))
    return Content(
        tuple(_declaration(item) for item in found if isinstance(item, Declared)),
        _refused(tuple(item for item in found if isinstance(item, DeclarationProblem))),
        withheld(rerun),
        tuple(item for item in found if isinstance(item, DeclaredFrame)),
        tuple(item for item in found if isinstance(item, DeclaredPrivate)),
        tuple(item for item in found if isinstance(item, DeclaredSource | DeclaredText)),
        tuple(item for item in found if isinstance(item, DeclaredChart)),
        tuple(item for item in found if isinstance(item, DeclaredFigure)),
        tuple(item for item in found if isinstance(item, DeclaredModel)),
    )


def _declaration(item: Declared) -> Declaration:
    return Declaration(item.name, item.sql, item.title, Protection(item.protect), item.rho)


def _refused(problems: tuple[DeclarationProblem, ...]) -> tuple[RefusedOutput, ...]:
    """One refused output per name: an output is voted on, told and counted by its name."""
    by_name: dict[str, list[Finding]] = {}
    for problem in problems:
        finding = Finding(problem.rule, Risk.COVERT_CHANNEL, Outcome.FAIL, f"cell {problem.cell}", problem.why)
        by_name.setdefault(problem.name or f"cell-{problem.cell}", []).append(finding)
    return tuple(RefusedOutput(name, tuple(findings)) for name, findings in by_name.items())
