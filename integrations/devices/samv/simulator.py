"""A card reader that is not there: speaks the protocol on a pseudo-terminal.

    python -m integrations.devices.samv.simulator --link /tmp/idcard --card 测试员

Then, on standard input: `on NAME`, `off`, `fail KIND` (next answer: checksum, cut, silent,
garbage, gone), `unplug`, `plug`, `quit`. For tests and the demonstration only.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal, get_args

from integrations.devices.pseudo_port import PseudoPort, delivered, serve_by_hand
from integrations.devices.samv import framing
from integrations.devices.samv.cards import Chip, NoSuchCard, demo_chip
from integrations.devices.samv.framing import BadChecksum, Command, Splitter

Fault = Literal["checksum", "cut", "silent", "garbage", "gone", "sent_badly", "no_power"]
"""What goes wrong with the next answer: altered, half, none, after noise; the card is taken away
before it; the reader got the request altered; the reader is broken."""

_OK, _FOUND = (0, 0, 0x90), (0, 0, 0x9F)
_SENT_BADLY, _UNKNOWN, _BROKEN = (0, 0, 0x10), (0, 0, 0x21), (0, 0, 0x60)
_BROKEN_OFF, _NO_CARD, _NOT_SELECTED, _NOTHING = (0, 0, 0x41), (0, 0, 0x80), (0, 0, 0x81), (0, 0, 0x91)  # fmt: skip
_SAM_ID = bytes.fromhex("05000300EF2F320140E2010015CD5B07")
_NOISE = framing.PREAMBLE + b"\xff\xff" + bytes(range(40)) + framing.PREAMBLE[:3]
_SHORTEST_REQUEST = 3


class CardReaderSimulator(PseudoPort[Fault]):
    """A reader.

    Args:
        finds_once: as most readers do: a card is found once until it is laid on anew.
    """

    def __init__(self, link: Path, *, finds_once: bool = True) -> None:
        super().__init__(link)
        self.requests: list[Command] = []
        """Everything that was asked, in order."""
        self._finds_once = finds_once
        self._chip: Chip | None = None
        self._found = self._selected = False

    def lay_on(self, chip: Chip) -> None:
        """Lay a card on the reader (in place of another one)."""
        with self._lock:
            self._chip, self._found, self._selected = chip, False, False

    def take_off(self) -> None:
        """Take the card away."""
        with self._lock:
            self._take_off()

    def _take_off(self) -> None:
        self._chip, self._found, self._selected = None, False, False

    def _powered(self) -> None:
        self._found = self._selected = False

    def _answering(self) -> Callable[[bytes], Iterator[bytes]]:
        splitter = Splitter(shortest=_SHORTEST_REQUEST)

        def answers(came: bytes) -> Iterator[bytes]:
            for one in splitter.feed(came):
                yield from self._answer(one)

        return answers

    def _answer(self, asked: bytes | BadChecksum) -> Iterator[bytes]:
        with self._lock:
            fault = self._next_fault()
            if fault == "gone":
                self._take_off()
            if isinstance(asked, BadChecksum) or fault == "sent_badly":
                whole = framing.reply(_SENT_BADLY)
            elif fault == "no_power":
                whole = framing.reply(_BROKEN)
            else:
                command = Command(asked[0], asked[1])
                self.requests.append(command)
                whole = framing.reply(*self._reply(command))
        return delivered([whole], fault, noise=_NOISE)

    def _reply(self, command: Command) -> tuple[tuple[int, int, int], bytes]:
        match command:
            case framing.STATUS | framing.RESET:
                return _OK, b""
            case framing.SAM_ID:
                return _OK, _SAM_ID
            case framing.FIND:
                return self._find()
            case framing.SELECT:
                self._selected = self._chip is not None and self._found
                return (_OK, bytes(8)) if self._selected else (_NOT_SELECTED, b"")
            case framing.READ | framing.READ_WITH_FINGERS | framing.READ_ADDRESS:
                return self._read(command)
            case Command(code=framing.SET_BAUD):
                return (_OK, b"") if command.parameter <= 4 else (_UNKNOWN, b"")
        return _UNKNOWN, b""

    def _find(self) -> tuple[tuple[int, int, int], bytes]:
        if self._chip is None or (self._finds_once and self._selected):
            return _NO_CARD, b""
        self._found, self._selected = True, False
        return _FOUND, bytes(4)

    def _read(self, command: Command) -> tuple[tuple[int, int, int], bytes]:
        chip = self._chip
        if chip is None or not self._selected:
            return _BROKEN_OFF, b""
        if command == framing.READ_ADDRESS:
            if chip.address is None:
                return _NOTHING, b""
            return _OK, chip.address.ljust(35).encode("utf-16-le")
        fingers = chip.fingers if command == framing.READ_WITH_FINGERS else b""
        parts = [chip.text, chip.photo]
        if command == framing.READ_WITH_FINGERS:
            parts.append(fingers)
        sizes = b"".join(len(part).to_bytes(2, "big") for part in parts)
        return _OK, sizes + b"".join(parts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until `quit`, the end of the input, or Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--link", type=Path, default=Path("/tmp/xiaozheng-card-reader"))
    parser.add_argument("--card", help="name of a demo person or card, or its picture's path")
    given = parser.parse_args(arguments)
    reader = CardReaderSimulator(given.link)

    def lay_on(name: str) -> None:
        try:
            reader.lay_on(demo_chip(name))
        except NoSuchCard as exc:
            raise LookupError(f"no such card; there are: {exc}") from None

    return serve_by_hand(
        reader,
        name="card reader",
        what="NAME",
        lay_on=lay_on,
        take_off=reader.take_off,
        faults=get_args(Fault),
        first=given.card,
    )


if __name__ == "__main__":
    sys.exit(main())
