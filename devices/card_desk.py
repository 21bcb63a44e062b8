"""The card reader's side of a visit: one laid-on card is read once, for the visit that waits for it.

A card counts as laid on when the reader was seen empty before, on the same connection. So a card
that a visitor forgot is not read for the next one, also not after the reader was unplugged.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from backoffice.logs import log
from devices.server import NotNow, Refused, Server
from integrations.ports import (
    CardUnread,
    ChipCard,
    IdCardReader,
    IntegrationError,
    NoCard,
    Unavailable,
    WltPhotoDecoder,
)

LOOK_EVERY_S = 0.3
READ_TRIES = 3
EARLY_S = 3.0
"""A card laid on this long before the server told of the question still belongs to it."""
DELIVER_WITHIN_S = 30.0
_NOT_TRUSTED = 401
_PAUSES_S = (1.0, 2.0, 5.0, 10.0)


class ConnectedReader(IdCardReader, Protocol):
    """A reader that tells when its line was opened anew."""

    @property
    def connections(self) -> int:
        """Rises with each opening."""
        ...


class CardDesk:
    """Follows the server's work and the reader, until cancelled.

    Args:
        clock: seconds that only rise.
    """

    def __init__(
        self,
        reader: ConnectedReader,
        decoder: WltPhotoDecoder,
        server: Server,
        *,
        clock: Callable[[], float] = time.monotonic,
        wait_s: float = 20.0,
    ) -> None:
        self._reader, self._decoder, self._server = reader, decoder, server
        self._clock, self._wait_s = clock, wait_s
        self._answers = False
        self._widget: str | None = None
        self._asked_at = 0.0
        self._finished: str | None = None
        self._connection = 0
        self._empty_seen = False
        self._laid_at: float | None = None

    async def run(self) -> None:
        """Both sides at once."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow_work())
            tasks.create_task(self._watch_reader())

    async def _follow_work(self) -> None:
        failures = 0
        while True:
            try:
                wait_s = self._wait_s if self._answers else min(self._wait_s, 2.0)
                found = await self._server.work(
                    known=self._widget, card_reader=self._answers, wait_s=wait_s
                )
            except (NotNow, Refused) as exc:
                self._widget = None
                log("devices").warning("device.server", why=str(exc))
                await asyncio.sleep(_pause(failures))
                failures += 1
                continue
            failures = 0
            if found != self._widget:
                self._widget, self._asked_at = found, self._clock()

    async def _watch_reader(self) -> None:
        failures = 0
        while True:
            try:
                await self._look()
            except Unavailable as exc:
                if self._answers or failures == 0:
                    log("devices").warning("card_reader.gone", why=str(exc))
                self._answers, self._empty_seen, self._laid_at = False, False, None
                await asyncio.sleep(_pause(failures))
                failures += 1
                continue
            if not self._answers:
                log("devices").info("card_reader.answers")
            self._answers, failures = True, 0
            await asyncio.sleep(LOOK_EVERY_S)

    async def _look(self) -> None:
        """Look at the reader once, and do what follows from it. Raises Unavailable."""
        lies = await self._reader.find()
        if self._reader.connections != self._connection:
            self._connection, self._empty_seen, self._laid_at = (
                self._reader.connections,
                False,
                None,
            )
        if not lies:
            self._empty_seen, self._laid_at = True, None
            return
        if self._laid_at is None and self._empty_seen:
            self._laid_at, self._empty_seen = self._clock(), False
        widget = self._widget
        if self._laid_at is None or widget is None or widget == self._finished:
            return
        if self._laid_at < self._asked_at - EARLY_S:
            return
        self._laid_at = None  # whatever comes of it: this card has had its turn
        card = await self._read()
        if card is not None:
            await self._deliver(widget, card)

    async def _read(self) -> ChipCard | None:
        for _ in range(READ_TRIES):
            try:
                return await self._with_newest_address(await self._reader.read())
            except NoCard:
                return None
            except CardUnread as exc:
                log("devices").info("card_reader.unread", why=str(exc))
            if not await self._reader.find():
                return None
        return None

    async def _with_newest_address(self, card: ChipCard) -> ChipCard:
        """The card with the address that was added when its owner moved, which is not printed.

        Readers that do not know this question, and cards taken away meanwhile, leave what was
        read: the citizen is shown it and asked whether it is right.
        """
        try:
            address = await self._reader.newest_address()
        except IntegrationError as exc:
            log("devices").info("card_reader.no_newest_address", why=type(exc).__name__)
            return card
        return replace(card, address=address) if address else card

    async def _deliver(self, widget: str, card: ChipCard) -> None:
        """Hand the card over while its question is open; then forget it."""
        photo = await self._photo(card)
        deadline, failures = self._clock() + DELIVER_WITHIN_S, 0
        while self._clock() < deadline:
            try:
                await self._server.send_reading(widget, card, photo)
            except Refused as exc:
                log("devices").warning("device.reading_refused", status=exc.status)
                if exc.status == _NOT_TRUSTED:
                    return  # once the operator has seen to it, the card may be laid on again
            except NotNow as exc:
                log("devices").warning("device.server", why=str(exc))
                await asyncio.sleep(_pause(failures))
                failures += 1
                continue
            else:
                log("devices").info("device.reading_taken", kind=str(card.kind))
            self._finished = widget
            return

    async def _photo(self, card: ChipCard) -> bytes | None:
        with contextlib.suppress(IntegrationError):
            return await self._decoder.decode(card.wlt_photo)
        log("devices").warning("wlt_decoder.failed")
        return None


def _pause(failures: int) -> float:
    return _PAUSES_S[min(failures, len(_PAUSES_S) - 1)]
