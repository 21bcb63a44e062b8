"""The 256 bytes of text on a chip, UTF-16LE in fields of fixed width.

Four layouts, told apart by the letter at byte 248: none for citizens (GA 450), `J` for residents
of Hong Kong, Macao and Taiwan (2018), `I` and `Y` for foreigners (2017 and 2023). `Y` is known
from one source only. Pure; the codes' words come from `data/devices/id_card_codes.yml`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

import yaml

from integrations.ports import CardKind, ChipCard

SIZE = 256
ADDRESS_SIZE = 70
_LETTER_AT = 248
_CODES_FILE = Path(__file__).parents[3] / "data" / "devices" / "id_card_codes.yml"

_COMMON_TAIL = {"address": 70, "number": 36, "authority": 30, "valid_from": 16, "valid_to": 16}
LAYOUTS: Mapping[str, Mapping[str, int]] = {
    "": {"name": 30, "sex": 2, "ethnicity": 4, "birth": 16, **_COMMON_TAIL, "reserved": 36},
    "J": {
        "name": 30, "sex": 2, "reserved_a": 4, "birth": 16, **_COMMON_TAIL,
        "pass_number": 18, "issues": 4, "reserved_b": 6, "type": 2, "reserved_c": 6,
    },
    "I": {
        "english_name": 120, "sex": 2, "number": 30, "nationality": 6, "name": 30,
        "valid_from": 16, "valid_to": 16, "birth": 16, "version": 4, "authority": 8,
        "type": 2, "reserved": 6,
    },
    "Y": {
        "name": 30, "sex": 2, "issues": 4, "birth": 16, "english_name": 70, "number": 36,
        "reserved": 30, "valid_from": 16, "valid_to": 16, "english_overflow": 22,
        "nationality": 6, "type": 2, "old_number_link": 6,
    },
}  # fmt: skip
"""Letter → field → width in bytes, in the order on the chip."""

KINDS = {
    "": CardKind.RESIDENT,
    "J": CardKind.HK_MACAO_TAIWAN,
    "I": CardKind.FOREIGNER,
    "Y": CardKind.FOREIGNER,
}


class Unreadable(ValueError):
    """Not the text of such a card; the message names the field, never its content."""


@dataclass(frozen=True)
class Codes:
    """Words for the codes on the chip."""

    sex: Mapping[str, str]
    ethnicity: Mapping[str, str]
    long_term: str


@cache
def load_codes(path: Path = _CODES_FILE) -> Codes:
    """Read the words from their file."""
    return Codes(**yaml.safe_load(path.read_text("utf-8")))


def letter_of(text: bytes) -> str:
    """Which layout a text has.

    Raises:
        Unreadable: another length, or a letter that is not known.
    """
    if len(text) != SIZE:
        raise Unreadable("length")
    letter = _word(text[_LETTER_AT : _LETTER_AT + 2], "type")
    if letter not in LAYOUTS:
        raise Unreadable("type")
    return letter


def split(text: bytes) -> dict[str, str]:
    """Field → content without padding. Raises Unreadable."""
    fields, at = {}, 0
    for field, width in LAYOUTS[letter_of(text)].items():
        fields[field] = _word(text[at : at + width], field)
        at += width
    return fields


def join(fields: Mapping[str, str], letter: str = "") -> bytes:
    """The inverse of `split`, padded with spaces (for the simulator and tests).

    Raises:
        Unreadable: a content too long for its field.
    """
    parts = []
    for field, width in LAYOUTS[letter].items():
        content = letter if field == "type" else fields.get(field, "")
        coded = content.encode("utf-16-le")
        if len(coded) > width:
            raise Unreadable(field)
        parts.append(coded + " ".encode("utf-16-le") * ((width - len(coded)) // 2))
    return b"".join(parts)


def card_of(text: bytes, wlt_photo: bytes = b"", fingers: bytes = b"") -> ChipCard:
    """What a chip says.

    Raises:
        Unreadable: no such text, or one without a number.
    """
    letter, codes = letter_of(text), load_codes()
    fields = split(text)
    if not fields["number"]:
        raise Unreadable("number")
    until = fields["valid_to"]
    long_term = until == codes.long_term
    english = fields.get("english_name", "") + fields.get("english_overflow", "")
    return ChipCard(
        kind=KINDS[letter],
        name=fields["name"],
        number=fields["number"].upper(),
        sex=codes.sex.get(fields["sex"]),
        ethnicity=codes.ethnicity.get(fields.get("ethnicity", "")),
        birth=_day(fields["birth"], "birth"),
        address=fields.get("address") or None,
        authority=fields.get("authority") or None,
        valid_from=_day(fields["valid_from"], "valid_from"),
        valid_to=None if long_term else _day(until, "valid_to"),
        long_term=long_term,
        english_name=english or None,
        nationality=fields.get("nationality") or None,
        pass_number=fields.get("pass_number") or None,
        issues=int(fields["issues"]) if fields.get("issues", "").isdecimal() else None,
        wlt_photo=wlt_photo,
        fingers=fingers,
    )


def address_of(text: bytes) -> str | None:
    """The newest address; None when the field is blank. Raises Unreadable."""
    if len(text) != ADDRESS_SIZE:
        raise Unreadable("length")
    return _word(text, "address") or None


def _word(coded: bytes, field: str) -> str:
    try:
        return coded.decode("utf-16-le").rstrip(" \0\u3000")
    except UnicodeDecodeError:
        raise Unreadable(field) from None


def _day(content: str, field: str) -> date | None:
    if not content:
        return None
    try:
        if len(content) != 8 or not content.isascii() or not content.isdecimal():
            raise ValueError
        return datetime.strptime(content, "%Y%m%d").date()  # noqa: DTZ007  (a day has no zone)
    except ValueError:
        raise Unreadable(field) from None
