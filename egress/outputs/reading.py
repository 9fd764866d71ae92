"""All that is read from the two notebooks of a request, in one value. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from egress.outputs.declarations import Confirmed, reconcile
from egress.outputs.model import Unreadable, Withheld
from egress.outputs.notebook import read_notebook, withheld


@dataclass(frozen=True)
class Reading:
    """What the submitted source declares and the re-run confirms, and what is withheld of the re-run."""

    items: tuple[Confirmed, ...]
    withheld: tuple[Withheld, ...]


def read_both(submitted: bytes, rerun: bytes, most_submitted: int, most_rerun: int) -> Reading | Unreadable:
    """The reading of a submitted notebook and its re-run, each of at most so many bytes."""
    source, again = read_notebook(submitted, most_submitted), read_notebook(rerun, most_rerun)
    if isinstance(source, Unreadable):
        return source
    if isinstance(again, Unreadable):
        return again
    return Reading(reconcile(source, again), withheld(again))
