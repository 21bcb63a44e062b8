"""From lines of text to the back (emblem side) of an identity card (GA 461 layout). Pure."""

import re
from collections.abc import Sequence
from datetime import date

from integrations.ports import CardBackReading
from integrations.vision.card_text import Line, rows_of

_AUTHORITY = re.compile(r"签发机关[:：]?(.{3,30})$")
_ONLY_AUTHORITY = re.compile(r"([\u4e00-\u9fff]{2,24}(?:公安局|分局|管理局))$")
_DAY = r"((?:19|20)\d{2})[.．·,，年]?(\d{2})[.．·,，月]?(\d{2})日?"
_VALID = re.compile(_DAY + r"[-—–一~至]+(?:" + _DAY + r"|(长期))")
_LOOK_ALIKE = str.maketrans({"O": "0", "o": "0", "I": "1", "l": "1", "|": "1"})


def parse_back(lines: Sequence[Line]) -> CardBackReading:
    """Authority and validity; what is not certain to be that part is None."""
    authority, valid_from, valid_to, long_term = None, None, None, False
    for row in rows_of(lines):
        text = row.text
        if authority is None:
            authority = _authority(text)
        found = _VALID.search(_digits(text))
        if found and valid_from is None:
            valid_from = _date(found.group(1, 2, 3))
            long_term = found.group(7) is not None
            valid_to = None if long_term else _date(found.group(4, 5, 6))
    return CardBackReading(authority, valid_from, valid_to, long_term)


def parts_of_back(reading: CardBackReading) -> int:
    """How many of the three parts were read, to compare attempts."""
    ends = reading.long_term or reading.valid_to is not None
    return sum((reading.authority is not None, reading.valid_from is not None, ends))


def _authority(text: str) -> str | None:
    found = _AUTHORITY.search(text) or _ONLY_AUTHORITY.search(text)
    return found.group(1) if found else None


def _digits(text: str) -> str:
    return text.translate(_LOOK_ALIKE) if sum(c.isdigit() for c in text) >= 8 else text


def _date(parts: Sequence[str]) -> date | None:
    try:
        return date(int(parts[0]), int(parts[1]), int(parts[2]))
    except ValueError:
        return None
