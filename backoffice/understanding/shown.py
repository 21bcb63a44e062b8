"""How values are shown back to the person who gave them."""

from __future__ import annotations

import re
from typing import Any

from backoffice.understanding.addresses import find_address
from backoffice.understanding.names import surname_length

_NUMBERS_IN_ADDRESS = re.compile(
    r"(?:[A-Za-z]?[0-9]+|[零〇一二三四五六七八九十百]+(?=[号栋幢座单楼室房])).*$"
)
_HIDDEN = "***"


def mask_value(kind: str, value: Any) -> str:
    """How a value is shown back: 李*, 1101**********002X, 138****8000, 澜石二路***.

    `kind` is a Kind, or "name" for a text that is a person's name. Choices, regions, dates and
    other texts are shown as they are; a number of unexpected length is hidden but for its ends.
    """
    text = str(value)
    if kind == "name":
        return _name(text)
    if kind == "id_number":
        return text[:4] + "*" * (len(text) - 8) + text[-4:] if len(text) >= 12 else "*" * len(text)
    if kind == "phone":
        return text[:3] + "****" + text[-4:] if len(text) == 11 else "*" * len(text)
    if kind == "sms_code":
        return "*" * len(text)
    if kind == "address":
        return _address(text)
    return text


def _name(text: str) -> str:
    if "·" in text:
        first, rest = text.split("·", 1)
        return f"{first}·" + re.sub("[^·]", "*", rest)
    if re.match("[A-Za-z]", text):
        return text[0] + "*" * (len(text) - 1)
    if len(text) > 4:  # a company
        return text
    kept = max(1, min(surname_length(text), len(text) - 1))
    return text[:kept] + "*" * (len(text) - kept)


def _address(text: str) -> str:
    """Region and road stay, the first number and all behind it are hidden."""
    span = find_address(text, 0, len(text))
    region_end = span.region_end if span and span.start == 0 else 0
    region, rest = text[:region_end], text[region_end:]
    shown = _NUMBERS_IN_ADDRESS.sub(_HIDDEN, rest)
    if shown == rest and rest:
        road = re.match(r".*?(?:路|街|大道|巷|村|镇|乡|区)", rest)
        shown = (road[0] if road else rest[:2]) + _HIDDEN
    return region + shown
