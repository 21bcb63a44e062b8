"""Numbers of identity documents: GB 11643-1999.

The same form and check digit serve the residence permits of Hong Kong, Macao (81, 82) and Taiwan
(83) residents and the foreigners' permanent residence card of 2023 (9…).
"""

from __future__ import annotations

import re
from datetime import date

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS = "10X98765432"
_SHAPE = re.compile(r"[1-9][0-9]{16}[0-9X]")
# Leading two digits: provinces (GB/T 2260), 81–83 residence permits, 9x foreigners.
_REGIONS = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65"
    " 71 81 82 83".split()
)
_EARLIEST_BIRTH = date(1890, 1, 1)


def check_character(first_seventeen: str) -> str:
    """The 18th character of a number (GB 11643, ISO 7064 MOD 11-2)."""
    total = sum(w * int(d) for w, d in zip(_WEIGHTS, first_seventeen, strict=True))
    return _CHECK_CHARACTERS[total % 11]


def birth_date(number: str) -> date | None:
    """The birth date in an 18-character number, None when no such day exists."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def age_by_number(number: str, on: date) -> int | None:
    """Full years on a day, by an identity number; None where it says no birth."""
    born = birth_date(number)
    if born is None:
        return None
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def fault_code(number: str, *, today: date) -> str | None:
    """What is wrong with a number in normal form: the last part of a fault's code, or None."""
    if len(number) == 15 and number.isdigit():
        return "first_generation"
    if len(number) != 18:
        return "length"
    if not _SHAPE.fullmatch(number):
        return "shape"
    if number[0] != "9" and number[:2] not in _REGIONS:
        return "region"
    born = birth_date(number)
    if born is None or born < _EARLIEST_BIRTH:
        return "birth_date"
    if born > today:
        return "birth_future"
    if check_character(number[:17]) != number[17]:
        return "checksum"
    return None
