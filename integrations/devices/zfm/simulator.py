"""A fingerprint sensor that is not there: speaks the protocol on a pseudo-terminal.

    python -m integrations.devices.zfm.simulator --link /tmp/fingerprint --finger data/demo/prints/测试员/1.png

Then, on standard input: `on FILE`, `off`, `fail KIND` (next answer), `unplug`, `plug`, `quit`. For
tests and the demonstration only.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal, get_args

from PIL import Image

from integrations.devices.pseudo_port import PseudoPort, delivered, serve_by_hand
from integrations.devices.zfm import framing
from integrations.devices.zfm.framing import ACK, DATA, LAST, BadPacket, Packet, Splitter
from integrations.devices.zfm.sensor import packed as packed_picture

Fault = Literal["checksum", "cut", "silent", "garbage", "sent_badly", "not_taken", "cannot_send"]
"""What goes wrong with the next answer: altered, half, none, after noise; the sensor got the request
altered; the finger was lifted too early; the picture cannot be sent."""

_PACKET_CODE, _PACKET_BYTES = 2, 128
_NOISE = b"\xef\x01\xff\x00" + bytes(range(30))
_PARAMETERS = bytes.fromhex("0000 0009 00c8 0003 ffffffff") + bytes((0, _PACKET_CODE, 0, 6))


class FingerprintSimulator(PseudoPort[Fault]):
    """A sensor."""

    def __init__(self, link: Path, *, password: int = 0) -> None:
        super().__init__(link)
        self.commands: list[int] = []
        """Everything that was asked, in order."""
        self._password = password
        self._finger: bytes | None = None
        self._image: bytes | None = None

    def lay_on(self, picture: Image.Image) -> None:
        """Lay a finger on. Raises ValueError for a picture of another size than the sensor's."""
        raw = packed_picture(picture)
        with self._lock:
            self._finger = raw

    def lift(self) -> None:
        """Take the finger away."""
        with self._lock:
            self._finger = None

    def _powered(self) -> None:
        self._image = None

    def _answering(self) -> Callable[[bytes], Iterator[bytes]]:
        splitter = Splitter()

        def answers(came: bytes) -> Iterator[bytes]:
            splitter.feed(came)
            return self._answers(splitter)

        return answers

    def _answers(self, splitter: Splitter) -> Iterator[bytes]:
        while True:
            try:
                packet = splitter.next()
            except BadPacket:
                yield framing.packed(Packet(ACK, bytes((framing.SENT_BADLY,))))
                continue
            if packet is None:
                return
            yield from self._answer(packet.content)

    def _answer(self, content: bytes) -> Iterator[bytes]:
        with self._lock:
            fault = self._next_fault()
            self.commands.append(content[0])
            packets = [framing.packed(one) for one in self._reply(content, fault)]
        return delivered(packets, fault, noise=_NOISE)

    def _reply(self, content: bytes, fault: Fault | None) -> list[Packet]:
        status, more = framing.OK, b""
        if fault == "sent_badly":
            return [_ack(framing.SENT_BADLY)]
        if content[0] == framing.TAKE_IMAGE:
            if fault == "not_taken":
                return [_ack(framing.NOT_TAKEN)]
            self._image = self._finger
            status = framing.OK if self._finger else framing.NO_FINGER
        elif content[0] == framing.CHECK_PASSWORD:
            right = content[1:] == self._password.to_bytes(4, "big")
            status = framing.OK if right else framing.WRONG_PASSWORD
        elif content[0] == framing.READ_PARAMETERS:
            more = _PARAMETERS
        elif content[0] == framing.SEND_IMAGE:
            if fault == "cannot_send" or self._image is None:
                return [_ack(framing.CANNOT_SEND)]
            return [_ack(framing.OK), *_image_packets(self._image)]
        else:
            status = framing.SENT_BADLY
        return [_ack(status, more)]


def _ack(status: int, more: bytes = b"") -> Packet:
    return Packet(ACK, bytes((status,)) + more)


def _image_packets(image: bytes) -> Iterator[Packet]:
    for at in range(0, len(image), _PACKET_BYTES):
        kind = LAST if at + _PACKET_BYTES >= len(image) else DATA
        yield Packet(kind, image[at : at + _PACKET_BYTES])


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until `quit`, the end of the input, or Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--link", type=Path, default=Path("/tmp/xiaozheng-fingerprint"))
    parser.add_argument("--finger", help="picture of a finger, 256 by 288")
    given = parser.parse_args(arguments)
    sensor = FingerprintSimulator(given.link)

    def lay_on(file: str) -> None:
        try:
            sensor.lay_on(Image.open(file))
        except (OSError, ValueError):
            raise LookupError("no such picture, or of another size") from None

    return serve_by_hand(
        sensor,
        name="sensor",
        what="FILE",
        lay_on=lay_on,
        take_off=sensor.lift,
        faults=get_args(Fault),
        first=given.finger,
    )


if __name__ == "__main__":
    sys.exit(main())
