"""What stays inside is told there, and only there."""

import json

from egress.dossier.criteria import criteria_inside
from egress.package.archive import package_files
from tests.egress.package.contents import SECRET, contents


def test_it_holds_what_the_packages_own_criteria_may_not() -> None:
    inside, left = criteria_inside(contents()).decode(), package_files(contents())["criteria.json"].decode()
    for kept in ("carol", "alice", "987654.25", SECRET):
        assert kept in inside
        assert kept not in left
    found = json.loads(inside)
    assert found["reviews"][0]["checker"] == "carol"
    assert {vote["output"]: vote["choice"] for vote in found["reviews"][0]["votes"]}["kept"] == "reject"
    assert {each["audience"] for each in found["outputs"][0]["findings"]} == {"author", "checker"}


def test_the_same_decision_gives_the_same_bytes() -> None:
    assert criteria_inside(contents()) == criteria_inside(contents())
