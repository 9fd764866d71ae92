"""Pseudonyms: keyed, per column, spread."""

from __future__ import annotations

import hashlib
import hmac

from hub.extracts.pseudonyms import pseudonym

KEY = bytes(range(32))


def test_a_pseudonym_is_hmac_sha256_cut_to_128_bits() -> None:
    expected = hmac.new(KEY, b"\x00\x03pid5", hashlib.sha256).hexdigest()[:32]
    assert pseudonym(KEY, "pid", "5") == expected


def test_key_column_and_value_all_count() -> None:
    made = {
        pseudonym(KEY, "pid", "5"),
        pseudonym(KEY[::-1], "pid", "5"),
        pseudonym(KEY, "sid", "5"),
        pseudonym(KEY, "pid", "6"),
        pseudonym(KEY, "pid5", ""),
        pseudonym(KEY, "pi", "d5"),
    }
    assert len(made) == 6


def test_neighbouring_numbers_differ_in_about_half_of_all_bits() -> None:
    differing = [
        (int(pseudonym(KEY, "pid", str(n)), 16) ^ int(pseudonym(KEY, "pid", str(n + 1)), 16)).bit_count()
        for n in range(500)
    ]
    assert 60 < sum(differing) / len(differing) < 68  # 64 of 128, deterministic


def test_a_hundred_thousand_persons_have_a_hundred_thousand_pseudonyms() -> None:
    assert len({pseudonym(KEY, "pid", str(n)) for n in range(100_000)}) == 100_000
