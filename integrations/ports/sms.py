"""Messages to phones."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Receipt:
    """The outside system's reference for something it accepted."""

    reference: str


class SmsSender(Protocol):
    """Short messages to a mobile phone."""

    async def send(self, *, phone: str, template: str, params: dict[str, str], key: str) -> Receipt:
        """Queue one message. The same `key` twice sends once. Raises Unavailable, Rejected."""
        ...
