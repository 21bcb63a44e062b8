"""The driver against a reader that speaks the bytes, in order and out of order."""

import asyncio
import time
from pathlib import Path

import pytest

from integrations.devices.samv import framing, texts
from integrations.devices.samv.cards import Chip, demo_chip
from integrations.devices.samv.driver import SamvReader
from integrations.devices.samv.reader import SerialIdCardReader
from integrations.devices.samv.simulator import CardReaderSimulator
from integrations.ports import CardUnread, IdCardReader, NoCard, Unavailable
from tests.devices.conftest import QUICK

CHIP = demo_chip("韦秀兰")


async def test_the_port_is_kept_by_the_serial_reader(
    simulator: CardReaderSimulator, driver: SamvReader
) -> None:
    reader: IdCardReader = SerialIdCardReader(driver)
    assert not await reader.find()
    with pytest.raises((NoCard, CardUnread)):
        await reader.read()
    fingers = bytes(range(256)) * 4
    simulator.lay_on(Chip(CHIP.text, fingers=fingers, address="样例路2号"))
    assert await reader.find()
    card = await reader.read(fingers=True)
    assert card == texts.card_of(CHIP.text, CHIP.photo, fingers)
    assert await reader.newest_address() == "样例路2号"
    assert (await reader.serial_number()).startswith("05.03-")
    reader.close()
    assert not await reader.find()  # opens again; a card read before is found no second time


async def test_an_event_loop_goes_on_while_the_reader_is_silent(
    simulator: CardReaderSimulator, driver: SamvReader
) -> None:
    simulator.fail("silent", "silent", "silent")
    asked = asyncio.create_task(SerialIdCardReader(driver).find())
    longest, before = 0.0, time.monotonic()
    while not asked.done():
        await asyncio.sleep(0.01)
        longest, before = max(longest, time.monotonic() - before), time.monotonic()
    assert longest < 0.25
    with pytest.raises(Unavailable):
        await asked


@pytest.mark.parametrize("size", [0, 512, 1024])
def test_a_card_is_read_with_as_many_fingers_as_it_has(
    simulator: CardReaderSimulator, driver: SamvReader, size: int
) -> None:
    simulator.lay_on(Chip(CHIP.text, fingers=bytes([7]) * size))
    assert driver.find()
    assert driver.read(fingers=True).fingers == bytes([7]) * size
    assert simulator.requests == [
        framing.FIND, framing.SELECT, framing.READ_WITH_FINGERS
    ]  # fmt: skip


def test_a_card_without_a_later_address(simulator: CardReaderSimulator, driver: SamvReader) -> None:
    simulator.lay_on(CHIP)
    assert driver.find()
    driver.read()
    assert driver.newest_address() is None


@pytest.mark.parametrize("fault", ["checksum", "cut", "silent", "sent_badly"])
def test_what_was_lost_or_altered_once_is_asked_again(
    simulator: CardReaderSimulator, driver: SamvReader, fault: str
) -> None:
    simulator.lay_on(CHIP)
    simulator.fail(fault)  # type: ignore[arg-type]
    assert driver.find()
    simulator.fail(fault)  # type: ignore[arg-type]
    assert driver.read().name == "韦秀兰"


@pytest.mark.parametrize("fault", ["checksum", "cut", "silent", "sent_badly"])
def test_after_three_failures_the_reader_is_unavailable_and_comes_back(
    simulator: CardReaderSimulator, driver: SamvReader, fault: str
) -> None:
    simulator.lay_on(CHIP)
    simulator.fail(fault, fault, fault)  # type: ignore[arg-type]
    begin = time.monotonic()
    with pytest.raises(Unavailable):
        driver.find()
    assert time.monotonic() - begin < 3 * QUICK.short_s + 1
    assert driver.find()


def test_noise_before_an_answer_is_passed_over(
    simulator: CardReaderSimulator, driver: SamvReader
) -> None:
    simulator.lay_on(CHIP)
    assert driver.find()
    simulator.fail("garbage", "garbage")
    assert driver.read().name == "韦秀兰"


def test_a_card_taken_away_in_the_middle_is_not_read(
    simulator: CardReaderSimulator, driver: SamvReader
) -> None:
    simulator.lay_on(CHIP)
    assert driver.find()
    simulator.fail("gone")
    with pytest.raises(CardUnread):
        driver.read()
    assert not driver.find()
    simulator.lay_on(CHIP)
    assert driver.find() and driver.read().name == "韦秀兰"


def test_a_reader_that_failed_its_own_test_is_unavailable(
    simulator: CardReaderSimulator, driver: SamvReader
) -> None:
    simulator.fail("no_power")
    with pytest.raises(Unavailable, match="service"):
        driver.find()


def test_a_chip_with_a_spoilt_text_is_told_without_its_content(
    simulator: CardReaderSimulator, driver: SamvReader
) -> None:
    spoilt = texts.join({**texts.split(CHIP.text), "birth": "19951399"})
    simulator.lay_on(Chip(spoilt))
    assert driver.find()
    with pytest.raises(CardUnread) as caught:
        driver.read()
    assert "1995" not in str(caught.value) and "韦" not in str(caught.value)


def test_a_reader_pulled_out_comes_back_when_plugged_in(
    simulator: CardReaderSimulator, driver: SamvReader
) -> None:
    assert driver.status()
    simulator.unplug()
    for _ in range(2):
        with pytest.raises(Unavailable):
            driver.find()
    simulator.plug()
    simulator.lay_on(CHIP)
    assert driver.find() and driver.read().name == "韦秀兰"
    assert driver.connections == 2


def test_another_reader_under_the_same_name_is_opened_anew(
    simulator: CardReaderSimulator, driver: SamvReader, tmp_path: Path
) -> None:
    assert driver.status()
    with CardReaderSimulator(tmp_path / "other") as other:
        other.lay_on(CHIP)
        simulator.link.unlink()
        simulator.link.symlink_to(other.link.resolve())
        assert driver.find()
    assert driver.connections == 2


def test_a_port_is_opened_once(simulator: CardReaderSimulator, driver: SamvReader) -> None:
    assert driver.status()
    second = SamvReader(str(simulator.link), timing=QUICK)
    with pytest.raises(Unavailable):
        second.status()


def test_the_rate_is_changed_on_both_sides_or_not_at_all(
    simulator: CardReaderSimulator, driver: SamvReader
) -> None:
    driver.set_baud(57600)
    assert simulator.requests[-1] == framing.Command(0x60, 0x01)
    assert driver.status()
    with pytest.raises(ValueError, match="rate"):
        driver.set_baud(115201)
