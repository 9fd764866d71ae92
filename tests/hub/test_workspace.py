"""Where things stand on the host."""

from __future__ import annotations

from pathlib import PurePosixPath

from hub.workspace import StateLayout, Workspace

LAYOUT = StateLayout(PurePosixPath("/srv/bulle"))
ALICE = Workspace("alice", "p")


def test_everything_stands_under_the_root_and_apart() -> None:
    places = [
        LAYOUT.log,
        LAYOUT.hub,
        LAYOUT.sources,
        LAYOUT.keys,
        LAYOUT.quarantine,
        LAYOUT.exports,
        LAYOUT.launcher,
        LAYOUT.run("p-1"),
        LAYOUT.extract("p", "e"),
        LAYOUT.home(ALICE),
        LAYOUT.shared("p"),
        LAYOUT.outbox(ALICE),
    ]
    assert all(LAYOUT.root in place.parents for place in places)
    assert len({place.relative_to(LAYOUT.root).parts[0] for place in places}) == len(places)


def test_an_outbox_stands_where_the_egress_service_looks() -> None:
    assert LAYOUT.outbox(ALICE) == LAYOUT.outboxes / "p" / "alice"
