"""A serial device that is not there: a pseudo-terminal behind a path, for simulators."""

import contextlib
import os
import select
import sys
import threading
import tty
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Generic, Self, TypeVar

FaultT = TypeVar("FaultT", bound=str)

_PIECE = 61
_LOOK_EVERY_S = 0.02


class PseudoPort(ABC, Generic[FaultT]):
    """A device at the path `link`, until `close` (or the end of a `with`).

    Args:
        link: where the port appears; a symbolic link to the pseudo-terminal.
    """

    def __init__(self, link: Path) -> None:
        self.link = link
        self._lock = threading.Lock()
        self._faults: deque[FaultT] = deque()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    @abstractmethod
    def _powered(self) -> None:
        """The device has just got its power; what it knew before is gone."""

    @abstractmethod
    def _answering(self) -> Callable[[bytes], Iterator[bytes]]:
        """For one time of being plugged in: what to answer to the bytes that come."""

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End."""
        self.unplug()

    def fail(self, *faults: FaultT) -> None:
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
        with self._lock:
            self._powered()
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
        answers = self._answering()
        try:
            while not stop.is_set():
                ready, _, _ = select.select([master], [], [], _LOOK_EVERY_S)
                if not ready:
                    continue
                for piece in answers(os.read(master, 4096)):
                    if stop.is_set():
                        return
                    os.write(master, piece)
        except OSError:
            pass  # the other side is gone
        finally:
            # Our own hold on the slave side keeps the terminal alive between two openings.
            os.close(slave)
            os.close(master)

    def _next_fault(self) -> FaultT | None:
        """What goes wrong with this answer; the caller holds the lock."""
        return self._faults.popleft() if self._faults else None


def delivered(frames: Iterable[bytes], fault: str | None, *, noise: bytes) -> Iterator[bytes]:
    """Frames as a serial line delivers them: in pieces, and spoilt as the fault says.

    `silent` delivers nothing, `garbage` noise before it, `checksum` alters the last byte, `cut`
    ends in the middle of the last frame.
    """
    whole = list(frames)
    if fault == "silent":
        return
    if fault == "garbage":
        yield noise
    if fault == "checksum":
        whole[-1] = whole[-1][:-1] + bytes((whole[-1][-1] ^ 0x5A,))
    if fault == "cut":
        whole[-1] = whole[-1][: len(whole[-1]) // 2]
    for frame in whole:
        yield from (frame[at : at + _PIECE] for at in range(0, len(frame), _PIECE))


def serve_by_hand(
    port: PseudoPort[FaultT],
    *,
    name: str,
    what: str,
    lay_on: Callable[[str], None],
    take_off: Callable[[], None],
    faults: tuple[FaultT, ...],
    first: str | None,
) -> int:
    """Obey the lines of the standard input until `quit`, its end, or Ctrl-C.

    Args:
        name: of the device, for the greeting.
        what: the word for what can be laid on (`NAME`, `FILE`).
        lay_on: raises LookupError with what to say when there is no such thing.
        first: laid on at once.

    Returns:
        The exit code: 1 when `first` could not be laid on.
    """
    usage = f"on {what}, off, fail KIND, unplug, plug"
    plain: Mapping[str, Callable[[], None]] = {
        "off": take_off,
        "unplug": port.unplug,
        "plug": port.plug,
    }

    def obey(line: str) -> bool:
        word, _, rest = line.partition(" ")
        kinds = {str(one): one for one in faults}
        if word == "on":
            try:
                lay_on(rest)
            except LookupError as exc:
                sys.stderr.write(f"{exc.args[0]}\n")
                return False
        elif word == "fail" and rest in kinds:
            port.fail(kinds[rest])
        elif word in plain:
            plain[word]()
        elif word:
            sys.stderr.write(f"{usage}, quit\n")
            return False
        return True

    with port, contextlib.suppress(KeyboardInterrupt):
        if first and not obey(f"on {first}"):
            return 1
        sys.stdout.write(f"{name} at {port.link}; {usage}\n")
        sys.stdout.flush()
        for line in sys.stdin:
            if line.strip() == "quit":
                break
            obey(line.strip())
    return 0
