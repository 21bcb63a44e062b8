"""Slow or fragile native code in a process of its own, one piece of work at a time.

A picture that crashes a library takes that process with it and not ours; it is started again. The
process starts with the first piece of work.
"""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection, parent_process
from pathlib import Path
from typing import Any, TypeVar

from integrations.ports import IntegrationError, Unavailable

_START_S = 120.0  # one to three seconds on a quiet machine
_T = TypeVar("_T")


class OneProcess:
    """Runs module-level functions elsewhere.

    Args:
        name: ours for it, in error texts.
        warm: loads what the work needs; runs once after each start.
        timeout_s: longest single piece of work; after it the process is ended and begun anew.
        max_waiting: pieces that may wait; beyond, callers are told at once to come again.
        max_resident_mb: after work that left the process larger, it is begun anew.
    """

    def __init__(
        self,
        name: str,
        *,
        warm: Callable[[], None],
        timeout_s: float = 15.0,
        max_waiting: int = 16,
        max_resident_mb: int | None = None,
    ) -> None:
        self._name = name
        self._warm = warm
        self._timeout_s = timeout_s
        self._max_waiting = max_waiting
        self._max_resident_mb = max_resident_mb
        self._one_at_a_time = asyncio.Lock()
        self._waiting = 0
        self._pool: ProcessPoolExecutor | None = None
        self.pid: int | None = None
        """Of the process that runs now, or of the last one."""

    async def run(self, work: Callable[..., _T], *args: Any) -> _T:
        """Do one piece of work there. Raises Unavailable, and what `work` raises of ours."""
        if self._waiting >= self._max_waiting:
            raise Unavailable(f"{self._name}: too much waiting")
        self._waiting += 1
        try:
            async with self._one_at_a_time:
                return await self._once_more_if_killed(work, *args)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """End the process; the next piece of work starts another."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        for child in multiprocessing.active_children():
            if child.pid == self.pid:
                child.kill()
        pool.shutdown(wait=False, cancel_futures=True)

    async def _once_more_if_killed(self, work: Callable[..., _T], *args: Any) -> _T:
        for last in (False, True):
            try:
                done = await self._in_process(work, *args)
                if self._max_resident_mb is not None:
                    if await self._in_process(resident_mb) > self._max_resident_mb:
                        self.close()
                return done
            except BrokenProcessPool:
                self.close()
                if last:
                    raise Unavailable(f"{self._name}: the process died twice") from None
            except TimeoutError:
                self.close()
                raise Unavailable(f"{self._name}: time-out") from None
            except asyncio.CancelledError:
                self.close()  # whoever waited has gone; the work must not block the next one
                raise
            except IntegrationError:
                raise
            except Exception as exc:
                # Its words may hold what was read, so only the kind goes on.
                raise Unavailable(f"{self._name}: {type(exc).__name__}") from None
        raise AssertionError("not reached")

    async def _in_process(self, work: Callable[..., _T], *args: Any) -> _T:
        loop = asyncio.get_running_loop()
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                1, mp_context=multiprocessing.get_context("spawn"), initializer=_prepare
            )
            starting = loop.run_in_executor(self._pool, _begin, self._warm)
            self.pid = await asyncio.wait_for(starting, _START_S)
        return await asyncio.wait_for(
            loop.run_in_executor(self._pool, work, *args), self._timeout_s
        )


def resident_mb() -> int:
    """The memory this process holds now."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1_000_000


def _prepare() -> None:
    """Survive Ctrl-C at the terminal, end with the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(0)


def _begin(warm: Callable[[], None]) -> int:
    warm()
    os.nice(5)  # from here on the conversation goes first; starting should be quick
    return os.getpid()
