"""The way in from upload to the project's folder and out of it again, with the events that say so."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path, PurePosixPath

import pytest

from egress.airlock.following import Following
from egress.airlock.import_desk import ImportDesk, rules_in
from egress.airlock.importing import Importer
from egress.airlock.runners import FrozenRequest
from egress.imports.guards import Asking
from egress.imports.model import ImportRequest
from egress.imports.status import ImportStatus
from egress.release.model import FrozenFile
from egress.rerun.result import RerunResult
from egress.store.arrivals import Arrivals
from egress.store.quarantine import Quarantine
from egress.worker import bring_in
from hub.policy.verdict import RefusedError
from tests.egress.airlock.enclave import TinyEnclave, make_enclave, notebook
from tests.egress.airlock.remembering import RememberingRunner
from tests.egress.scan import made


class Way:
    """The way in of a small enclave; its folders are made by this process, which stands in for the launcher."""

    def __init__(self, root: Path) -> None:
        self.enclave: TinyEnclave = make_enclave(root)
        enclave, self.root = self.enclave, root
        self.arrivals, self.quarantine = Arrivals(root / "arrivals"), Quarantine(root / "quarantine")
        limits, rules = enclave.limits.imports, rules_in(enclave.policies)
        self.desk = ImportDesk(Following(enclave.log), self.quarantine, limits, rules, enclave.clock)
        self.importer = Importer(
            log=enclave.log,
            following=Following(enclave.log),
            quarantine=self.quarantine,
            arrivals=self.arrivals,
            layout=enclave.layout,
            rules=rules,
            limits=limits,
            make_folder=lambda project: (root / "imports" / project).mkdir(parents=True, exist_ok=True),
            clock=enclave.clock,
        )

    def ask(self, **files: bytes) -> ImportRequest:
        """Upload `files` (a double underscore stands for the dot of a name) and ask for them, as alice."""
        frozen = tuple(
            FrozenFile(name.replace("__", "."), hashlib.sha256(content).hexdigest(), len(content))
            for name, content in files.items()
        )
        asking = Asking("A tool", "To weigh", "Our repository", frozen)
        return self.desk.ask("costs", "alice", asking, lambda: [self.arrivals.put(each) for each in files.values()])

    def turn(self) -> None:
        bring_in(self.importer, {}, self.enclave.clock())

    def status(self, identity: str = "costs-import-1") -> ImportStatus:
        return self.desk.show(identity, None).status

    def approve(self, identity: str = "costs-import-1", person: str = "carol") -> None:
        self.desk.decide(identity, person, self.desk.show(identity, None).report, approve=True, comment="")

    def kinds(self) -> list[str]:
        return [event.kind for event in self.enclave.log.read() if event.kind.startswith("import")]


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Way]:
    made_way = Way(tmp_path)
    yield made_way
    made_way.enclave.log.close()


TOOL = b"def answer():\n    return 42\n"


def test_from_upload_to_the_project_and_out_again(way: Way) -> None:
    asked = way.ask(tool__py=TOOL, codes__csv=b"code,label\nA,one\n")
    way.turn()
    assert way.status() is ImportStatus.IN_REVIEW
    assert way.arrivals.older_than(way.enclave.clock.now + timedelta(days=9999)) == ()
    way.approve()
    way.turn()
    placed = way.root / "imports" / "costs" / "import-1"
    assert {path.name: path.read_bytes() for path in placed.iterdir()} == {
        "tool.py": TOOL,
        "codes.csv": b"code,label\nA,one\n",
    }
    assert [oct(path.stat().st_mode & 0o777) for path in (placed, placed / "tool.py")] == ["0o755", "0o444"]
    way.desk.withdraw(asked.id, "carol", "an error in it")
    way.turn()
    assert not placed.exists()
    assert way.kinds() == [
        f"import.{step}" for step in ("asked", "frozen", "scanned", "approved", "placed", "withdrawn", "removed")
    ]
    for event in way.enclave.log.read():
        if event.kind.startswith("import."):
            assert (event.project, event.body["digest"]) == ("costs", asked.digest)
            assert "alice" in {event.actor, event.body.get("person")}


def test_a_compiled_wheel_goes_back_with_its_reason(way: Way) -> None:
    way.ask(tool__whl=made.wheel(lib=made.ELF))
    way.turn()
    found = way.desk.show("costs-import-1", "alice")
    assert found.status is ImportStatus.REFUSED
    assert "compiled code" in str(found.reasons[0])
    assert not (way.root / "imports").exists()


def test_nobody_approves_their_own_and_the_try_is_told(way: Way) -> None:
    way.ask(tool__py=TOOL)
    way.turn()
    with pytest.raises(RefusedError) as caught:
        way.approve(person="alice")
    assert caught.value.refusal.rule == "import.own"
    assert way.kinds()[-1] == "import.decision_refused"
    with pytest.raises(RefusedError):  # a person of no role learns nothing
        way.approve(person="mallory")
    with pytest.raises(RefusedError):
        way.desk.decide(
            "costs-import-1", "carol", way.desk.show("costs-import-1", None).report, approve=False, comment=""
        )
    assert way.status() is ImportStatus.IN_REVIEW


def test_bytes_that_changed_on_the_way_go_nowhere(way: Way) -> None:
    asked = way.ask(tool__py=TOOL)
    digest = asked.files[0].sha256
    (way.root / "arrivals" / digest[:2] / digest).write_bytes(made.ELF)
    way.turn()
    assert way.status() is ImportStatus.ASKED
    assert way.kinds() == ["import.asked", "import.failed"]
    way.turn()
    assert way.kinds() == ["import.asked", "import.failed"]  # the same failure is one fact


def test_a_halt_keeps_everything_where_it_is(way: Way) -> None:
    way.ask(tool__py=TOOL)
    way.turn()
    way.approve()
    way.enclave.log.append("opal", "access.halted", "costs", {"scope": "project", "name": "costs", "why": "x"})
    way.turn()
    assert way.status() is ImportStatus.APPROVED
    assert not (way.root / "imports" / "costs").exists()


def test_withdrawn_while_it_is_being_laid(way: Way) -> None:
    way.ask(tool__py=TOOL)
    way.turn()
    way.approve()
    make = way.importer._make_folder

    def meanwhile(project: str) -> None:
        make(project)
        if way.status() is ImportStatus.APPROVED:
            way.desk.withdraw("costs-import-1", "alice", "not any more")

    way.importer._make_folder = meanwhile
    way.turn()
    assert way.status() is ImportStatus.REMOVED
    assert list((way.root / "imports" / "costs").iterdir()) == []


def test_an_upload_that_broke_off_is_dropped_and_one_that_waits_is_not(way: Way) -> None:
    asked = way.ask(tool__py=TOOL)
    lost = way.arrivals.put(b"lost")
    old = way.enclave.clock.now.timestamp() - 3601
    for digest in (lost, asked.files[0].sha256):
        os.utime(way.root / "arrivals" / digest[:2] / digest, (old, old))
    way.importer.tidy()
    assert way.arrivals.older_than(way.enclave.clock.now) == (asked.files[0].sha256,)


def test_a_request_names_the_imports_and_its_re_run_has_those_and_no_others(way: Way) -> None:
    run, seen = RememberingRunner(), []

    def runner(frozen: FrozenRequest, extract: PurePosixPath) -> RerunResult:
        seen.append(frozen.imports)
        return run(frozen, extract)

    way.enclave.airlock = way.enclave.with_runner(runner)
    for content in (TOOL, TOOL + b"\n", TOOL + b"\n\n"):
        way.ask(tool__py=content)
    way.turn()
    way.approve("costs-import-1")
    way.approve("costs-import-2")
    way.turn()
    way.enclave.hand_in(notebook("1"))
    (identity,) = way.enclave.airlock.take_in()
    way.approve("costs-import-3")
    way.desk.withdraw("costs-import-2", "alice", "wrong")
    way.turn()
    request = way.enclave.desk.look().request(identity)
    assert [(each.id, each.files[0].sha256) for each in request.imports] == [
        (f"costs-import-{number}", way.desk.show(f"costs-import-{number}", None).files[0].sha256) for number in (1, 2)
    ]
    way.enclave.airlock.process(identity)
    assert seen == [{"import-1": {"tool.py": TOOL}}]  # 3 came later, 2 was withdrawn
    assert way.enclave.last("request.rerun")["imports"] == ["costs-import-1"]
    after = way.enclave.desk.look().request(identity)
    assert [each.id for each in after.imports] == ["costs-import-1"]
