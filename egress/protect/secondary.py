"""Secondary suppression: which further cells must go so that nothing gives back a suppressed one.

Each secret gets a witness, the cheapest that linear programming finds near it; witnesses share cells. Then cells are
published again wherever other witnesses can stand in (the audit's own measure), and neighbourhoods are done anew.
The audit judges what comes out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from egress.protect.audit import AuditResult, audit
from egress.protect.cleanup import anew, hide_all, secondary, thin
from egress.protect.cover import Asked, Cover, Secret
from egress.protect.exact import narrowed
from egress.protect.subtrees import Widths
from egress.protect.system import Exposed, Loss, Marks, Numbers, Pattern, Problem

# Limits of computing time, not of disclosure.
_MOST_REPAIRS = 12
_ENOUGH = 0.998
_MOST_FAILURES = 5
_FAR = Widths(each=40, near=6_000, block=25_000, inside=25_000)


@dataclass(frozen=True)
class Effort:
    """How long to look for fewer cells. `turns`: neighbourhoods done anew; `starts`: how often from the beginning."""

    widths: Widths
    starts: int
    turns: int

    @classmethod
    def quick(cls, size: int) -> Effort:
        """While a person waits, and in the service that must come to the same answer."""
        if size <= 400:
            return cls(Widths(each=40), 2, 40)
        if size <= 1_200:
            return cls(Widths(each=8), 1, 20)
        if size <= 20_000:
            return cls(Widths(), 1, 0)
        return cls.thorough(size)

    @classmethod
    def thorough(cls, size: int) -> Effort:
        """By size; measured with benchmarks/suppression.py."""
        if size <= 400:
            return cls(Widths(each=40), 2, 40)
        if size <= 1_200:
            return cls(Widths(each=8), 3, 150)
        if size <= 20_000:
            return cls(Widths(), 1, 300)
        if size <= 60_000:
            return cls(Widths(each=4, near=600, block=1500, inside=300), 1, 0)
        return cls(Widths(each=3, near=400, block=1200, inside=200), 1, 0)


def suppress(problem: Problem, proposal: Marks | None = None, effort: Effort | None = None) -> Pattern | Exposed:
    """A pattern that the audit finds nothing in, or the cells that nothing protects.

    `proposal`: cells that somebody would suppress; they are taken first, repaired where they do not protect, and
    published again where they are not needed. Same problem, same answer: no clock, and the chances are fixed.
    """
    effort = effort or Effort.quick(problem.system.size)
    never = hopeless(problem)
    if never:
        return Exposed(never)
    best: Cover | None = None
    for start in range(1 if proposal is not None else effort.starts):
        cover, left = _first(problem, proposal, effort, start)
        if left:
            return Exposed(tuple(sorted({secret.cell for secret in left})))
        thin(cover, secondary(cover), effort.widths)
        if best is None or cover.cost() < best.cost():
            best = cover
    if best is None:
        raise ValueError("no start")
    anew(best, _price(problem), effort.widths, effort.turns, problem.system.size)
    return _judged(problem, best, "linear programs" if proposal is None else "proposal")


def hopeless(problem: Problem) -> tuple[int, ...]:
    """Cells that bounds give away even if all that may be suppressed is."""
    most = problem.secret | problem.free
    found = np.zeros(problem.system.size, dtype=bool)
    for vector in problem.vectors:
        asked = Asked.of(vector, problem.secret)
        low, high = narrowed(problem.system, most, -vector.room_down, vector.room_up, whole=vector.whole)
        narrow = (high - low < asked.both * _ENOUGH) | (high < asked.up * _ENOUGH) | (-low < asked.down * _ENOUGH)
        found |= narrow
    return tuple(np.flatnonzero(found).tolist())


def _price(problem: Problem) -> Numbers:
    """What each cell costs; what an earlier release shows cannot be suppressed."""
    return np.where(problem.marks(problem.published) & ~problem.secret, np.inf, problem.price)


def _first(problem: Problem, proposal: Marks | None, effort: Effort, start: int) -> tuple[Cover, list[Secret]]:
    """A first pattern, and what it cannot hide. Later starts see other prices."""
    cover = Cover.start(problem, problem.secret)
    price = _price(problem)
    left = cover.secrets()
    if proposal is not None:
        offered = np.asarray(proposal, dtype=bool) & problem.free
        left = _inside(cover, left, offered, effort.widths)
        price = np.where(offered, price * 1e-2, price)
    if start:
        price = price * np.random.default_rng(start).uniform(0.7, 1.3, len(price))
    left = hide_all(cover, left, price, effort.widths)
    cover.journal.clear()
    return cover, _far(cover, left, price)


def _inside(cover: Cover, secrets: list[Secret], offered: Marks, widths: Widths) -> list[Secret]:
    """Hide what the `offered` cells hide by themselves, which needs no other cell; what is left is to be repaired.

    All of them are suppressed at once: those that turn out to be needless are published again by thinning.
    """
    cover.suppressed |= offered
    price = np.where(cover.suppressed, _price(cover.problem), np.inf)
    for reach in (widths, replace(widths, inside=widths.block)):
        secrets = hide_all(cover, secrets, price, reach)
    return secrets


def _far(cover: Cover, secrets: list[Secret], price: Numbers) -> list[Secret]:
    """Look for witnesses as far as sums reach; after some failures the table will not be protected anyway."""
    left: list[Secret] = []
    for secret in secrets:
        if len(left) < _MOST_FAILURES:
            left += hide_all(cover, [secret], price, _FAR)
        elif not cover.met(secret):
            left.append(secret)
    return left


def _judged(problem: Problem, cover: Cover, method: str) -> Pattern | Exposed:
    """The pattern when the audit agrees; what it finds is hidden, and it is asked again."""
    price = _price(problem)
    for _ in range(_MOST_REPAIRS):
        result = audit(problem, cover.suppressed, [one for one in cover.witnesses if one is not None])
        if result.clean:
            return Pattern(cover.suppressed, method, loss_of(problem, cover.suppressed))
        if not _repaired(cover, result, price):
            break
    return Exposed(tuple(sorted({cell for found in result.exposed for cell in found} | _others(result))), why="limits")


def _others(result: AuditResult) -> set[int]:
    return {secret.cell for secret in result.insiders} | {cell for found in result.recoverable for cell in found}


def _repaired(cover: Cover, result: AuditResult, price: Numbers) -> bool:
    """Publish secondary cells that nobody needs and everybody knows; hide the others."""
    wanted = list(result.insiders)
    for at, found in enumerate(result.exposed):
        wanted += [Secret(at, cell) for cell in found]
    for at, known in enumerate(result.recoverable):
        for cell in known:
            if not cover.using.get(cell):
                cover.publish(np.array([cell], dtype=np.intp))
            else:
                wanted.append(cover.keep(at, cell))
    return not _far(cover, hide_all(cover, wanted, price, Widths()), price)


def loss_of(problem: Problem, suppressed: Marks) -> Loss:
    """What `suppressed` takes from the table; values are counted in cells that no other adds up to."""
    sums = problem.system.sums
    finest = np.ones(problem.system.size, dtype=bool)
    finest[sums.indices[sums.data > 0]] = False
    values = np.abs(problem.vectors[0].values) if problem.vectors else np.zeros(problem.system.size)
    total = float(values[finest].sum())
    gone = float(values[finest & suppressed].sum())
    return Loss(
        int(suppressed.sum()),
        int((suppressed & problem.free).sum()),
        problem.system.size,
        gone / total if total else 0.0,
    )
