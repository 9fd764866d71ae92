"""A row key stored as another type than the column joined to it: no fan-out beyond the bound, nobody's presence told.

The grammar compares types by the catalogue, which need not list a row key. DuckDB casts to compare: '1', '01' and ' 1'
become one number, two large numbers become one double, and a text that is no number ends the statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from egress.privacy.child import ask
from egress.privacy.failure import PrivacyError
from egress.privacy.files import files
from egress.privacy.read import read
from egress.privacy.spec import DpSpec, to_json
from egress.privacy.vectors import vectors
from egress.query.model import Query
from egress.query.parse import parse
from hub.extracts.manifest import Manifest
from tests.egress.query.extracts import pack_numbered

COUNT = "SELECT count(*) AS n FROM visit v {join} site s USING (site_id) WHERE v.kind = 'a'"


def world(folder: Path, kind: str, sites: Sequence[Any], visits: Sequence[tuple[Any, str]]) -> Manifest:
    """One visit of each person, at a site of the catalogue's type `kind`; sites have the type of their values."""

    def column(of: str, **facts: Any) -> dict[str, Any]:
        return {"type": of, "description": "d", **facts}

    visit = {"site_id": column(kind), "kind": column("string", categories=["a", "b"])}
    raw = {
        "source": {"name": "s", "person_key": "pid"},
        "tables": {
            "visit": {"rows_per_person": 1, "columns": visit},
            "site": {"row_key": "site_id", "columns": {"public": column("boolean")}},
        },
    }
    persons = [f"p{at}" for at in range(len(visits))]
    rows = {"pid": persons, "site_id": [site for site, _ in visits], "kind": [kind for _, kind in visits]}
    return pack_numbered(folder, raw, {"visit": rows, "site": {"site_id": sites, "public": [True] * len(sites)}})


def asked(manifest: Manifest, join: str) -> DpSpec:
    query = parse(COUNT.format(join=join), manifest.catalogue, frozenset({"visit"}))
    assert isinstance(query, Query), query
    spec = read(query, manifest)
    assert isinstance(spec, DpSpec), spec
    return spec


@pytest.mark.parametrize("join", ["JOIN", "LEFT JOIN"])
@pytest.mark.parametrize(
    ("kind", "sites", "visits"),
    [
        ("integer", ["1", "01", " 1"], [(1, "a")]),
        ("number", [2**53, 2**53 + 1], [(float(2**53), "a")]),
        ("string", [1, 2], [("1", "a"), ("no number", "a")]),
        ("string", [1, 2], [("1", "a"), ("no number", "b")]),  # the same refusal, whoever has the odd text
        ("string", [1, 2], [("1", "a")]),
    ],
)
def test_columns_of_two_types_are_not_joined(
    tmp_path: Path, join: str, kind: str, sites: Sequence[Any], visits: Sequence[tuple[Any, str]]
) -> None:
    folder = tmp_path / "extract"
    manifest = world(folder, kind, sites, visits)
    spec = asked(manifest, join)
    with pytest.raises(ValueError, match="types"):
        vectors(spec, files(spec, manifest, folder))


@pytest.mark.parametrize(("kind", "site"), [("integer", 1), ("string", "1")])
def test_columns_of_one_type_are(tmp_path: Path, kind: str, site: Any) -> None:
    folder = tmp_path / "extract"
    manifest = world(folder, kind, [site], [(site, "a"), (site, "a"), (site, "b")])
    spec = asked(manifest, "JOIN")
    assert vectors(spec, files(spec, manifest, folder)) == ((2,),)


def test_the_worker_says_so_in_one_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "extract"
    manifest = world(folder, "string", [1], [("secret", "a")])
    spec = asked(manifest, "JOIN")
    paths = {table: str(path) for table, path in files(spec, manifest, folder).items()}
    act = {"act": "draw", "spec": to_json(spec), "nano_rho": 10**8, "delta": 1e-6, "confidence": 0.95, "files": paths}
    with pytest.raises(PrivacyError, match="different types; nothing was released"):
        ask(act)
