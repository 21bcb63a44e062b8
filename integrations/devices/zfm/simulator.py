"""A fingerprint sensor that is not there: speaks the protocol on a pseudo-terminal.

    python -m integrations.devices.zfm.simulator --link /tmp/fingerprint --finger data/demo/prints/测试员/1.png

Then, on standard input: `on FILE`, `off`, `fail KIND` (next answer), `unplug`, `plug`, `quit`. For
tests and the demonstration only.
"""

import argparse
import contextlib
import os
import select
import sys
import threading
import tty
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, get_args

from PIL import Image

from integrations.devices.zfm import framing
from integrations.devices.zfm.framing import ACK, DATA, LAST, BadPacket, Packet, Splitter
from integrations.devices.zfm.sensor import packed as packed_picture

Fault = Literal["checksum", "cut", "silent", "garbage", "sent_badly", "not_taken", "cannot_send"]
"""What goes wrong with the next answer: altered, half, none, after noise; the sensor got the request
altered; the finger was lifted too early; the picture cannot be sent."""

_PACKET_CODE, _PACKET_BYTES = 2, 128
_PARAMETERS = bytes.fromhex("0000 0009 00c8 0003 ffffffff") + bytes((0, _PACKET_CODE, 0, 6))


class FingerprintSimulator:
    """A sensor at the path `link`, until `close` (or the end of a `with`)."""

    def __init__(self, link: Path, *, password: int = 0) -> None:
        self.link = link
        self.commands: list[int] = []
        """Everything that was asked, in order."""
        self._password = password
        self._lock = threading.Lock()
        self._finger: bytes | None = None
        self._image: bytes | None = None
        self._faults: deque[Fault] = deque()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def __enter__(self) -> "FingerprintSimulator":
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

    def lay_on(self, picture: Image.Image) -> None:
        """Lay a finger on. Raises ValueError for a picture of another size than the sensor's."""
        raw = packed_picture(picture)
        with self._lock:
            self._finger = raw

    def lift(self) -> None:
        """Take the finger away."""
        with self._lock:
            self._finger = None

    def fail(self, *faults: Fault) -> None:
        """Let the next answers go wrong, one each."""
        with self._lock:
            self._faults.extend(faults)

    def plug(self) -> None:
        """Make the port appear."""
        if self._thread is not None:
            return
        master, slave = os.openpty()
        tty.setraw(slave)
        with contextlib.suppress(FileNotFoundError):
            self.link.unlink()
        self.link.symlink_to(os.ttyname(slave))
        self._stop = threading.Event()
        self._image = None
        self._thread = threading.Thread(
            target=self._serve, args=(master, slave, self._stop), daemon=True
        )
        self._thread.start()

    def unplug(self) -> None:
        """Make the port vanish, with whatever was under way."""
        if self._thread is None:
            return
        self.link.unlink(missing_ok=True)
        self._stop.set()
        self._thread.join(5)
        self._thread = None

    def _serve(self, master: int, slave: int, stop: threading.Event) -> None:
        splitter = Splitter()
        try:
            while not stop.is_set():
                ready, _, _ = select.select([master], [], [], 0.02)
                if not ready:
                    continue
                splitter.feed(os.read(master, 4096))
                for piece in self._answers(splitter):
                    if stop.is_set():
                        return
                    os.write(master, piece)
        except OSError:
            pass  # the other side is gone
        finally:
            os.close(slave)
            os.close(master)

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
            fault = self._faults.popleft() if self._faults else None
            self.commands.append(content[0])
            packets = [framing.packed(one) for one in self._reply(content, fault)]
        if fault == "silent":
            return
        if fault == "garbage":
            yield b"\xef\x01\xff\x00" + bytes(range(30))
        if fault == "checksum":
            packets[-1] = packets[-1][:-1] + bytes((packets[-1][-1] ^ 0x5A,))
        if fault == "cut":
            packets[-1] = packets[-1][: len(packets[-1]) // 2]
        for packet in packets:
            # In pieces, as a serial line delivers them.
            yield from (packet[at : at + 61] for at in range(0, len(packet), 61))

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
    with FingerprintSimulator(given.link) as sensor, contextlib.suppress(KeyboardInterrupt):
        if given.finger and not _obey(sensor, f"on {given.finger}"):
            return 1
        sys.stdout.write(f"sensor at {given.link}; on FILE, off, fail KIND, unplug, plug\n")
        sys.stdout.flush()
        for line in sys.stdin:
            if line.strip() == "quit":
                break
            _obey(sensor, line.strip())
    return 0


def _obey(sensor: FingerprintSimulator, line: str) -> bool:
    """Do what one line says; False when it says nothing that can be done."""
    word, _, rest = line.partition(" ")
    plain = {"off": sensor.lift, "unplug": sensor.unplug, "plug": sensor.plug}
    if word == "on":
        try:
            sensor.lay_on(Image.open(rest))
        except (OSError, ValueError):
            sys.stderr.write("no such picture, or of another size\n")
            return False
    elif word == "fail" and rest in get_args(Fault):
        sensor.fail(rest)  # type: ignore[arg-type]
    elif word in plain:
        plain[word]()
    elif word:
        sys.stderr.write("on FILE, off, fail KIND, unplug, plug, quit\n")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
