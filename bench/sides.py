"""What a contestant of the benchmark is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import aiohttp

from bench.dialogue import Kind, Line
from bench.memory import Memory


class WrongAnswer(Exception):
    """A side did not hold the dialogue; the numbers would mean nothing."""


@dataclass
class Citizen:
    """One visitor. `id` and `token` are those of the visit that is going on."""

    phone: str
    id: str = ""
    token: str = ""
    code: str = "123456"

    def words(self, line: Line) -> str:
        """What this citizen types for a line of the dialogue."""
        return line.say.format(phone=self.phone, code=self.code)


class Side(Protocol):
    """One contestant."""

    name: str
    kind: Kind

    def start(self) -> None:
        """Start all processes; returns when they answer."""

    def stop(self) -> None:
        """Stop them. Safe to call twice."""

    def memory(self) -> list[Memory]:
        """All processes of this side."""

    async def greet(self, http: aiohttp.ClientSession, citizen: Citizen) -> None:
        """Begin a new visit."""

    async def settle(self, http: aiohttp.ClientSession, citizens: Sequence[Citizen]) -> None:
        """What happens between the parts of a dialogue, unmeasured: reading the SMS code."""

    async def say(self, http: aiohttp.ClientSession, citizen: Citizen, line: Line) -> None:
        """One turn. Raises WrongAnswer, aiohttp.ClientError."""
