"""Re-runs folded from the log: only the service ends one, and only once."""

from typing import Any

from egress.release.reproduction import fold_reproductions
from hub.words import say
from tests.egress.release.requests import about, events

ASKED = about("rita", "reproduction.asked")
NO = say("This request has no reproduction dossier: it was released before there were any.").to_dict()


def ended(actor: str = "egress", **body: Any) -> tuple[str, str, Any]:
    return about(actor, "reproduction.ended", **{"asked": 1, "certificate": "a" * 64, **body})


def test_it_waits_until_the_service_ends_it() -> None:
    (found,) = fold_reproductions(events(ASKED)).values()
    assert (found.request, found.person, found.waits) == ("costs-1", "rita", True)
    (found,) = fold_reproductions(events(ASKED, ended())).values()
    assert (found.certificate, found.waits) == ("a" * 64, False)
    (found,) = fold_reproductions(events(ASKED, about("egress", "reproduction.refused", asked=1, reason=NO))).values()
    assert str(found.refused).startswith("This request has no reproduction dossier")


def test_nobody_else_ends_it_nor_changes_what_ended() -> None:
    (found,) = fold_reproductions(events(ASKED, ended("rita"))).values()
    assert found.waits
    (found,) = fold_reproductions(events(ASKED, ended(), ended(certificate="b" * 64))).values()
    assert found.certificate == "a" * 64


def test_malformed_events_change_nothing() -> None:
    for body in ({"asked": "x"}, {"asked": 7}, {"asked": None}, {"certificate": "a"}):
        (found,) = fold_reproductions(events(ASKED, about("egress", "reproduction.ended", **body))).values()
        assert found.waits
    assert not fold_reproductions(events(about("rita", "reproduction.refused", reason=NO)))
