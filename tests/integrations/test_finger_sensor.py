"""One contract for the demo's sensor and the serial one, and what is special to each."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from integrations.devices.zfm import framing
from integrations.devices.zfm.driver import Parameters, ZfmSensor
from integrations.devices.zfm.framing import BadPacket, Packet, Splitter
from integrations.devices.zfm.sensor import SerialFingerprintSensor, packed, unpacked
from integrations.devices.zfm.simulator import Fault, FingerprintSimulator, main
from integrations.fingerprint.folder import FolderSensor
from integrations.ports import FingerprintSensor, NoFinger, Unavailable
from tests.integrations.fingers import PRINTS, demo_print

WHO, OTHER = "测试员", "李小梅"


@dataclass
class Kit:
    sensor: FingerprintSensor
    lay_on: Callable[[str], None]
    lift: Callable[[], None]
    fail: Callable[[], None]
    mend: Callable[[], None]


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[FingerprintSimulator]:
    with FingerprintSimulator(tmp_path / "fingerprint") as made:
        yield made


@pytest.fixture
def sensor(simulator: FingerprintSimulator) -> Iterator[SerialFingerprintSensor]:
    made = SerialFingerprintSensor(ZfmSensor(str(simulator.link), answer_s=0.3))
    yield made
    made.close()


@pytest.fixture(params=["folder", "zfm"])
def kit(request: pytest.FixtureRequest, tmp_path: Path) -> Kit:
    if request.param == "folder":
        box = FolderSensor(PRINTS, tmp_path / "var" / "finger")
        return Kit(box, box.lay_on, box.lift, box.faults.fail_next, lambda: None)
    simulator = request.getfixturevalue("simulator")
    return Kit(
        request.getfixturevalue("sensor"),
        lambda who: simulator.lay_on(demo_print(who)),
        simulator.lift,
        simulator.unplug,
        simulator.plug,
    )


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)))


async def test_a_finger_is_taken_as_grey_png_of_500_dpi(kit: Kit) -> None:
    kit.lay_on(WHO)
    taken = await kit.sensor.capture(timeout_s=2)
    picture = Image.open(io.BytesIO(taken.image))
    assert (picture.format, picture.mode, picture.size) == ("PNG", "L", (256, 288))
    assert taken.dpi == 500
    assert np.array_equal(np.asarray(picture) >> 4, np.asarray(demo_print(WHO)) >> 4)


async def test_without_a_finger_it_says_so_in_time(kit: Kit) -> None:
    with pytest.raises(NoFinger) as caught:
        await kit.sensor.capture(timeout_s=0.3)
    assert caught.value.retryable
    kit.lay_on(OTHER)
    taken = await kit.sensor.capture(timeout_s=2)
    assert np.array_equal(pixels(taken.image) >> 4, np.asarray(demo_print(OTHER)) >> 4)
    kit.lift()
    with pytest.raises(NoFinger):
        await kit.sensor.capture(timeout_s=0.2)


async def test_an_outage_is_said_and_passes(kit: Kit) -> None:
    kit.lay_on(WHO)
    kit.fail()
    with pytest.raises(Unavailable):
        await kit.sensor.capture(timeout_s=2)
    kit.mend()
    assert (await kit.sensor.capture(timeout_s=2)).image


# —— the demo's sensor ——


async def test_all_processes_of_the_demo_see_the_same_finger_pressed_anew(tmp_path: Path) -> None:
    page = FolderSensor(PRINTS, tmp_path / "finger")
    desk = FolderSensor(PRINTS, tmp_path / "finger")
    page.lay_on(WHO)
    first, second = await desk.capture(), await desk.capture()
    assert first.image != second.image
    with pytest.raises(LookupError):
        page.lay_on("../cards")


# —— the serial sensor ——


@pytest.mark.parametrize(
    "faults", [["checksum"], ["cut"], ["silent"], ["garbage"], ["sent_badly"], ["silent", "cut"]]
)
async def test_what_goes_wrong_on_the_line_is_asked_again(
    simulator: FingerprintSimulator, sensor: SerialFingerprintSensor, faults: list[Fault]
) -> None:
    simulator.lay_on(demo_print(WHO))
    simulator.fail(*faults)
    taken = await sensor.capture(timeout_s=3)
    assert np.array_equal(pixels(taken.image) >> 4, np.asarray(demo_print(WHO)) >> 4)


@pytest.mark.parametrize("fault", ["checksum", "cut"])
async def test_an_altered_picture_is_sent_again_and_never_used(
    simulator: FingerprintSimulator, sensor: SerialFingerprintSensor, fault: Fault
) -> None:
    simulator.lay_on(demo_print(WHO))
    await sensor.capture(timeout_s=3)
    simulator.fail("not_taken")  # the look
    simulator.commands.clear()
    simulator._faults.extend(["garbage", fault])  # type: ignore[list-item]
    taken = await sensor.capture(timeout_s=3)
    assert simulator.commands.count(framing.SEND_IMAGE) == 2
    assert np.array_equal(pixels(taken.image) >> 4, np.asarray(demo_print(WHO)) >> 4)


async def test_a_line_that_stays_bad_is_unavailable_and_then_well_again(
    simulator: FingerprintSimulator, sensor: SerialFingerprintSensor
) -> None:
    simulator.lay_on(demo_print(WHO))
    simulator.fail("silent", "checksum", "cut")
    with pytest.raises(Unavailable):
        await sensor.capture(timeout_s=3)
    assert (await sensor.capture(timeout_s=3)).image


async def test_a_sensor_that_cannot_send_is_unavailable(
    simulator: FingerprintSimulator, sensor: SerialFingerprintSensor
) -> None:
    simulator.lay_on(demo_print(WHO))
    await sensor.capture(timeout_s=2)
    simulator.fail("garbage", "cannot_send")
    with pytest.raises(Unavailable, match="0f"):
        await sensor.capture(timeout_s=3)


async def test_pulled_out_and_plugged_in_again(
    simulator: FingerprintSimulator, sensor: SerialFingerprintSensor
) -> None:
    simulator.lay_on(demo_print(WHO))
    await sensor.capture(timeout_s=3)
    simulator.unplug()
    with pytest.raises(Unavailable):
        await sensor.capture(timeout_s=3)
    simulator.plug()
    assert (await sensor.capture(timeout_s=3)).image


async def test_another_password_is_not_guessed(tmp_path: Path) -> None:
    with FingerprintSimulator(tmp_path / "port", password=7) as simulator:
        driver = ZfmSensor(str(simulator.link), answer_s=0.3)
        with pytest.raises(Unavailable, match="password"):
            driver.take(0.2)
        assert simulator.commands == [framing.CHECK_PASSWORD]
        right = ZfmSensor(str(simulator.link), password=7, answer_s=0.3)
        assert right.parameters() == Parameters(128, 57600)
        right.close()


def test_the_bytes_are_those_of_the_manual() -> None:
    take = framing.packed(Packet(framing.COMMAND, bytes((framing.TAKE_IMAGE,))))
    assert take == bytes.fromhex("EF01 FFFFFFFF 01 0003 01 0005")
    shown = framing.packed(Packet(framing.COMMAND, bytes.fromhex("1300000000")))
    assert shown == bytes.fromhex("EF01 FFFFFFFF 01 0007 13 00000000 001B")
    send = framing.packed(Packet(framing.COMMAND, bytes((framing.SEND_IMAGE,))))
    assert send == bytes.fromhex("EF01 FFFFFFFF 01 0003 0A 000E")


def test_packets_are_found_in_a_stream_in_any_pieces() -> None:
    splitter = Splitter()
    whole = b"\xef\x01noise" + framing.packed(Packet(framing.ACK, b"\x00"))
    whole += framing.packed(Packet(framing.LAST, bytes(range(128))))
    found = []
    for byte in whole:
        splitter.feed(bytes((byte,)))
        while (packet := splitter.next()) is not None:
            found.append(packet)
    assert found == [Packet(framing.ACK, b"\x00"), Packet(framing.LAST, bytes(range(128)))]
    splitter.feed(framing.packed(Packet(framing.ACK, b"\x00"))[:-1] + b"\x00")
    with pytest.raises(BadPacket):
        splitter.next()


def test_two_pixels_stand_in_a_byte() -> None:
    picture = demo_print(WHO)
    raw = packed(picture)
    assert len(raw) == framing.IMAGE_BYTES
    assert raw[0] >> 4 == picture.getpixel((0, 0)) >> 4  # type: ignore[operator]
    assert raw[0] & 15 == picture.getpixel((1, 0)) >> 4  # type: ignore[operator]
    assert packed(Image.open(io.BytesIO(unpacked(raw)))) == raw
    with pytest.raises(ValueError, match="size"):
        packed(Image.new("L", (100, 100)))


def test_the_simulator_serves_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("off\nfail nonsense\nquit\n"))
    finger = PRINTS / WHO / "1.png"
    assert main(["--link", str(tmp_path / "port"), "--finger", str(finger)]) == 0
    assert "sensor at" in capsys.readouterr().out
    assert main(["--link", str(tmp_path / "port"), "--finger", "nowhere.png"]) == 1
