"""What an author can change about a finding: one sentence for each check, the same whatever the data are. Pure.

It depends on the check's name alone, so it tells nothing that the finding beside it does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from egress.checks.model import Finding, Outcome
from hub.words import Message, say

_FEW = say(
    "Use fewer or coarser keys, or a wider selection, so that more persons stand behind each cell; "
    "protect='suppress' hides the cells that stay small."
)
_LARGE = say(
    "Use coarser keys, or ask for a count or a median in place of a sum or mean; protect='suppress' hides these cells."
)
_REST = say(
    "What lies outside of the cell is about few persons too: leave out the condition or the total, or use coarser "
    "keys; protect='suppress' hides these cells."
)
_SAME = say("Use coarser keys, or coarser classes of the sensitive column; protect='suppress' hides these cells.")
_TOTALS = say("Ask for the table without totals, or with fewer or coarser keys.")
_TOGETHER = say("Ask for fewer of these tables, or for all of them with the same keys and filters.")
_BESIDE = say(
    "Ask for both tables with the same filter, or for one of the two. Where it is an earlier release, an output "
    "checker looks first and says what to change."
)
_WORDS = say(
    "Use the words of the catalogue and of the table itself, in the usual order. Where you need others, say in the "
    "description why: a person reads it."
)
_DECLARE = say(
    "Write the declaration in a cell of its own, with literal values, as a statement that always runs; save the "
    "notebook after a full run and submit it again."
)
_PERSON = say(
    "There is nothing that you must change: an output checker decides. Say in the description what it shows and how "
    "it was made."
)
_BUDGET = say("Ask for a smaller rho, or ask those who answer for the data for more budget.")
_QUERY = say(
    "Rewrite the query at the place that is named; the cell in your workspace answers the same before you submit."
)
_WHOLE = say("Write it as one count or sum over another of the same rows, or show both as columns of their own.")
_PARTS = say("Make the condition a key, so that each part is looked at, or leave out one of the columns.")
_QUANTILES = say("Ask for fewer quantiles, or for some that lie further apart; or use coarser keys.")
_IDENTIFIER = say("Leave it out, or use a class of the catalogue in its place: no identifier leaves.")
_DAYS = say("Take the month, the quarter or the year in place of the day.")
_LABELS = say("Use categories that the catalogue lists, or coarser ones, in plain letters.")
_TERMS = say("Join rare levels, or leave terms out, so that the model has fewer parameters and more persons for each.")
_OUTCOMES = say("Join the levels of few persons, or of one outcome only, or leave them out before you fit the model.")
_STEPS = say("Use longer steps in every=, coarser groups in by=, or a wider selection of persons.")
_TREE = say("Let the tree grow less deep, with a larger min_samples_leaf and fewer classes.")
_MODEL = say("Correct what is named in the call of bulle.release_model, run the notebook and submit it again.")
_BOUNDED = say("Bound the variable by its published limits, or leave it out.")
_RESIDUALS = say("Take fitted values and residuals out of the summary.")
_OPERATOR = say(
    "Nothing in your notebook explains it, or can change it: an output checker or an operator looks. Ask them in the "
    "request's description."
)
_BY_SQL = say("Declare the table as SQL with bulle.release where you can: the enclave then counts persons by itself.")
_FRAME = say("Correct what is named in the call of bulle.release_frame, run the notebook and submit it again.")
_CHART = say("Correct what is named in the chart, or draw it from another declared table, and submit it again.")
_FIGURE = say(
    "Use bulle.release_chart, which the enclave draws from the protected table; or correct what is named, and an "
    "output checker holds the picture against its tables."
)
_NONE_LEFT = say("Use coarser keys or fewer conditions: as it is, hardly anything of the table would be left.")
_ROUND = say("Ask for protect='suppress' in place of rounding, or use coarser keys.")
_ALLOWED = say(
    "Ask for a plain table in its place, or ask those who answer for the data whether their rules may allow it."
)

ADVICE: Mapping[str, Message] = MappingProxyType(
    {
        **dict.fromkeys(
            ("low_counts", "low_events", "low_contributors", "low_units", "shape", "quantile_support"), _FEW
        ),
        **dict.fromkeys(("dominance", "p_ratio", "unit_dominance", "unit_p_ratio"), _LARGE),
        **dict.fromkeys(("implied_counts", "implied_rest", "zeros"), _REST),
        "unanimity": _SAME,
        **dict.fromkeys(("secondary_suppression", "totals"), _TOTALS),
        **dict.fromkeys(("suppression", "information_loss"), _NONE_LEFT),
        "rounding": _ROUND,
        **dict.fromkeys(("linked_tables", "near_models"), _TOGETHER),
        **dict.fromkeys(("differencing", "bounds"), _BESIDE),
        "declaration": _WORDS,
        "declaration.problem": _DECLARE,
        **dict.fromkeys(("labels", "label_signs", "frame_labels", "model_terms"), _LABELS),
        "identifiers": _IDENTIFIER,
        "full_dates": _DAYS,
        "denominators": _WHOLE,
        "differences": _PARTS,
        "quantile_ladder": _QUANTILES,
        **dict.fromkeys(("degrees_of_freedom", "sparse_level", "saturated"), _TERMS),
        "leverage": _BOUNDED,
        "model_size": _TERMS,
        **dict.fromkeys(("few_outcomes", "separation"), _OUTCOMES),
        **dict.fromkeys(("survival_steps", "survival_groups"), _STEPS),
        **dict.fromkeys(("small_leaves", "leaf_classes", "equal_predictions", "learning_settings"), _TREE),
        "model": _MODEL,
        "model_vectors": _RESIDUALS,
        **dict.fromkeys(("statbarn", "text", "rules", "claimed_model"), _PERSON),
        **dict.fromkeys(("evidence", "computation"), _OPERATOR),
        "grammar": _QUERY,
        **dict.fromkeys(("claimed_evidence", "acro"), _BY_SQL),
        "frame": _FRAME,
        "chart": _CHART,
        "figure": _FIGURE,
        "privacy_budget": _BUDGET,
        **dict.fromkeys(("private_kind", "models"), _ALLOWED),
    }
)


def advice(finding: Finding) -> Message | None:
    """What its author can do about `finding`; None where nothing is asked of them: it passes, or protection acted."""
    if finding.outcome is Outcome.PASS:
        return None
    room, _, detail = finding.check.partition(".")
    if detail and room == "declaration":
        return ADVICE["declaration.problem"]
    return ADVICE.get(room)
