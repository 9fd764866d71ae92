"""Hierarchies as files spell them, and the ways in which they contradict themselves or the cells."""

from __future__ import annotations

import pytest

from egress.protect.cellfile import read_cells
from egress.protect.hierarchy import Hierarchy, read_hierarchy
from egress.protect.margins import with_margins
from egress.protect.unusable import UnusableError


def read(text: str) -> Hierarchy:
    return read_hierarchy("h.csv", text.encode())


def test_levels() -> None:
    found = read('"A10","A21","A88"\n"AZ","A","01"\n"AZ","A","02"\n"AZ","X","X"\n"BE","B","06"\n')
    assert list(found.above("01")) == ["A", "AZ"]
    assert list(found.above("X")) == ["AZ"]
    assert list(found.above("BE")) == []


def test_parents_are_the_same_tree_as_levels() -> None:
    levels = read("a,b\nN,n1\nN,n2\nS,s1\n")
    parents = read("child,parent\nn1,N\nn2,N\ns1,S\nN,\nS,Total\n")
    assert dict(parents.parents) == dict(levels.parents)


def test_branches_may_end_earlier() -> None:
    assert list(read("a,b,c\nN,n1,n11\nS,,\n").above("S")) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("a\nx\n", "one level only"),
        ("a,b\n", "holds no categories"),
        ("a,b\nN,x\nS,x\n", "x is part of two categories"),
        ("child,parent\na,b\nb,c\nc,a\n", "part of itself"),
        ("child,parent\na,a\n", "part of itself"),
        ("a,b,c\nN,n1,N\n", "part of itself"),
        ("child,parent\n,N\n", "no category is named"),
        ("a,b\n,x\n", "a level is empty"),
        ("a,b\nN,x\u200b\n", r"U\+200B"),
        ("a,b\nN,x\nN,X\n", "in two ways"),
        ("child,parent\n" + "".join(f"c{at},c{at + 1}\n" for at in range(40)), "below 20 levels"),
    ],
)
def test_contradictions_are_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UnusableError, match=sentence):
        read(text)


CELLS = "place,n\nn1,5\nn2,6\ns1,7\nN,11\nTotal,18\n"


def test_cells_and_hierarchy_together() -> None:
    cells = with_margins(read_cells("c.csv", CELLS.encode()), [read("a,b\nN,n1\nN,n2\nS,s1\n")])
    sums = {cells.codes[one.parent][0]: {cells.codes[at][0] for at in one.children} for one in cells.relations}
    # S stands nowhere in the file: its parts hang under the next total that does.
    assert sums == {"N": {"n1", "n2"}, "Total": {"N", "s1"}}


@pytest.mark.parametrize(
    ("hierarchy", "column", "sentence"),
    [
        ("a,b\nN,n1\nN,n2\n", None, "s1 of the column place is not in the hierarchy"),
        ("a,b\nX,x\n", None, "not clear which column"),
        ("a,b\nN,n1\nN,n2\nS,s1\n", "region", "no key column region"),
        ("a,b\nN,n1\nN,s1\nS,n2\n", None, "is not the sum of its 2 parts"),
    ],
)
def test_cells_and_hierarchy_against_each_other(hierarchy: str, column: str | None, sentence: str) -> None:
    known = read_hierarchy("h.csv", hierarchy.encode(), column)
    with pytest.raises(UnusableError, match=sentence):
        with_margins(read_cells("c.csv", CELLS.encode()), [known])


def test_two_hierarchies_of_one_column() -> None:
    known = read("a,b\nN,n1\nN,n2\nS,s1\n")
    with pytest.raises(UnusableError, match="Two hierarchies"):
        with_margins(read_cells("c.csv", CELLS.encode()), [known, known])


def test_deep_hierarchies_do_not_multiply_without_end() -> None:
    """One line under 8 hierarchies of 19 levels has 20 ** 8 totals."""
    levels = 19
    keys = [f"k{at}" for at in range(8)]
    rows = [",".join(f"{key}x{level}" for key in keys) + ",5" for level in range(levels)]
    trees = [
        read_hierarchy("h.csv", "\n".join((header, header)).encode(), key)
        for key in keys
        for header in [",".join(f"{key}x{level}" for level in range(levels))]
    ]
    with pytest.raises(UnusableError, match="more than 500000 cells"):
        with_margins(read_cells("c.csv", "\n".join([",".join([*keys, "n"]), *rows]).encode()), trees)
