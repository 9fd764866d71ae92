"""An extract's rows are those of the version of the permit that it was built from."""

from __future__ import annotations

from pathlib import Path

import pytest

from egress.airlock.examine import lineage_of
from egress.released.fingerprint import Granted
from hub.events.log import EventLog
from hub.events.state import fold
from hub.extracts.manifest import Manifest
from hub.extracts.plan import permit_digest
from hub.extracts.reader import Extract
from hub.policy.model import DataPermit, TableGrant, Years
from tests.egress.airlock.enclave import CATALOGUE, issue
from tests.egress.release.requests import permit

YEARS = TableGrant(columns=("region",), years=Years(column="year", first=2021, last=2023))
FIRST = permit(tables={"stay": YEARS})
MORE_RHO = FIRST.model_copy(update={"rho": FIRST.rho + 1})
OTHER_ROWS = permit(tables={"stay": TableGrant(columns=("region",))})
CUT = (Granted("stay", "year", 2021, 2023),)


def built_from(version: DataPermit | None) -> Extract:
    digest = None if version is None else permit_digest(version)
    manifest = Manifest.model_validate(
        {"catalogue": CATALOGUE, "tables": {}, "created_at": "now", "permit_sha256": digest}
    )
    return Extract(Path("v1"), manifest, "3" * 64)


@pytest.mark.parametrize(
    ("version", "issued", "rows"),
    [
        (FIRST, (FIRST,), CUT),
        (FIRST, (FIRST, MORE_RHO), CUT),  # a grant of rho leaves the extract what it was
        (FIRST, (FIRST, OTHER_ROWS), CUT),
        (OTHER_ROWS, (FIRST, OTHER_ROWS, MORE_RHO), (Granted("stay"),)),
        (permit(title="Never issued"), (FIRST, MORE_RHO), ()),
        (None, (OTHER_ROWS, FIRST), CUT),  # it does not say: the permit in force
    ],
)
def test_the_rows_are_those_of_the_version_it_was_built_from(
    version: DataPermit | None, issued: tuple[DataPermit, ...], rows: tuple[Granted, ...]
) -> None:
    assert lineage_of(built_from(version), issued, "tiny").population == rows


def test_every_version_of_a_permit_is_kept_and_the_last_is_in_force(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log.db")
    for version in (FIRST, MORE_RHO):
        issue(log, version)
    enclave = fold(log.read())
    log.close()
    assert enclave.versions["costs"] == (FIRST, MORE_RHO)
    assert enclave.permits["costs"] == MORE_RHO
