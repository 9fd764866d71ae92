"""What a scan says of honest files and of hostile ones: what is refused is planted, and what people must judge."""

from __future__ import annotations

import bz2
import gzip
import lzma
import pickle
import stat
import tarfile
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.checks.model import Outcome
from egress.scan.kinds import COMPILED, Kind, kind_of
from egress.scan.look import scan
from egress.scan.model import Rules, Scanned
from tests.egress.scan import made

RULES = Rules("refuse", "refuse", 1_000_000, 50, 3, 400)


def looked(name: str, content: bytes, rules: Rules = RULES) -> Scanned:
    return scan([(name, content)], rules)


def said(scanned: Scanned) -> set[tuple[str, str]]:
    return {(notice.rule, str(notice.outcome)) for notice in scanned.notices}


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("tool.py", b"def f(x):\n    return x + 1\n", Kind.TEXT),
        ("run.sh", b"#!/bin/sh\necho\n", Kind.SCRIPT),
        ("codes.csv", "code;libellé\nA01;Choléra\n".encode("latin-1"), Kind.TEXT),
        ("codes.txt", "a\tb".encode("utf-16"), Kind.TEXT),
        ("study.ipynb", b'{"cells": [], "nbformat": 4}', Kind.NOTEBOOK),
        ("tools.zip", made.zipped({"a/b.py": "x = 1", "a/c.R": "x <- 1"}), Kind.ZIP),
        ("tool-1.0-py3-none-any.whl", made.wheel(), Kind.WHEEL),
        ("tool-1.0.tar.gz", made.tarred(made.member("tool/a.py")), Kind.GZIP),
        ("tool.tar.xz", made.tarred(made.member("tool/a.py"), compression="xz"), Kind.XZ),
        ("tool.tar", made.tarred(made.member("tool/a.py"), compression=""), Kind.TAR),
        ("codes.csv.bz2", bz2.compress(b"a,b\n1,2\n"), Kind.BZIP2),
        ("book.xlsx", made.zipped({"[Content_Types].xml": "<a/>", "xl/a.xml": "<b/>"}), Kind.OFFICE),
    ],
)
def test_honest_files_have_no_automatic_finding(name: str, content: bytes, kind: Kind) -> None:
    scanned = looked(name, content)
    assert scanned.files[0].kind is kind
    assert scanned.notices == ()
    assert scanned.outcome is Outcome.PASS


@pytest.mark.parametrize(
    "content", [made.ELF, made.PE, made.MACHO, made.FAT_MACHO, made.JAVA, made.BYTECODE, b"\x00asm\1"]
)
@pytest.mark.parametrize("name", ["tool.py", "tool", "notes.csv", "library.so"])
def test_compiled_code_is_known_by_its_content_and_never_by_its_name(name: str, content: bytes) -> None:
    assert kind_of(content) in COMPILED
    assert ("code.compiled", "fail") in said(looked(name, content))
    allowed = looked(name, content, Rules("review", "refuse", 1000, 5, 3, 400))
    assert allowed.outcome is Outcome.REVIEW  # a holder may leave it to people; nobody lets it pass unseen


def test_a_wheel_with_compiled_parts_is_said_to_be_one() -> None:
    scanned = looked("tool.whl", made.wheel(tool___speed=made.ELF, tool__data=b"x"))
    (notice,) = scanned.notices
    assert (notice.rule, notice.outcome) == ("code.compiled", Outcome.FAIL)
    assert "1 files" in str(notice.why)
    assert "wheel" in str(notice.why)
    assert {member.path for member in scanned.files[0].members} >= {"tool/_speed", "tool-1.0.dist-info/WHEEL"}


@pytest.mark.parametrize(
    "path", ["../evil.py", "a/../../evil.py", "/etc/passwd", "a\\..\\b", "C:evil.py", "a\x1b[2J.py", "x" * 300]
)
def test_no_path_of_an_archive_leads_out_of_it(path: str) -> None:
    for content in (made.zipped_as(path, stat.S_IFREG | 0o644), made.tarred(made.member(path))):
        assert said(looked("a.zip", content)) >= {("archive.path", "fail")}


def test_links_and_devices_in_archives_are_refused() -> None:
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
        assert ("archive.link", "fail") in said(looked("a.tgz", made.tarred(made.member("x", kind, "/etc/passwd"))))
    assert ("archive.link", "fail") in said(looked("a.zip", made.zipped_as("x", stat.S_IFLNK | 0o777, b"/etc/passwd")))


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_an_archive_holds_no_more_than_the_limit_when_opened(more: int) -> None:
    size = RULES.max_unpacked + more
    for name, content in (
        ("a.zip", made.zipped({"zeros": bytes(size)})),
        ("a.gz", gzip.compress(bytes(size))),
        ("a.xz", lzma.compress(bytes(size))),
    ):
        assert (("archive.bomb", "fail") in said(looked(name, content))) == (more > 0), name


def test_one_budget_for_all_files_together() -> None:
    half = made.zipped({"zeros": bytes(RULES.max_unpacked // 2 + 1)})
    assert scan([("a.zip", half)], RULES).outcome is not Outcome.FAIL
    assert scan([("a.zip", half), ("b.zip", half)], RULES).outcome is Outcome.FAIL


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_an_archive_holds_no_more_files_than_the_limit(more: int) -> None:
    names = [f"{number}.py" for number in range(RULES.max_entries + more)]
    assert (("archive.entries", "fail") in said(looked("a.zip", made.zipped(dict.fromkeys(names, ""))))) == (more > 0)


@pytest.mark.parametrize(("levels", "refused"), [(2, False), (3, False), (4, True)])
def test_archives_in_archives_have_an_end(levels: int, refused: bool) -> None:
    content = b"x = 1"
    for _ in range(levels):
        content = made.zipped({"a.zip" if content[:2] == b"PK" else "a.py": content})
    assert (("archive.depth", "fail") in said(looked("a.zip", content))) == refused


def test_what_nobody_can_open_is_refused() -> None:
    locked = bytearray(made.zipped({"a.py": "x"}))
    for at in (locked.index(b"PK\x03\x04") + 6, locked.index(b"PK\x01\x02") + 8):
        locked[at] |= 1
    assert ("archive.locked", "fail") in said(looked("a.zip", bytes(locked)))
    assert ("archive.closed", "fail") in said(looked("a.7z", b"7z\xbc\xaf'\x1c" + bytes(40)))
    assert ("archive.broken", "fail") in said(looked("a.zip", made.zipped({"a.py": "x" * 500})[:60]))
    assert ("archive.broken", "fail") in said(looked("a.gz", gzip.compress(b"x" * 5000)[:-12]))
    assert ("archive.twice", "fail") in said(looked("a.zip", made.zipped({"a.py": "x", "A.PY": "y"})))


def test_macros_and_pickles_are_told() -> None:
    macros = made.zipped({"[Content_Types].xml": "", "xl/vbaProject.bin": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"})
    assert ("office.macros", "fail") in said(looked("a.xlsx", macros))
    assert ("office.old", "fail") in said(looked("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99)))
    assert ("code.pickle", "review") in said(looked("a.pkl", pickle.dumps({"a": 1})))
    assert ("code.r_data", "review") in said(looked("a.rds", gzip.compress(b"X\n\x00\x00\x00\x03")))


def test_what_is_not_read_is_said_not_to_be() -> None:
    for content in (b"%PDF-1.7 x", b"\x89PNG\r\n\x1a\n", b"PAR1xx", b"\x81\x00\x02\x03\x04"):
        assert ("not_read", "review") in said(looked("a", content))


def test_a_name_that_promises_something_else_is_told() -> None:
    assert ("name.content", "review") in said(looked("codes.csv", b"%PDF-1.7"))
    assert ("name.content", "review") in said(looked("tool.py", made.wheel()))
    assert ("name.content", "review") in said(looked("tool.whl", b"print(1)"))


@pytest.mark.parametrize(
    "number", [made.NIR, "1 85 05 78 006 084 91", "".join(chr(0x660 + int(digit)) for digit in made.NIR)]
)
def test_social_security_numbers_are_refused_however_they_are_disguised(number: str) -> None:
    for name, content in (
        ("a.csv", f"id,x\n{number},3\n".encode()),
        ("a.zip", made.zipped({"deep/a.txt": f"x\n{number}\n"})),
        ("a.txt", f"x\n{number}\n".encode("utf-16")),
    ):
        scanned = looked(name, content)
        found = [notice for notice in scanned.notices if notice.rule == "identifiers.nir"]
        assert [(notice.outcome, notice.first) for notice in found] == [(Outcome.FAIL, 2)], name
        assert number not in scanned.to_bytes().decode()
    assert looked("a.csv", number.encode(), Rules("refuse", "review", 1000, 5, 3, 400)).outcome is Outcome.REVIEW


def test_what_may_be_an_identifier_is_for_people_with_its_lines() -> None:
    (notice,) = looked("a.py", b"x = 1\n# Jane <jane@example.org>\n# Joe <joe@example.org>\n").notices
    assert (notice.rule, notice.outcome, notice.lines, notice.first) == ("identifiers.looks", Outcome.REVIEW, 2, 2)
    assert ("identifiers.name", "review") in said(looked("jane.doe@example.org.py", b"x"))


def test_source_that_reads_otherwise_than_it_runs_is_told() -> None:
    assert ("text.unseen", "review") in said(looked("a.py", "x = 1  # \u202e fi".encode()))
    assert ("text.encoded", "review") in said(looked("a.py", b"x = '" + b"QUJD" * 100 + b"'"))
    assert looked("a.py", b"x = '" + b"QUJD" * 99 + b"'").notices == ()


ANYTHING = st.binary(max_size=300)
STARTS = st.sampled_from(
    [b"", b"PK\x03\x04", b"\x1f\x8b", b"BZh9", b"\xfd7zXZ\x00", b"MZ", made.ELF, b"\x80\x04", b"{"]
)


@settings(max_examples=300)
@given(STARTS, ANYTHING)
def test_a_scan_never_raises_and_comes_back_as_it_was(start: bytes, rest: bytes) -> None:
    scanned = looked("a.zip", start + rest)
    assert Scanned.from_bytes(scanned.to_bytes()) == scanned
    assert len(scanned.files) == 1


@settings(max_examples=100)
@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_changed_archive_never_raises(place: int, value: int) -> None:
    for whole in (
        made.wheel(),
        made.tarred(made.member("a.py"), compression=""),
        made.zipped({"a": b"b"}, zipfile.ZIP_LZMA),
    ):
        content = bytearray(whole)
        content[place % len(content)] = value
        looked("a.zip", bytes(content))
