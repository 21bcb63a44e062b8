"""Packets of the ZFM/R30x family.

The makers' user manuals (ZFM-20 series, R305, R307) describe the protocol; they were not at hand, so
compare with the one of your sensor before relying on it. All numbers big-endian: EF 01, address (4), kind (1), length of what follows (2),
content, checksum (2): the sum of kind, length and content.
"""

from dataclasses import dataclass

HEADER = b"\xef\x01"
ADDRESS = 0xFFFFFFFF

COMMAND, DATA, ACK, LAST = 0x01, 0x02, 0x07, 0x08
_KINDS = frozenset({COMMAND, DATA, ACK, LAST})

TAKE_IMAGE = 0x01
SEND_IMAGE = 0x0A
READ_PARAMETERS = 0x0F
CHECK_PASSWORD = 0x13

OK, SENT_BADLY, NO_FINGER, NOT_TAKEN = 0x00, 0x01, 0x02, 0x03
CANNOT_SEND, WRONG_PASSWORD = 0x0F, 0x13

WIDTH, HEIGHT, DPI = 256, 288, 500
IMAGE_BYTES = WIDTH * HEIGHT // 2

_BEFORE_CONTENT = 9
_CHECKSUM = 2
_LONGEST_CONTENT = 256


@dataclass(frozen=True)
class Packet:
    """One packet without its wrapping."""

    kind: int
    content: bytes


class BadPacket(Exception):
    """Something arrived altered."""


def packed(packet: Packet, address: int = ADDRESS) -> bytes:
    """The bytes of a packet."""
    size = (len(packet.content) + _CHECKSUM).to_bytes(2, "big")
    summed = bytes((packet.kind,)) + size + packet.content
    total = (sum(summed) & 0xFFFF).to_bytes(_CHECKSUM, "big")
    return HEADER + address.to_bytes(4, "big") + summed + total


class Splitter:
    """Finds whole packets in a stream of bytes."""

    def __init__(self, address: int = ADDRESS) -> None:
        self._begin = HEADER + address.to_bytes(4, "big")
        self._buffer = bytearray()

    def feed(self, received: bytes) -> None:
        """Take what arrived."""
        self._buffer += received

    def next(self) -> Packet | None:
        """The next whole packet; None when more must arrive. Raises BadPacket."""
        begin = self._buffer.find(self._begin)
        if begin < 0:
            # Noise; the last bytes may be the beginning of a header.
            del self._buffer[: max(0, len(self._buffer) - len(self._begin) + 1)]
            return None
        del self._buffer[:begin]
        if len(self._buffer) < _BEFORE_CONTENT:
            return None
        kind, size = self._buffer[6], int.from_bytes(self._buffer[7:9], "big")
        if kind not in _KINDS or not _CHECKSUM <= size <= _LONGEST_CONTENT + _CHECKSUM:
            del self._buffer[: len(HEADER)]
            raise BadPacket("a length or kind that does not exist")
        if len(self._buffer) < _BEFORE_CONTENT + size:
            return None
        whole = bytes(self._buffer[: _BEFORE_CONTENT + size])
        del self._buffer[: len(whole)]
        content, checksum = whole[_BEFORE_CONTENT:-_CHECKSUM], whole[-_CHECKSUM:]
        if (sum(whole[6:-_CHECKSUM]) & 0xFFFF).to_bytes(_CHECKSUM, "big") != checksum:
            raise BadPacket("checksum")
        return Packet(kind, content)
