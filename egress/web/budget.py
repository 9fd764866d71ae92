"""The budget's page: what each source and project may spend of rho, what it spent, on what, and what is outside it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from starlette.responses import Response

from egress.airlock.desk import Desk
from egress.budget.look import look
from egress.budget.statement import FORMS, statement
from egress.package.spelling import number
from egress.pages.visit import Visit
from egress.privacy.ledger import NANO, Balance
from egress.web.visit import Renderer, roles_of
from hub.policy.verdict import Act, Refusal, RefusedError
from hub.words import say

_NO_STATEMENT = Refusal("budget.statement", say("There is no statement of this source's budget for you."))
MOST = 200  # lines of a page; the command line lists all


@dataclass(frozen=True)
class BudgetPages:
    """The handler. `policies`: the folder of the rules; None for the shipped ones."""

    desk: Desk
    render: Renderer
    policies: Path | None = None

    def budget(self, visit: Visit) -> Response:
        """One section for each source that the person has to do with."""
        view = look(self.desk, visit.person, self.policies)

        def rho(nano_rho: int | None) -> str:
            return "–" if nano_rho is None else number(Decimal(nano_rho) / NANO, visit.language)

        return self.render.page(
            visit,
            "budget.html",
            roles_of(view.reader.situation, visit.person),
            section="budget",
            parts=[view.part(source) for source in view.sources()],
            most=MOST,
            rho=rho,
            shares=shares,
        )

    def statement(self, visit: Visit) -> Response:
        """A source's statement as a file, for those who answer for the data; its taking away is an event."""
        source, form = visit.request.path_params["source"], visit.request.path_params["form"]
        view = look(self.desk, visit.person, self.policies)
        granted = [each for each in view.reader.permits(Act.EXPORT_BUDGET) if each.source == source]
        stated = statement(view, source) if granted and form in FORMS else None
        if stated is None:
            raise RefusedError(_NO_STATEMENT)
        self.desk.exported_budget(visit.person, granted[0].project, source)
        make, media = FORMS[form]
        disposition = f'attachment; filename="privacy-budget-{source}.{form}"'  # sources are identifiers
        return Response(make(stated), media_type=media, headers={"Content-Disposition": disposition})


def shares(held: Balance) -> tuple[float, float]:
    """What is spent and what is reserved, in per cent of the cap: the lengths of the bar's two parts."""

    def share(part: int) -> float:
        return round(100 * min(1.0, part / held.cap), 2) if held.cap else 100.0

    spent = share(held.spent)
    return spent, min(share(held.reserved), 100 - spent)
