"""Both sides of a photographed card: what is refused with which advice, and what is kept."""

from dataclasses import replace
from datetime import date

import pytest

from backoffice import messages
from backoffice.uploads.cards import read_back, read_front
from backoffice.uploads.errors import CardRefused
from integrations.ports import CardBackReading, CardReading
from integrations.vision.sandbox import SandboxVision
from tests.uploads import pictures as p

TODAY = date(2026, 11, 23)
PICTURE = p.encoded(p.photo())
NOTHING = CardReading(None, None, None, None, None, None)
FRONT = {"id_no": "430121199503120044", "birth": "1995-03-12"}
GOOD = CardBackReading("某某市公安局", date(2022, 5, 20), date(2042, 5, 20), False)


def seeing(card: CardReading = NOTHING, back: CardBackReading | None = None) -> SandboxVision:
    vision = SandboxVision()
    vision.knows(PICTURE, card=card, back=back or CardBackReading(None, None, None, False))
    return vision


async def refused(side: str, vision: SandboxVision) -> str:
    with pytest.raises(CardRefused) as caught:
        if side == "front":
            await read_front(vision, PICTURE, TODAY)
        else:
            await read_back(vision, PICTURE, TODAY, FRONT)
    assert len(messages.text(f"error.{caught.value.code}")) > 10
    return caught.value.code.removeprefix("upload.card_")


@pytest.mark.parametrize(
    ("card", "code"),
    [
        (NOTHING, "unreadable"),
        (replace(NOTHING, faults=("glare", "dark")), "glare"),
        (replace(p.READ, id_no=None, faults=("cropped",)), "cropped"),
        (replace(p.READ, id_no="110105194912310021", faults=("blurred",)), "blurred"),
        (replace(p.READ, birth=date(1949, 12, 30), faults=("glare",)), "glare"),
        (replace(p.READ, id_no="010105194912310028", birth=None), "number_kind"),
    ],
)
async def test_a_front_that_a_better_picture_may_settle_is_refused(
    card: CardReading, code: str
) -> None:
    assert await refused("front", seeing(card)) == code


async def test_the_other_side_is_told_apart() -> None:
    assert await refused("front", seeing(back=GOOD)) == "shows_back"
    assert await refused("back", seeing(card=p.READ)) == "shows_front"


@pytest.mark.parametrize(
    ("card", "fault", "remarks"),
    [
        (p.READ, None, ["sex_mismatch"]),
        (replace(p.READ, sex="女", faults=("dark",)), None, ["dark"]),
        (replace(p.READ, sex="女", id_no="110105194912310021"), "checksum", []),
        (replace(p.READ, sex=None, id_no=None), "missing", []),
    ],
)
async def test_a_sharp_front_is_kept_with_what_is_doubtful(
    card: CardReading, fault: str | None, remarks: list[str]
) -> None:
    found = await read_front(seeing(card), PICTURE, TODAY)
    assert (found["id_no_fault"], found["remarks"]) == (fault, remarks)


async def test_the_ethnic_group_has_the_form_that_people_say() -> None:
    found = await read_front(seeing(p.READ), PICTURE, TODAY)
    assert found["card"]["ethnicity"] == "汉族"


@pytest.mark.parametrize(
    ("back", "code"),
    [
        (replace(GOOD, valid_to=None), "unread"),
        (replace(GOOD, valid_from=None, faults=("blurred",)), "blurred"),
        (replace(GOOD, valid_from=date(2027, 5, 20), valid_to=date(2047, 5, 20)), "not_yet_valid"),
        (replace(GOOD, valid_to=date(2040, 5, 20)), "period"),
        (replace(GOOD, valid_to=None, long_term=True), "age"),
        (replace(GOOD, valid_from=date(2012, 5, 20), valid_to=date(2025, 5, 20)), "period"),
    ],
)
async def test_a_back_that_does_not_fit_is_refused(back: CardBackReading, code: str) -> None:
    assert await refused("back", seeing(back=back)) == code


async def test_a_back_is_kept_and_an_expired_one_says_so() -> None:
    good = await read_back(seeing(back=GOOD), PICTURE, TODAY, FRONT)
    assert (good["fault"], good["valid_to"]) == (None, "2042-05-20")
    old = replace(GOOD, valid_from=date(2013, 5, 20), valid_to=date(2023, 5, 20))
    assert (await read_back(seeing(back=old), PICTURE, TODAY, FRONT))["fault"] == "expired"


async def test_a_back_without_its_front_is_judged_by_itself() -> None:
    assert (await read_back(seeing(back=GOOD), PICTURE, TODAY, None))["fault"] is None
