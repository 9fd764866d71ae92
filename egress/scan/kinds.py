"""What a file is, told from its first bytes and never from its name. Pure."""

from __future__ import annotations

import struct
from enum import StrEnum
from types import MappingProxyType

from hub.words import say


class Kind(StrEnum):
    """The kinds that are told apart; whatever is none of them is UNKNOWN."""

    TEXT = "text"
    SCRIPT = "script"
    NOTEBOOK = "notebook"
    ZIP = "zip"
    WHEEL = "wheel"
    TAR = "tar"
    GZIP = "gzip"
    BZIP2 = "bzip2"
    XZ = "xz"
    CLOSED = "closed"
    ELF = "elf"
    PE = "pe"
    MACHO = "macho"
    JAVA = "java"
    WASM = "wasm"
    LIBRARY = "library"
    BYTECODE = "bytecode"
    PICKLE = "pickle"
    R_DATA = "r_data"
    OFFICE = "office"
    OLD_OFFICE = "old_office"
    PDF = "pdf"
    IMAGE = "image"
    DATA = "data"
    UNKNOWN = "unknown"


WORDS = MappingProxyType(
    {
        Kind.TEXT: say("text"),
        Kind.SCRIPT: say("script"),
        Kind.NOTEBOOK: say("notebook"),
        Kind.ZIP: say("zip archive"),
        Kind.WHEEL: say("Python wheel"),
        Kind.TAR: say("tar archive"),
        Kind.GZIP: say("gzip file"),
        Kind.BZIP2: say("bzip2 file"),
        Kind.XZ: say("xz file"),
        Kind.CLOSED: say("archive of a kind that is not opened here"),
        Kind.ELF: say("Linux program or library (ELF)"),
        Kind.PE: say("Windows program or library (PE)"),
        Kind.MACHO: say("macOS program or library (Mach-O)"),
        Kind.JAVA: say("compiled Java or Android code"),
        Kind.WASM: say("WebAssembly"),
        Kind.LIBRARY: say("archive of compiled objects"),
        Kind.BYTECODE: say("Python bytecode"),
        Kind.PICKLE: say("Python pickle"),
        Kind.R_DATA: say("R data file"),
        Kind.OFFICE: say("office document"),
        Kind.OLD_OFFICE: say("office document of the old form"),
        Kind.PDF: say("PDF"),
        Kind.IMAGE: say("image"),
        Kind.DATA: say("data file"),
        Kind.UNKNOWN: say("unknown content"),
    }
)

COMPILED = frozenset({Kind.ELF, Kind.PE, Kind.MACHO, Kind.JAVA, Kind.WASM, Kind.LIBRARY, Kind.BYTECODE})
READABLE = frozenset({Kind.TEXT, Kind.SCRIPT, Kind.NOTEBOOK})
ARCHIVES = frozenset({Kind.ZIP, Kind.WHEEL, Kind.OFFICE, Kind.TAR, Kind.GZIP, Kind.BZIP2, Kind.XZ})

_MAGICS: tuple[tuple[Kind, tuple[bytes, ...]], ...] = (
    (Kind.ELF, (b"\x7fELF",)),
    (Kind.MACHO, (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe")),
    (Kind.WASM, (b"\x00asm",)),
    (Kind.JAVA, (b"dex\n",)),
    (Kind.LIBRARY, (b"!<arch>\n",)),
    (Kind.ZIP, (b"PK\x03\x04", b"PK\x05\x06")),
    (Kind.GZIP, (b"\x1f\x8b",)),
    (Kind.BZIP2, (b"BZh",)),
    (Kind.XZ, (b"\xfd7zXZ\x00",)),
    (Kind.CLOSED, (b"7z\xbc\xaf'\x1c", b"Rar!\x1a\x07", b"\x28\xb5\x2f\xfd", b"MSCF", b"\x04\x22M\x18")),
    (Kind.PDF, (b"%PDF-",)),
    (Kind.OLD_OFFICE, (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)),
    (Kind.IMAGE, (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*")),
    (Kind.R_DATA, (b"RDX2\n", b"RDX3\n", b"RDA2\n", b"RDA3\n", b"X\n\x00\x00\x00")),
    (Kind.DATA, (b"PAR1", b"ARROW1", b"\x89HDF\r\n", b"SQLite format 3\x00", b"\x93NUMPY", b"Obj\x01")),
)
_TAR_AT, _TAR = 257, b"ustar"
_PICKLE_PROTOCOLS = frozenset({2, 3, 4, 5})
_MOST_JAVA = 0x10000  # a Java class has its version where a fat Mach-O has its few architectures


def kind_of(content: bytes) -> Kind:
    """What `content` is. An archive's own kind (wheel, office document) is told once it is opened."""
    for kind, magics in _MAGICS:
        if content.startswith(magics):
            return kind
    if content.startswith(b"\xca\xfe\xba\xbe"):
        return Kind.JAVA if 44 <= int.from_bytes(content[4:8], "big") < _MOST_JAVA else Kind.MACHO
    if content[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
        return Kind.TAR
    if _is_windows_program(content):
        return Kind.PE
    if len(content) >= 16 and content[2:4] == b"\r\n" and b"\x00" in content[4:16]:
        return Kind.BYTECODE
    if content[:1] == b"\x80" and len(content) > 2 and content[1] in _PICKLE_PROTOCOLS and content.endswith(b"."):
        return Kind.PICKLE
    return _kind_of_text(content)


def _is_windows_program(content: bytes) -> bool:
    if not content.startswith(b"MZ") or len(content) < 64:
        return False
    (header,) = struct.unpack_from("<I", content, 60)
    return content[header : header + 4] == b"PE\x00\x00" or b"\x00" in content[:64]


def _kind_of_text(content: bytes) -> Kind:
    text = text_of(content)
    if text is None:
        return Kind.UNKNOWN
    if text.startswith("#!"):
        return Kind.SCRIPT
    opening = text[:4096].lstrip()
    if opening.startswith("{") and '"nbformat"' in text and '"cells"' in text:
        return Kind.NOTEBOOK
    return Kind.TEXT


def text_of(content: bytes) -> str | None:
    """`content` as text, None when it is none: UTF-8, UTF-16 with its mark, else Latin-1 without control characters."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decoded(content, "utf-16")
    if b"\x00" in content:
        return None
    text = _decoded(content, "utf-8-sig")
    if text is None:
        text = content.decode("latin-1")
        if any(sign in text for sign in _NOT_IN_LATIN_TEXT):
            return None
    return text


_NOT_IN_LATIN_TEXT = tuple(chr(code) for code in (*range(1, 9), *range(14, 27), *range(28, 32), 127))


def _decoded(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None
