"""Whether both sides of a card fit together, and which kind of number it is."""

from datetime import date

import pytest

from backoffice.uploads.card_checks import CardKind, back_faults, front_faults, kind_of
from integrations.ports import CardBackReading, CardReading

TODAY = date(2026, 11, 23)
BIRTH = date(1990, 5, 1)


def back(start: date | None, end: date | None, long_term: bool = False) -> CardBackReading:
    return CardBackReading("佛山市公安局禅城分局", start, end, long_term)


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("11010519491231002X", CardKind.RESIDENT),
        ("440601199005010018", CardKind.RESIDENT),
        ("810000199408230021", CardKind.HK_MACAO_TAIWAN),
        ("830000199201300022", CardKind.HK_MACAO_TAIWAN),
        ("911124198108030024", CardKind.PERMANENT_RESIDENCE),
        ("840000199408230021", None),
        ("010105194912310021", None),
        ("11010519491231", None),
    ],
)
def test_the_kind_of_a_number(number: str, kind: CardKind | None) -> None:
    assert kind_of(number) == kind


def front(number: str, sex: str | None = None, birth: date | None = None) -> CardReading:
    return CardReading("测试员", sex, None, birth, None, number)


def test_print_and_number_must_agree() -> None:
    number = "11010519491231002X"
    # the 17th digit is even: a woman
    assert front_faults(front(number, "女", date(1949, 12, 31))) == ()
    assert front_faults(front(number, "男", date(1949, 12, 30))) == (
        "birth_mismatch",
        "sex_mismatch",
    )
    assert front_faults(front("840000199408230021")) == ("number_kind",)
    assert front_faults(CardReading(None, None, None, None, None, None)) == ()


@pytest.mark.parametrize(
    ("start", "end", "faults"),
    [
        (date(2020, 3, 1), date(2040, 3, 1), ()),
        (date(2020, 3, 1), date(2040, 2, 29), ()),  # the day before
        (date(2012, 2, 29), date(2032, 2, 28), ("age",)),  # 21 gets ten years
        (date(2006, 11, 23), date(2026, 11, 23), ("age",)),  # good on its last day; 16 then
        (date(2006, 11, 22), date(2026, 11, 22), ("expired", "age")),
        (date(2027, 1, 1), date(2047, 1, 1), ("not_yet_valid",)),
        (date(2020, 3, 1), date(2033, 3, 1), ("period",)),
        (None, date(2040, 3, 1), ("unread",)),
        (date(2020, 3, 1), None, ("unread",)),
    ],
)
def test_a_residents_validity(
    start: date | None, end: date | None, faults: tuple[str, ...]
) -> None:
    # born 1990: 16 in 2006, 26 in 2016, 46 in 2036
    found = back_faults(back(start, end), today=TODAY, birth=BIRTH, kind=CardKind.RESIDENT)
    assert found == faults


@pytest.mark.parametrize(
    ("birth", "start", "end", "fits"),
    [
        (date(2015, 1, 1), date(2024, 1, 1), date(2029, 1, 1), True),
        (date(2015, 1, 1), date(2024, 1, 1), date(2044, 1, 1), False),
        (date(2004, 1, 1), date(2022, 1, 1), date(2032, 1, 1), True),
        (date(1960, 1, 1), date(2022, 1, 1), None, True),
        (date(1995, 1, 1), date(2022, 1, 1), None, False),
        (date(2023, 1, 1), date(2022, 1, 1), date(2027, 1, 1), False),
    ],
)
def test_the_period_fits_the_age_at_issue(
    birth: date, start: date, end: date | None, fits: bool
) -> None:
    found = back_faults(back(start, end, end is None), today=TODAY, birth=birth)
    assert ("age" not in found) is fits


def test_permits_and_permanent_residence_have_their_own_periods() -> None:
    five = back(date(2023, 6, 1), date(2028, 6, 1))
    ten = back(date(2023, 6, 1), date(2033, 6, 1))
    for kind, good, wrong in (
        (CardKind.HK_MACAO_TAIWAN, five, ten),
        (CardKind.PERMANENT_RESIDENCE, ten, five),
    ):
        assert back_faults(good, today=TODAY, birth=BIRTH, kind=kind) == ()
        assert back_faults(wrong, today=TODAY, birth=BIRTH, kind=kind) == ("age",)
