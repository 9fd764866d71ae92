"""Hostile pictures meet the real child: nothing leaves but pixels with few shades, and each refusal is a sentence."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
import zipfile
import zlib

import pytest
from PIL import Image

from egress.figures import redraw as module
from egress.figures.redraw import Redrawn, redrawn
from hub.policy.limits import read_limits
from hub.words import Message
from tests.egress.figures.made import (
    SIDE,
    after_header,
    chunk,
    drawn,
    file_of,
    header,
    message_in,
    png,
    spelled,
    with_message,
)

LIMITS = read_limits().figures
SECRET = b"person-000017 has it, and so has person-000203"


def made(content: bytes) -> Redrawn:
    found = redrawn(spelled(content), LIMITS)
    assert isinstance(found, Redrawn), found
    return found


def zipped() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("secret.txt", SECRET)
    return written.getvalue()


def test_nothing_is_left_of_a_file_but_its_picture() -> None:
    texts = [
        chunk(b"tEXt", b"Comment\0" + SECRET),
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(SECRET)),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + SECRET),
        chunk(b"iCCP", b"icc\0\0" + zlib.compress(SECRET * 9)),
        chunk(b"eXIf", b"II*\0" + SECRET),
        chunk(b"tIME", bytes(7)),
        chunk(b"prVt", SECRET),
    ]
    found = made(after_header(png(drawn()), *texts))
    assert SECRET not in found.png
    assert found == made(png(drawn()))
    kinds = [found.png[at - 4 : at] for at in range(4, len(found.png)) if found.png[at - 4 : at].isalpha()]
    assert {b"IHDR", b"IDAT", b"IEND"} <= set(kinds)
    with Image.open(io.BytesIO(found.png)) as picture:
        picture.load()
        assert (picture.mode, picture.size, picture.info) == ("RGB", (SIDE, SIDE), {})


@pytest.mark.parametrize("bit", range(4))
def test_a_message_in_any_of_the_low_bits_is_gone_to_the_last_bit(bit: int) -> None:
    """Planted, found in the file as it was handed in; the redrawn file is the same as without it."""
    hidden = png(with_message(drawn(), bit, SECRET))
    assert message_in(hidden, bit, len(SECRET)) == SECRET
    plain = with_message(drawn(), bit, bytes(len(SECRET)))
    assert made(hidden).png == made(png(plain)).png == made(png(drawn())).png


def test_a_message_in_a_high_bit_stays_and_the_picture_is_as_dense_as_no_drawing_is() -> None:
    noise = random.Random(1).randbytes(SIDE * SIDE * 3 // 8)
    found = made(png(with_message(drawn(), 4, noise)))
    assert found.density > LIMITS.dense > made(png(drawn())).density


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_kind_of_pixel_becomes_one_and_what_is_clear_is_white(mode: str) -> None:
    clear = {"transparency": 0} if mode == "P" else {}
    picture = Image.new(mode, (8, 8), 0 if mode in {"1", "L", "P"} else None)
    if mode in {"LA", "RGBA"}:
        picture.putalpha(0)
    with Image.open(io.BytesIO(made(png(picture, **clear)).png)) as shown:
        assert shown.getpixel((3, 3)) == ((255, 255, 255) if mode in {"LA", "P", "RGBA"} else (0, 0, 0))


def test_what_is_hidden_under_full_transparency_is_gone() -> None:
    picture = drawn().convert("RGBA")
    picture.putalpha(0)
    hidden = picture.copy()
    hidden.putpixel((5, 5), (17, 34, 51, 0))
    assert made(png(hidden)).png == made(png(picture)).png


IDAT = chunk(b"IDAT", zlib.compress(bytes(10)))
BOMB = chunk(b"IDAT", zlib.compress(bytes(64 << 20), 9))
APNG = after_header(png(drawn()), chunk(b"acTL", bytes(8)))
HOSTILE = {
    "not one": (b"", "no PNG"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "no PNG"),
    "jpeg": (b"\xff\xd8\xff\xe0" + bytes(64), "no PNG"),
    "zip behind": (png(drawn()) + zipped(), "after the picture"),
    "page behind": (png(drawn()) + b"<html><script>alert(1)</script>", "after the picture"),
    "two pictures": (png(drawn()) + png(drawn()), "after the picture"),
    "animated": (APNG, "animated"),
    "cut": (png(drawn())[:-30], "damaged"),
    "cut pixels": (file_of(header(64, 64), IDAT), "damaged"),
    "no pixels": (file_of(header(64, 64)), "damaged"),
    "changed": (png(drawn()).replace(b"IDAT", b"IDAX"), "damaged"),
    "two headers": (after_header(png(drawn()), header(9, 9)), "damaged"),
    "no header": (file_of(IDAT), "damaged"),
    "of no size": (file_of(header(0, 4), IDAT), "damaged"),
    "unknown colour": (file_of(header(4, 4, colour=5), IDAT), "damaged"),
    "huge": (file_of(header(0x7FFFFFFF, 0x7FFFFFFF), IDAT), "pixels"),
    "wide": (file_of(header(LIMITS.max_side + 1, 1), IDAT), "pixels"),
    "many": (file_of(header(2001, 2000), IDAT), "pixels"),
    "sixteen bits": (file_of(header(4, 4, depth=16), IDAT), "16 bits"),
    "interlaced": (file_of(header(4, 4, interlaced=1), IDAT), "interlaced"),
    "large": (png(drawn()) + bytes(LIMITS.max_kb * 1000), "kB"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_single_picture_within_the_limits_is_refused_in_a_sentence(name: str) -> None:
    content, told = HOSTILE[name]
    found = redrawn(spelled(content), LIMITS)
    assert isinstance(found, Message)
    assert told in str(found)


def test_a_bomb_gives_no_more_than_its_picture() -> None:
    """64 MiB of rows behind a picture of 4 by 4: the rows that the header names are unpacked, and no others."""
    found = made(file_of(header(4, 4), BOMB))
    assert (found.width, found.height) == (4, 4)


def test_a_picture_that_grows_is_held_to_the_same_size() -> None:
    """What leaves stands whole in a page, so that a small file of much noise is no way around the limit."""
    noise = Image.frombytes("P", (60, 60), bytes(random.Random(3).choices(range(16), k=3600)))
    noise.putpalette([shade for at in range(16) for shade in (16 * at, 255 - 16 * at, (80 * at) % 256)])
    content = png(noise, bits=4)
    assert len(content) < 2000 < len(made(content).png)
    assert isinstance(redrawn(spelled(content), LIMITS.model_copy(update={"max_kb": 2})), Message)


def test_who_meets_no_figure_needs_no_pillow() -> None:
    code = "import sys, egress.figures.look, egress.figures.rule; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_bytes_by_chance_are_a_sentence_or_a_picture() -> None:
    chance = random.Random(7)
    whole = png(drawn())
    for _ in range(4):
        spoiled = bytearray(whole)
        for _ in range(3):
            spoiled[chance.randrange(len(spoiled))] ^= 1 << chance.randrange(8)
        assert isinstance(redrawn(spelled(bytes(spoiled)), LIMITS), Message | Redrawn)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{}\n",
        b"[]\n",
        b"7\n",
        json.dumps({"width": 2, "height": 2}).encode() + b"\n" + bytes(11),
        json.dumps({"width": 2, "height": 2}).encode() + b"\n" + bytes(11) + b"\x01",
        json.dumps({"width": -2, "height": -2}).encode() + b"\n" + bytes(12),
        json.dumps({"width": 10**9, "height": 1}).encode() + b"\n",
        None,
    ],
)
def test_a_child_that_was_taken_over_can_answer_pixels_and_nothing_else(
    answer: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "asked", lambda *_: answer)
    assert isinstance(redrawn(spelled(png(drawn())), LIMITS), Message)
