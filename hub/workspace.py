"""A workspace: one person on one project, and where its things stand on the host. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True)
class Workspace:
    """One person × one project. Its name appears in container, network and folder names."""

    person: str
    project: str

    @property
    def slug(self) -> str:
        """Unique and readable; both parts are checked patterns without "--"."""
        return f"{self.project}--{self.person}"


@dataclass(frozen=True)
class StateLayout:
    """Where the enclave keeps its state under `root`, an absolute host path. Every process sees its own part only."""

    root: PurePosixPath

    @property
    def log(self) -> PurePosixPath:
        """The event log (SQLite)."""
        return self.root / "events" / "log.db"

    @property
    def hub(self) -> PurePosixPath:
        """JupyterHub's own database: sessions and tokens, nothing that permits decide."""
        return self.root / "hub"

    @property
    def second_factors(self) -> PurePosixPath:
        """What verifies second factors, sealed (SQLite); the hub's own."""
        return self.hub / "second-factors.db"

    @property
    def mailboxes(self) -> PurePosixPath:
        """`<person>.json`: where people are told of news by e-mail. The hub writes, the process that mails reads."""
        return self.root / "mailboxes"

    @property
    def sources(self) -> PurePosixPath:
        """`<source>/<table>.parquet`; read by the extractor only."""
        return self.root / "sources"

    @property
    def keys(self) -> PurePosixPath:
        """`<project>.key`: pseudonym keys; read by the extractor only."""
        return self.root / "keys"

    @property
    def quarantine(self) -> PurePosixPath:
        """Frozen requests and results, by digest."""
        return self.root / "quarantine"

    @property
    def exports(self) -> PurePosixPath:
        """Release packages, by request."""
        return self.root / "exports"

    @property
    def outboxes(self) -> PurePosixPath:
        """`<project>/<person>`: what researchers hand in."""
        return self.root / "outboxes"

    @property
    def runs(self) -> PurePosixPath:
        """`<request>`: the files of a re-run, for as long as it runs. Only the launcher makes folders here."""
        return self.root / "runs"

    @property
    def register(self) -> PurePosixPath:
        """The public register's files, which the edge serves to anybody."""
        return self.root / "register"

    @property
    def arrivals(self) -> PurePosixPath:
        """What browsers uploaded and the egress worker has not frozen yet, by digest."""
        return self.root / "arrivals"

    @property
    def launcher(self) -> PurePosixPath:
        """The launcher's socket, for those who may ask it."""
        return self.root / "launcher"

    @property
    def traffic(self) -> PurePosixPath:
        """`<day>.jsonl`: the edge's meter, a line for every answer that a workspace gave to a browser."""
        return self.root / "traffic"

    @property
    def notices(self) -> PurePosixPath:
        """`<project>/<person>`: what open workspaces are told. Only the launcher makes folders here."""
        return self.root / "notices"

    @property
    def refusals(self) -> PurePosixPath:
        """`<place>/<day>.jsonl`: what edge, gate, hub and engine refused, each in a folder of its own."""
        return self.root / "refusals"

    def run(self, request: str) -> PurePosixPath:
        """The files of one re-run."""
        return self.runs / request

    def run_imports(self, request: str) -> PurePosixPath:
        """The imports that one re-run sees. No request has a dot in its name."""
        return self.runs / f"{request}.imports"

    def imports(self, project: str) -> PurePosixPath:
        """`<import>/<file>`: what was brought into the project. Only the launcher makes the project's folder."""
        return self.root / "imports" / project

    def extract(self, project: str, folder: str) -> PurePosixPath:
        """One extract of a project."""
        return self.root / "extracts" / project / folder

    def home(self, workspace: Workspace) -> PurePosixPath:
        """The person's private folder of this project."""
        return self.root / "homes" / workspace.project / workspace.person

    def shared(self, project: str) -> PurePosixPath:
        """The folder that the project's researchers share."""
        return self.root / "projects" / project

    def notices_of(self, workspace: Workspace) -> PurePosixPath:
        """What this workspace is told; it reads there and writes nothing."""
        return self.notices / workspace.project / workspace.person

    def outbox(self, workspace: Workspace) -> PurePosixPath:
        """Where this person hands in release requests of this project."""
        return self.outboxes / workspace.project / workspace.person
