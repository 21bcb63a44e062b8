"""A card reader that is not there: speaks the protocol on a pseudo-terminal.

    python -m integrations.devices.samv.simulator --link /tmp/idcard --card 测试员

Then, on standard input: `on NAME`, `off`, `fail KIND` (next answer: checksum, cut, silent,
garbage, gone), `unplug`, `plug`, `quit`. For tests and the demonstration only.
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


class CardReaderSimulator:
    """A reader at the path `link`, until `close` (or the end of a `with`).

    Args:
        link: where the port appears; a symbolic link to the pseudo-terminal.
        finds_once: as most readers do: a card is found once until it is laid on anew.
    """

    def __init__(self, link: Path, *, finds_once: bool = True) -> None:
        self.link = link
        self.requests: list[Command] = []
        """Everything that was asked, in order."""
        self._finds_once = finds_once
        self._lock = threading.Lock()
        self._chip: Chip | None = None
        self._found = self._selected = False
        self._faults: deque[Fault] = deque()
        self._master: int | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def __enter__(self) -> "CardReaderSimulator":
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

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

    def fail(self, *faults: Fault) -> None:
        """Let the next answers go wrong, one each."""
        with self._lock:
            self._faults.extend(faults)

    def plug(self) -> None:
        """Make the port appear."""
        if self._master is not None:
            return
        master, slave = os.openpty()
        tty.setraw(slave)
        with contextlib.suppress(FileNotFoundError):
            self.link.unlink()
        self.link.symlink_to(os.ttyname(slave))
        self._master, self._stop = master, threading.Event()
        # Without a power supply a reader knows nothing of a card that it found before.
        with self._lock:
            self._found = self._selected = False
        self._thread = threading.Thread(
            target=self._serve, args=(master, slave, self._stop), daemon=True
        )
        self._thread.start()

    def unplug(self) -> None:
        """Make the port vanish, with whatever was under way."""
        if self._master is None or self._thread is None:
            return
        self.link.unlink(missing_ok=True)
        self._stop.set()
        self._thread.join(5)
        self._master = self._thread = None

    def close(self) -> None:
        """End."""
        self.unplug()

    def _serve(self, master: int, slave: int, stop: threading.Event) -> None:
        splitter = Splitter(shortest=_SHORTEST_REQUEST)
        try:
            while not stop.is_set():
                ready, _, _ = select.select([master], [], [], 0.02)
                if not ready:
                    continue
                for one in splitter.feed(os.read(master, 4096)):
                    for piece in self._answer(one):
                        os.write(master, piece)
        except OSError:
            pass  # the other side is gone
        finally:
            # Our own hold on the slave side keeps the terminal alive between two openings.
            os.close(slave)
            os.close(master)

    def _answer(self, asked: bytes | BadChecksum) -> Iterator[bytes]:
        with self._lock:
            fault = self._faults.popleft() if self._faults else None
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
        if fault == "silent":
            return
        if fault == "garbage":
            yield _NOISE
        if fault == "checksum":
            whole = whole[:-1] + bytes((whole[-1] ^ 0x5A,))
        if fault == "cut":
            whole = whole[: len(whole) // 2]
        # In pieces, as a serial line delivers them.
        yield from (whole[at : at + 61] for at in range(0, len(whole), 61))

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
    with CardReaderSimulator(given.link) as reader, contextlib.suppress(KeyboardInterrupt):
        if given.card and not _obey(reader, f"on {given.card}"):
            return 1
        sys.stdout.write(f"card reader at {given.link}; on NAME, off, fail KIND, unplug, plug\n")
        sys.stdout.flush()
        for line in sys.stdin:
            if line.strip() == "quit":
                break
            _obey(reader, line.strip())
    return 0


def _obey(reader: CardReaderSimulator, line: str) -> bool:
    """Do what one line says; False when it says nothing that can be done."""
    word, _, rest = line.partition(" ")
    plain = {"off": reader.take_off, "unplug": reader.unplug, "plug": reader.plug}
    if word == "on":
        try:
            reader.lay_on(demo_chip(rest))
        except NoSuchCard as exc:
            sys.stderr.write(f"no such card; there are: {exc}\n")
            return False
    elif word == "fail" and rest in get_args(Fault):
        reader.fail(rest)  # type: ignore[arg-type]
    elif word in plain:
        plain[word]()
    elif word:
        sys.stderr.write("on NAME, off, fail KIND, unplug, plug, quit\n")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
