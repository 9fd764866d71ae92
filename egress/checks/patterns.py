"""What direct identifiers look like, in France and in general. Each test answers whether a text holds one.

Control keys are checked where there are any, so that a number of that length by chance is mostly left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

_EMAIL = re.compile(
    r"[^\s@]+\s*(?:@|[(\[{]\s*at\s*[)\]}])\s*[^\s@]+\s*(?:\.|[(\[{]\s*dot\s*[)\]}])\s*[^\s@.]+", re.IGNORECASE
)
# Fifteen signs of a NIR with its key, thirteen without; breaks may stand anywhere. Lookahead: they may overlap.
_NIR = re.compile(r"(?<![0-9])(?=([1-478](?:[ .\-/_]?[0-9ABab]){14})(?![0-9]))")
_NIR_ALONE = re.compile(r"(?<![0-9])(?=([1-478](?:[ .\-/_]?[0-9ABab]){12})(?![0-9]))")
_NIR_FORM = re.compile(r"[1-478]\d\d(?:0[1-9]|1[0-2]|[2-9]\d)(?:\d\d|2[AB])\d{6}(?:\d\d)?")
_DIGITS = re.compile(r"\d{9,}")
_SPACED = re.compile(r"(?<!\d)\d(?:[ .\-]?\d){8,}(?!\d)")
_HEX = re.compile(r"(?<![0-9a-zA-Z])(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{16,}(?![0-9a-zA-Z])")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_CORSICA = re.compile(r"(?<![0-9A-Za-z])2[ABab][ .\-]?(?:\d[ .\-]?){6}\d(?![0-9A-Za-z])")
_IBAN = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{2}\d{2}(?:[ \-]?[0-9A-Za-z]){11,30}(?![0-9A-Za-z])")
_PHONE = re.compile(r"(?<![\d])(?:\+33|0033|0)[ .\-]?(?:\(0\))?[ .\-]?[1-9](?:[ .\-]?\d\d){4}(?!\d)")
_DATES = (
    re.compile(r"(?<!\d)(?P<y>(?:18|19|20)\d\d)(?P<s>[-/. ]?)(?P<m>\d\d?)(?P=s)(?P<d>\d\d?)(?!\d)"),
    re.compile(r"(?<!\d)(?P<d>\d\d?)(?P<s>[-/. ]?)(?P<m>\d\d?)(?P=s)(?P<y>(?:18|19|20)\d\d)(?!\d)"),
)
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "janvier january jan janv",
            "février fevrier february feb févr fevr",
            "mars march mar",
            "avril april apr avr",
            "mai may",
            "juin june jun",
            "juillet july jul juil",
            "août aout august aug",
            "septembre september sep sept",
            "octobre october oct",
            "novembre november nov",
            "décembre decembre december dec déc",
        ),
        start=1,
    )
    for name in names.split()
}
_WRITTEN = re.compile(
    r"(?<!\d)(?P<d>\d\d?)(?:er|st|nd|rd|th)?[ \-.]+(?P<w>[^\W\d_]+)[ \-.,]+(?P<y>(?:18|19|20)\d\d)(?!\d)"
)
_WRITTEN_US = re.compile(r"(?P<w>[^\W\d_]+)[ .]+(?P<d>\d\d?)(?:st|nd|rd|th)?[ ,]+(?P<y>(?:18|19|20)\d\d)(?!\d)")


def nir_key(number: int) -> int:
    """The control key of a 13-digit NIR: 97 minus its rest by 97 (INSEE)."""
    return 97 - number % 97


def is_nir(text: str) -> bool:
    """Whether `text` holds a social security number (NIR) whose two last digits are its key.

    Corsica's 2A and 2B count as 19 and 18; overseas departments (97, 98) and births abroad (99) as they stand.
    """
    for signs in _nirs(_NIR, text):
        digits = signs[:-2].replace("2A", "19").replace("2B", "18")
        if nir_key(int(digits)) == int(signs[-2:]):
            return True
    return False


def is_nir_alone(text: str) -> bool:
    """Whether `text` holds 13 digits built as a NIR, its key left out."""
    return any(True for _ in _nirs(_NIR_ALONE, text))


def _nirs(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    for found in pattern.finditer(text):
        signs = re.sub(r"[ .\-/_]", "", found.group(1)).upper()
        if _NIR_FORM.fullmatch(signs):
            yield signs


def luhn(digits: str) -> bool:
    """Luhn's check over a text of digits: RPPS, FINESS, SIREN, SIRET."""
    doubled = [int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def is_email(text: str) -> bool:
    return _EMAIL.search(text) is not None


def is_professional(text: str) -> bool:
    """An RPPS number: 11 digits, Luhn; with or without breaks."""
    return any(len(digits) == 11 and luhn(digits) for digits in _numbers(text))


def is_establishment(text: str) -> bool:
    """A FINESS (9 characters, Luhn; Corsica 2A, 2B), an ADELI number of the same form, a SIREN or SIRET."""
    if _CORSICA.search(text):
        return True
    return any(len(digits) in {9, 14} and luhn(digits) for digits in _numbers(text))


def is_iban(text: str) -> bool:
    """An account number whose rest by 97 is 1 (ISO 13616)."""
    for found in _IBAN.finditer(text):
        account = re.sub(r"[ \-]", "", found.group()).upper()
        for end in range(len(account), 14, -1):  # a word may stand behind it
            turned = account[4:end] + account[:4]
            if int("".join(str(int(sign, 36)) for sign in turned)) % 97 == 1:
                return True
    return False


def is_phone(text: str) -> bool:
    """A French telephone number."""
    return _PHONE.search(text) is not None


def is_long_code(text: str) -> bool:
    """Nine digits and more in one piece, sixteen and more of hexadecimal: pseudonyms of this project are 32."""
    return any(pattern.search(text) is not None for pattern in (_DIGITS, _HEX, _UUID))


def is_full_date(text: str) -> bool:
    """A day of a year, as dates of birth are: 1954-03-12, 12/03/1954, 12031954, 12 mars 1954, March 12, 1954."""
    for pattern in _DATES:
        for found in pattern.finditer(text):
            year, month, day = (found.group(part) for part in "ymd")
            whole = found.group("s") or (len(month) == 2 and len(day) == 2)
            if whole and _is_day(int(year), int(month), int(day)):
                return True
    for pattern in (_WRITTEN, _WRITTEN_US):
        for found in pattern.finditer(text):
            month_number = _MONTHS.get(found.group("w").lower())
            if month_number and _is_day(int(found.group("y")), month_number, int(found.group("d"))):
                return True
    return False


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _numbers(text: str) -> Iterator[str]:
    """Runs of digits, their breaks taken out."""
    for found in _SPACED.finditer(text):
        yield re.sub(r"[ .\-]", "", found.group())
