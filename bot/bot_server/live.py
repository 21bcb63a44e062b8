"""The model that answers, exchanged while people speak.

The new model is loaded beside the old one and warmed up; then one reference changes. A turn that
is under way ends on the model it began with. The conversations' locks are shared by both, so the
same turn sent again during the change waits for its first run and gets that run's answer.
"""

from __future__ import annotations

import asyncio
import logging
import time
from functools import partial
from pathlib import Path
from typing import Any, Dict, Optional

from rasa.exceptions import ModelNotFound
from rasa.shared.exceptions import RasaException
from rasa.utils.endpoints import EndpointConfig

from bot_server.engine import Locks, TurnProcessor
from bot_server.registry import live_id, model_file
from bot_server.tracker_store import EncryptedTrackerStore

logger = logging.getLogger(__name__)
#: What a file that is no model of ours raises while it is loaded.
UNUSABLE = (ModelNotFound, RasaException, OSError, ValueError, EOFError, AttributeError, ImportError)


class CannotSwap(Exception):
    """The old model goes on answering; the message says why."""


class LiveModel:
    """Holds the model that answers."""

    def __init__(
        self, models: Path, store: EncryptedTrackerStore, endpoint: Optional[EndpointConfig]
    ) -> None:
        """Load the published model. Raises one of UNUSABLE."""
        self._models, self._store, self._endpoint = models, store, endpoint
        self._locks = Locks()
        self._swapping = asyncio.Lock()
        self.id = live_id(models)
        self._processor = self._load(self.id)

    def _load(self, model_id: Optional[str]) -> TurnProcessor:
        path = model_file(self._models, model_id)
        return TurnProcessor(path, self._store, self._endpoint)

    async def turn(self, sender: str, text: str, metadata: Dict[str, Any]) -> Dict[str, Any]:
        """One turn, by the model that answers when it begins. Raises TurnFailed."""
        async with self._locks.of(sender):
            # chosen only now: a turn that had to wait for another one begins here
            return await self._processor.turn(sender, text, metadata)

    async def warm_up(self) -> None:
        """See TurnProcessor."""
        await self._processor.warm_up()

    async def swap(self, model_id: str) -> None:
        """Answer with another published model from now on. Raises CannotSwap."""
        async with self._swapping:
            if model_id == self.id:
                return
            begun = time.monotonic()
            loop = asyncio.get_running_loop()
            try:
                new = await loop.run_in_executor(None, partial(self._load, model_id))
                await new.warm_up()
            except Exception as exc:  # unpickling a strange file may raise anything
                logger.error("model %s cannot be used", model_id, exc_info=exc)
                raise CannotSwap(type(exc).__name__) from exc
            self._processor, self.id = new, model_id
            logger.info("model %s answers, ready after %.1f s", model_id, time.monotonic() - begun)
