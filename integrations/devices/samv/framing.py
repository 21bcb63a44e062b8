"""Frames of the SAM_V protocol. Pure: bytes in, bytes out.

A request is `AA AA AA 96 69 | length (2, big-endian) | command, parameter, data | XOR`; a reply has
three status bytes in place of command and parameter. The length counts what follows it, the XOR
byte included; the XOR is over all bytes between the preamble and itself.
Source: GA/T 467 (居民身份证验证安全控制模块接口技术规范) and makers' manuals of the SAM_V module.
"""

from dataclasses import dataclass
from functools import reduce
from operator import xor

PREAMBLE = bytes.fromhex("AAAAAA9669")
LONGEST = 4096
"""No reply is longer (the longest, with two fingers, has 2,314 bytes): a longer length is noise."""
_LENGTH = 2
_SHORTEST_REPLY = 4  # three status bytes and the XOR


@dataclass(frozen=True)
class Command:
    """What is asked of the reader."""

    code: int
    parameter: int


RESET = Command(0x10, 0xFF)
STATUS = Command(0x11, 0xFF)
SAM_ID = Command(0x12, 0xFF)
FIND = Command(0x20, 0x01)
SELECT = Command(0x20, 0x02)
READ = Command(0x30, 0x01)
READ_ADDRESS = Command(0x30, 0x03)
READ_WITH_FINGERS = Command(0x30, 0x10)
SET_BAUD = 0x60
"""The parameter is the rate's code, see `BAUD_CODES`."""
BAUD_CODES = {115200: 0x00, 57600: 0x01, 38400: 0x02, 19200: 0x03, 9600: 0x04}


@dataclass(frozen=True, repr=False)
class Reply:
    """One whole reply with a right XOR. `data` may be personal, so `repr` leaves it out."""

    status: tuple[int, int, int]
    data: bytes

    def __repr__(self) -> str:
        return f"<Reply {bytes(self.status).hex(' ')}, {len(self.data)} bytes>"


class BadChecksum:
    """A frame came whole but altered."""


def checksum(content: bytes) -> int:
    """The XOR of all bytes."""
    return reduce(xor, content, 0)


def request(command: Command, data: bytes = b"") -> bytes:
    """The bytes to send."""
    return _frame(bytes((command.code, command.parameter)) + data)


def reply(status: tuple[int, int, int], data: bytes = b"") -> bytes:
    """The bytes that a reader answers with (for the simulator and tests)."""
    return _frame(bytes(status) + data)


def _frame(content: bytes) -> bytes:
    counted = (len(content) + 1).to_bytes(_LENGTH, "big") + content
    return PREAMBLE + counted + bytes((checksum(counted),))


class Splitter:
    """Finds frames in a stream that may begin in the middle of one or hold noise."""

    def __init__(self, *, shortest: int = _SHORTEST_REPLY) -> None:
        self._waiting = bytearray()
        self._shortest = shortest

    def clear(self) -> None:
        """Forget what came so far."""
        self._waiting.clear()

    def feed(self, received: bytes) -> list[bytes | BadChecksum]:
        """The contents (without length and XOR) of the frames that are now complete."""
        self._waiting += received
        found: list[bytes | BadChecksum] = []
        while (one := self._next()) is not None:
            found.append(one)
        return found

    def _next(self) -> bytes | BadChecksum | None:
        while True:
            start = self._waiting.find(PREAMBLE)
            if start < 0:
                # The beginning of a preamble may be at the end; everything before it is noise.
                del self._waiting[: max(0, len(self._waiting) - len(PREAMBLE) + 1)]
                return None
            del self._waiting[:start]
            head = len(PREAMBLE) + _LENGTH
            if len(self._waiting) < head:
                return None
            length = int.from_bytes(self._waiting[len(PREAMBLE) : head], "big")
            if not self._shortest <= length <= LONGEST:
                del self._waiting[0]  # noise that looks like a preamble
                continue
            if len(self._waiting) < head + length:
                return None
            counted = bytes(self._waiting[len(PREAMBLE) : head + length])
            if checksum(counted[:-1]) != counted[-1]:
                del self._waiting[0]  # a true frame may begin inside
                return BadChecksum()
            del self._waiting[: head + length]
            return counted[_LENGTH:-1]


class Replies:
    """Replies out of what the reader sends, piece by piece."""

    def __init__(self) -> None:
        self._splitter = Splitter()

    def feed(self, received: bytes) -> list[Reply | BadChecksum]:
        """Replies (and frames with a wrong XOR) that are now complete, in order."""
        return [
            one if isinstance(one, BadChecksum) else Reply((one[0], one[1], one[2]), one[3:])
            for one in self._splitter.feed(received)
        ]

    def clear(self) -> None:
        """Forget what came so far."""
        self._splitter.clear()
