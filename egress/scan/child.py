"""The child that looks into files: rules and bytes in on stdin, one value out on stdout, and then it ends.

It has loaded all that it needs before it reads a byte of the question, and opens no file afterwards.
"""

from __future__ import annotations

import io
import json
import os
import sys
import tarfile
import zipfile

from egress.apart.confine import confine
from egress.scan.look import scan
from egress.scan.model import Rules, Scanned


def _warm() -> None:
    """Load what is loaded at first use: afterwards nothing can be."""
    rules = Rules("review", "review", 1 << 20, 10, 2, 100)
    zipped, tarred = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("é.py", "# 12 mars 1954, 06 12 34 56 78\n" * 3)
        archive.writestr("b.txt", "x", zipfile.ZIP_BZIP2)
        archive.writestr("c.txt", "x", zipfile.ZIP_DEFLATED)
    with tarfile.open(fileobj=tarred, mode="w:gz", format=tarfile.PAX_FORMAT) as archive_too:
        member = tarfile.TarInfo("é.txt")
        member.size = 1
        archive_too.addfile(member, io.BytesIO(b"x"))
    files = [
        ("a.zip", zipped.getvalue()),
        ("b.tgz", tarred.getvalue()),
        ("c.txt", "é".encode("utf-16")),
        ("d", b"\xff"),
    ]
    Scanned.from_bytes(scan([*files, ("e.gz", b"\x1f\x8bx")], rules).to_bytes())


def main() -> None:
    """Answer one question. What goes wrong ends the process; its texts may hold what was read, and go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    _warm()
    head = json.loads(sys.stdin.buffer.readline(1 << 14))
    confine(int(head["seconds"]), int(head["memory_mb"]), files=False)
    files = [(str(name), sys.stdin.buffer.read(int(size))) for name, size in head["files"]]
    sys.stdout.buffer.write(scan(files, Rules(**head["rules"])).to_bytes())
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
