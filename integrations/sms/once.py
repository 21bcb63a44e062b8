"""One message for one key, over providers that have no idempotency key.

Both vendors' calls may be carried out although their answer never arrived. What was tried is
therefore noted first; before a key is tried again, the provider is asked whether the message went
out. Where it cannot say yet, the message goes out again: a second short message does less harm
than none.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ParamSpec, Protocol, TypeVar
from zoneinfo import ZoneInfo

from integrations.ports import Receipt, Rejected, Unavailable
from integrations.sms.ledger import SENT, TRIED, Entry, Ledger, out_id
from integrations.sms.numbers import check_number

CHINA = ZoneInfo("Asia/Shanghai")

CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 10.0
# A server that trickles is not ended by the socket's time-out.
_LONGEST_S = 20.0

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Uncertain(Unavailable):
    """The provider may have sent the message all the same."""


@dataclass(frozen=True)
class Message:
    """One message as the provider gets it.

    Attributes:
        phone: 11 digits, a mainland mobile.
        template: as set for the provider, `SMS_…` or a number.
        name: what the provider files it under; says nothing about it.
    """

    phone: str
    template: str
    params: Mapping[str, str]
    name: str


class Provider(Protocol):
    """A vendor's SDK. Its methods block; they run in a thread."""

    def submit(self, message: Message) -> str:
        """Hand over; returns their reference.

        Raises Rejected, Unavailable (certainly not sent), Uncertain.
        """
        ...

    def find(self, message: Message, day: str) -> str | None:
        """Their reference of a message tried on `day` (YYYYMMDD in China) if it went out.

        Raises Unavailable, Rejected.
        """
        ...


class SmsOnce:
    """The `SmsSender` port over a provider.

    Args:
        templates: our text's name → the provider's template, as set for it.
        ledger: remembers keys.
    """

    def __init__(
        self,
        provider: Provider,
        *,
        templates: Mapping[str, str],
        ledger: Ledger,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        longest_s: float = _LONGEST_S,
    ) -> None:
        self._provider = provider
        self._templates = templates
        self._ledger = ledger
        self._now = now
        self._longest_s = longest_s

    async def send(self, *, phone: str, template: str, params: dict[str, str], key: str) -> Receipt:
        """See `SmsSender.send`."""
        check_number(phone)
        theirs = self._templates.get(template)
        if theirs is None:
            raise Rejected(f"sms: no template {template}")
        message = Message(phone, theirs, params, out_id(key))
        known = await asyncio.to_thread(self._ledger.find, key)
        if known is not None and known.state == SENT:
            return Receipt(known.reference)
        if known is not None:
            found = await self._in_time(self._provider.find, message, known.day)
            if found is not None:
                return await self._sent(key, known.day, found)
        day = self._now().astimezone(CHINA).strftime("%Y%m%d")
        await asyncio.to_thread(self._ledger.note, key, Entry(TRIED, "", day))
        try:
            reference = await self._in_time(self._provider.submit, message)
        except Uncertain:
            raise
        except (Rejected, Unavailable):
            await asyncio.to_thread(self._ledger.forget, key)
            raise
        return await self._sent(key, day, reference)

    async def _sent(self, key: str, day: str, reference: str) -> Receipt:
        await asyncio.to_thread(self._ledger.note, key, Entry(SENT, reference, day))
        return Receipt(reference)

    async def _in_time(self, call: Callable[_P, _T], *args: _P.args, **kw: _P.kwargs) -> _T:
        try:
            return await asyncio.wait_for(asyncio.to_thread(call, *args, **kw), self._longest_s)
        except TimeoutError:
            raise Uncertain("sms: time-out") from None
