"""Whether what both sides of a card say fits together. Pure.

Residents' cards are valid 5 years when issued below the age of 16, 10 years from 16 to 25, 20 years
from 26 to 45, and without end from 46 on (居民身份证法, Article 5). Permits of Hong Kong, Macao and
Taiwan residents are valid 5 years. Permanent residence cards: 5 years below 18, else 10
(外国人在中国永久居留审批管理办法).
"""

from datetime import date, timedelta
from enum import StrEnum

from integrations.ports import CardBackReading, CardReading


class CardKind(StrEnum):
    """Whose card a number belongs to."""

    RESIDENT = "resident"
    HK_MACAO_TAIWAN = "hk_macao_taiwan"
    PERMANENT_RESIDENCE = "permanent_residence"


def kind_of(number: str) -> CardKind | None:
    """By the first digits: 1 to 7 residents, 81/82/83 permits, 9 foreigners; else None."""
    if len(number) != 18:
        return None
    if number[:2] in ("81", "82", "83"):
        return CardKind.HK_MACAO_TAIWAN
    if number[0] == "9":
        return CardKind.PERMANENT_RESIDENCE
    return CardKind.RESIDENT if number[0] in "1234567" else None


def front_faults(front: CardReading) -> tuple[str, ...]:
    """`number_kind` (no such kind), `birth_mismatch` and `sex_mismatch` (number and print)."""
    number = front.id_no
    if number is None:
        return ()
    found = []
    if kind_of(number) is None:
        found.append("number_kind")
    if front.birth is not None and front.birth.strftime("%Y%m%d") != number[6:14]:
        found.append("birth_mismatch")
    if front.sex in ("男", "女") and len(number) == 18 and number[16].isdigit():
        if (int(number[16]) % 2 == 1) != (front.sex == "男"):
            found.append("sex_mismatch")
    return tuple(found)


def back_faults(
    back: CardBackReading, *, today: date, birth: date | None = None, kind: CardKind | None = None
) -> tuple[str, ...]:
    """`unread`, `not_yet_valid`, `expired`, `period` (no card has such a one), `age` (not at the
    age at issue).

    A card is good on its last day. `birth` and `kind` come from the front; without them the period
    is judged by itself.
    """
    start, end = back.valid_from, back.valid_to
    if start is None or (end is None and not back.long_term):
        return ("unread",)
    found = []
    if start > today:
        found.append("not_yet_valid")
    if end is not None and end < today:
        found.append("expired")
    years = None if end is None else _years(start, end)
    if end is not None and years not in (5, 10, 20):
        return (*found, "period")
    if birth is not None and not _fits(years, birth, start, kind or CardKind.RESIDENT):
        found.append("age")
    return tuple(found)


def _years(start: date, end: date) -> int | None:
    """Whole years from start to end; a card ends on the same day or the day before."""
    for day in (end, end + timedelta(days=1)):
        same = (day.month, day.day) == (start.month, start.day)
        leap = (start.month, start.day) == (2, 29) and (day.month, day.day) in ((2, 28), (3, 1))
        if same or leap:
            return day.year - start.year
    return None


def _fits(years: int | None, birth: date, issued: date, kind: CardKind) -> bool:
    """Whether somebody of this age gets a card of these years (None: without end).

    A year's grace either way: the day of application decides, the card starts later.
    """
    if issued < birth:
        return False
    age = issued.year - birth.year - ((issued.month, issued.day) < (birth.month, birth.day))
    ages = (max(0, age - 1), age, age + 1)
    if kind is CardKind.HK_MACAO_TAIWAN:
        return years == 5
    if kind is CardKind.PERMANENT_RESIDENCE:
        return any(years == (5 if one < 18 else 10) for one in ages)
    return any(years == _resident_years(one) for one in ages)


def _resident_years(age: int) -> int | None:
    if age < 16:
        return 5
    if age < 26:
        return 10
    return 20 if age < 46 else None
