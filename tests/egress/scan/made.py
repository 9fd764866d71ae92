"""Files as people and attackers make them."""

from __future__ import annotations

import io
import tarfile
import zipfile

ELF = b"\x7fELF\x02\x01\x01" + bytes(57)
PE = b"MZ" + bytes(58) + (64).to_bytes(4, "little") + b"PE\x00\x00" + bytes(20)
MACHO = b"\xcf\xfa\xed\xfe" + bytes(60)
FAT_MACHO = b"\xca\xfe\xba\xbe\x00\x00\x00\x02" + bytes(60)
JAVA = b"\xca\xfe\xba\xbe\x00\x00\x00\x41" + bytes(60)
BYTECODE = b"\xa7\x0d\r\n" + bytes(12) + b"\xe3\x00\x00"
NIR = "185057800608491"  # made up: the key fits


def zipped(files: dict[str, bytes | str], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def zipped_as(name: str, mode: int, content: bytes = b"x") -> bytes:
    """A zip with one entry that says of itself what `mode` says."""
    made, info = io.BytesIO(), zipfile.ZipInfo("placeholder")
    info.filename, info.external_attr, info.create_system = name, mode << 16, 3
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(info, content)
    return made.getvalue()


def tarred(*members: tarfile.TarInfo, compression: str = "gz") -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=f"w:{compression}") as archive:  # type: ignore[call-overload]  # "gz", "bz2", "xz" or ""
        for member in members:
            archive.addfile(member, io.BytesIO(b"#" * member.size) if member.isreg() else None)
    return made.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, target
    made.size = 3 if kind == tarfile.REGTYPE else 0
    return made


def wheel(**more: bytes) -> bytes:
    """A small Python wheel with `more` beside its module, by name."""
    plain = {"tool/__init__.py": b"def answer():\n    return 42\n", "tool-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\n"}
    return zipped({**plain, **{name.replace("__", "/"): content for name, content in more.items()}})
