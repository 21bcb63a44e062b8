"""The port `IdCardReader` over the serial driver."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from integrations.devices.samv.driver import SamvReader
from integrations.ports import ChipCard

T = TypeVar("T")


class SerialIdCardReader:
    """Runs the driver in a thread of its own, so that no event loop waits for the line."""

    def __init__(self, driver: SamvReader) -> None:
        self._driver = driver
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="card-reader")

    @property
    def connections(self) -> int:
        """How often the port was opened; see the driver."""
        return self._driver.connections

    async def find(self) -> bool:
        """As the port says."""
        return await self._run(self._driver.find)

    async def read(self, *, fingers: bool = False) -> ChipCard:
        """As the port says."""
        return await self._run(lambda: self._driver.read(fingers=fingers))

    async def newest_address(self) -> str | None:
        """As the port says."""
        return await self._run(self._driver.newest_address)

    async def serial_number(self) -> str:
        """As the port says."""
        return await self._run(self._driver.serial_number)

    def close(self) -> None:
        """As the port says; waits for a request under way."""
        self._driver.close()

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
