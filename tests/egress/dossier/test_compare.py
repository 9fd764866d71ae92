"""What a re-run says of each output, and what may be said of all together."""

import hashlib
import json
from dataclasses import replace

from egress.checks.table import Table
from egress.dossier.certificate import Certificate, read_certificate
from egress.dossier.compare import NOISE, PLACES, Compared, Verdict, compare
from egress.dossier.contents import MadeOutput
from egress.rerun.result import RerunStatus, sentence
from hub.language import render

TABLE = Table(("region", "stays"), (("north", 120), ("south", None)))
BYTES = b"region,stays\nnorth,120\nsouth,\n"
MADE = MadeOutput("stays", "recomputed", "suppress", "a" * 64, "tables/stays.csv", hashlib.sha256(BYTES).hexdigest())


def told(now: Table | None, content: bytes | None = b"other") -> list[str]:
    found = compare(MADE, TABLE, now, content)
    assert found.verdict is (Verdict.MISSING if content is None else Verdict.DIFFERS)
    return [str(place) for place in found.where]


def test_the_same_bytes_are_the_same() -> None:
    found = compare(MADE, TABLE, TABLE, BYTES)
    assert (found.verdict, found.now, found.where) == (Verdict.SAME, MADE.sha256, ())


def test_what_differs_is_named_by_its_place_and_never_by_its_value() -> None:
    other = Table(TABLE.columns, (("north", 121), ("south", 7)))
    assert told(other) == ["Row 1, column stays.", "Row 2, column stays."]
    assert told(Table(("region", "n"), TABLE.rows)) == ["Its columns are others."]
    assert told(Table(TABLE.columns, TABLE.rows[:1])) == ["It had 2 rows and now has 1."]
    assert told(TABLE) == ["Its cells are the same; its file is spelled otherwise."]
    assert told(None, None) == ["The re-run does not give this output."]


def test_what_is_no_table_differs_as_a_whole() -> None:
    for file, why in (("texts/stays.txt", "Its text is another."), ("figures/stays.png", "Its pixels are others.")):
        found = compare(replace(MADE, file=file), None, None, b"other")
        assert [str(place) for place in found.where] == [why]


def test_of_many_cells_the_first_are_named() -> None:
    many = Table(("n",), tuple((row,) for row in range(PLACES + 3)))
    shifted = Table(("n",), tuple((row + 1,) for row in range(PLACES + 3)))
    where = compare(MADE, many, shifted, b"x").where
    assert len(where) == PLACES + 1
    assert str(where[-1]) == "And 3 more cells."


def certificate(*outputs: Compared, ended: RerunStatus = RerunStatus.FINISHED) -> Certificate:
    return Certificate(
        request="costs-1",
        project="costs",
        person="rita",
        at="2026-06-01T08:00:00+00:00",
        dossier="d" * 64,
        image="sha256:0",
        extract="e" * 64,
        isolation="container",
        seconds=1.5,
        ended=ended,
        told=sentence(ended, 3),
        outputs=outputs,
    )


SAME, MISSING = Compared(MADE, Verdict.SAME, MADE.sha256), Compared(MADE, Verdict.MISSING)
NOISY = Compared(MADE, Verdict.NOT_COMPARED, where=(NOISE,))


def test_it_says_what_is_true_and_no_more() -> None:
    whole, part = certificate(SAME, SAME), certificate(SAME, NOISY)
    assert [str(each) for each in whole.sentences()] == ["Reproduced: 2 of 2 outputs have the same bytes."]
    assert [str(each) for each in part.sentences()] == [
        "Reproduced: 1 of 2 outputs have the same bytes.",
        "Outputs with noise, which is not drawn again: 1.",
    ]
    assert (whole.whole, part.whole) == (True, False)
    failed = certificate(MISSING, ended=RerunStatus.CELL_FAILED)
    assert "Cell 3 of the notebook failed" in " ".join(map(str, failed.sentences()))


def test_it_comes_back_with_its_sentences() -> None:
    read = read_certificate(certificate(SAME, NOISY).to_bytes())
    assert read["summary"] == {"same": 1, "differs": 0, "missing": 0, "not_compared": 1}
    assert render(read["says"][0], "fr") == "Reproduits : 1 résultats sur 2 ont les mêmes octets."
    assert read["outputs"][1]["where"] == [NOISE]
    assert json.loads(certificate(SAME).to_bytes())["schema"] == "bulle.reproduction/1"
