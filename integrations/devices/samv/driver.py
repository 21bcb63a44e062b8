"""The driver: asks the reader over a serial port, and takes whatever may go wrong on the way.

Synchronous; `reader.SerialIdCardReader` offers it to async code. Status codes: GA/T 467
(居民身份证验证安全控制模块接口技术规范).
"""

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import serial

from integrations.devices.samv import framing, texts
from integrations.devices.samv.framing import BadChecksum, Command, Reply
from integrations.ports import CardUnread, ChipCard, NoCard, Unavailable

_DONE = 0x90
_FOUND = 0x9F
_SENT_BADLY = frozenset({0x10, 0x11})
"""The reader got our request altered: the same request again is right."""
_NO_CARD = 0x80
_NOTHING_THERE = 0x91
"""The card is fine and has no such content, for instance no address added later."""
_OF_THE_CARD = frozenset({0x31, 0x32, 0x33, 0x40, 0x41, 0x47, 0x81})
"""Authentication, wrong kind of card, broken off reading, not selected."""
_OF_THE_READER = frozenset({0x60, 0x66})
"""Failed its own test; not authorised. It will read no card until somebody sees to it."""

_PHOTO_SIZE = 1024
_FINGER_SIZES = frozenset({0, 512, 1024})
_PIECE = 4096
_POLL_S = 0.05


@dataclass(frozen=True)
class Timing:
    """How long to wait, and how often to ask again.

    Attributes:
        short_s: for all but reading; a reader answers within 0.2 s.
        reading_s: for reading, which takes about a second.
        tries: how often one request is sent at most.
    """

    short_s: float = 1.0
    reading_s: float = 4.0
    tries: int = 3


class SamvReader:
    """One reader on one serial port, which may vanish and come back.

    One request at a time; calls from several threads wait for each other.

    Args:
        port: the device file; a stable name such as `/dev/idcard` (udev), see docs/devices.md.
    """

    def __init__(self, port: str, *, baud: int = 115200, timing: Timing | None = None) -> None:
        self._path, self._baud = port, baud
        self._timing = timing or Timing()
        self._lock = threading.RLock()
        self._line: serial.Serial | None = None
        self.connections = 0
        """How often the port was opened: what was known of a card is void after a change."""

    def close(self) -> None:
        """Give the port back; the next call opens it again."""
        with self._lock:
            line, self._line = self._line, None
            if line is not None:
                try:
                    line.close()
                except OSError:
                    pass  # it is gone already

    def status(self) -> bool:
        """Whether the reader says that it is in order. Raises Unavailable."""
        return self._ask(framing.STATUS, self._timing.short_s).status[2] == _DONE

    def serial_number(self) -> str:
        """The security module's number as printed on it. Raises Unavailable."""
        reply = self._ask(framing.SAM_ID, self._timing.short_s)
        if reply.status[2] != _DONE or len(reply.data) != 16:
            raise Unavailable("the reader does not tell its number")
        data = reply.data
        small = (int.from_bytes(data[0:2], "little"), int.from_bytes(data[2:4], "little"))
        large = [int.from_bytes(data[at : at + 4], "little") for at in (4, 8, 12)]
        return "{:02d}.{:02d}-{}-{:010d}-{:010d}".format(*small, *large)

    def set_baud(self, baud: int) -> None:
        """Change the line's rate, here and in the reader (until it loses power).

        Raises:
            ValueError: not a rate of the protocol.
            Unavailable: the reader refused or did not answer.
        """
        if baud not in framing.BAUD_CODES:
            raise ValueError(f"not a rate of the protocol: {baud}")
        with self._lock:
            command = Command(framing.SET_BAUD, framing.BAUD_CODES[baud])
            if self._ask(command, self._timing.short_s).status[2] != _DONE:
                raise Unavailable("the reader keeps its rate")
            self._baud = baud
            self._open().baudrate = baud

    def find(self) -> bool:
        """Whether a card lies there that can be selected. Raises Unavailable."""
        status = self._ask(framing.FIND, self._timing.short_s).status[2]
        if status == _FOUND:
            return True
        if status in (_NO_CARD, *_OF_THE_CARD):
            return False
        raise _unavailable(status)

    def read(self, *, fingers: bool = False) -> ChipCard:
        """Select the card found last and read it. Raises NoCard, CardUnread, Unavailable."""
        with self._lock:
            self._card_must(self._ask(framing.SELECT, self._timing.short_s))
            command = framing.READ_WITH_FINGERS if fingers else framing.READ
            reply = self._ask(command, self._timing.reading_s)
            self._card_must(reply)
        return _card(reply.data, fingers=fingers)

    def newest_address(self) -> str | None:
        """The address added later to the card just read; None: none was. As `read`."""
        reply = self._ask(framing.READ_ADDRESS, self._timing.reading_s)
        if reply.status[2] == _NOTHING_THERE:
            return None
        self._card_must(reply)
        try:
            return texts.address_of(reply.data)
        except texts.Unreadable:
            raise CardUnread("the address is not readable") from None

    def _card_must(self, reply: Reply) -> None:
        status = reply.status[2]
        if status == _DONE:
            return
        if status == _NO_CARD:
            raise NoCard("no card")
        if status in _OF_THE_CARD:
            raise CardUnread(f"status {status:02x}")
        raise _unavailable(status)

    def _ask(self, command: Command, timeout_s: float) -> Reply:
        """Send, wait, and send again when something was lost or altered on the line."""
        with self._lock:
            why = ""
            for _ in range(self._timing.tries):
                reply = self._once(framing.request(command), timeout_s)
                if reply is None:
                    why = "no whole answer"
                elif reply.status[2] in _SENT_BADLY:
                    why = "requests arrive altered"
                else:
                    return reply
            self.close()  # the next call begins with a fresh line
            raise Unavailable(why)

    def _once(self, request: bytes, timeout_s: float) -> Reply | None:
        try:
            line = self._open()
            line.reset_input_buffer()  # what a former request was answered too late
            # No flush: it would wait without end for a port that is being pulled out.
            line.write(request)
            return self._receive(line, timeout_s)
        except (OSError, serial.SerialException) as exc:
            self.close()
            raise Unavailable("the port is gone") from exc

    def _open(self) -> serial.Serial:
        if self._line is not None and not _same_device(self._line, self._path):
            self.close()  # pulled out and plugged in again: the open file is of the old device
        if self._line is None:
            self._line = serial.Serial(
                self._path, self._baud, timeout=_POLL_S, write_timeout=1, exclusive=True
            )
            self.connections += 1
        return self._line

    def _receive(self, line: serial.Serial, timeout_s: float) -> Reply | None:
        """The first whole reply in time; None for none, or for one that came altered."""
        replies = framing.Replies()
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            received = line.read(min(_PIECE, max(1, line.in_waiting)))
            for one in replies.feed(received):
                if isinstance(one, BadChecksum):
                    return None
                return one
        return None


def _same_device(line: serial.Serial, path: str) -> bool:
    try:
        there, here = os.stat(Path(path)), os.fstat(line.fileno())
    except (OSError, serial.SerialException):
        return False
    return (there.st_rdev, there.st_ino) == (here.st_rdev, here.st_ino)


def _unavailable(status: int) -> Unavailable:
    what = "needs service" if status in _OF_THE_READER else "answers strangely"
    return Unavailable(f"the reader {what}: status {status:02x}")


def _card(data: bytes, *, fingers: bool) -> ChipCard:
    """Take apart what reading gave: the parts' lengths (2 bytes each), then the parts."""
    head = 6 if fingers else 4
    sizes = [int.from_bytes(data[at : at + 2], "big") for at in range(0, head, 2)]
    finger_size = sizes[2] if fingers and len(data) >= head else 0
    right = (
        sizes[:2] == [texts.SIZE, _PHOTO_SIZE]
        and finger_size in _FINGER_SIZES
        and len(data) == head + sum(sizes)
    )
    if not right:
        raise CardUnread("parts of other lengths than expected")
    text, photo = data[head : head + texts.SIZE], data[head + texts.SIZE :][:_PHOTO_SIZE]
    try:
        return texts.card_of(text, photo, data[head + texts.SIZE + _PHOTO_SIZE :])
    except texts.Unreadable as exc:
        raise CardUnread(f"the text is not readable: {exc}") from None
