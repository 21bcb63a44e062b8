"""Telling the holder of a ticket: a bubble in the visit, and a short message where there is a phone.

The short message holds the number and the window, nothing of the person or the business.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backoffice import messages
from backoffice.conversations.services import add_notice
from backoffice.outbox import services as outbox
from backoffice.queue.models import Ticket
from backoffice.queue.states import TicketState

_TOLD_IN = {"near": {TicketState.WAITING}, "called": {TicketState.CALLED, TicketState.SERVING}}
"""What is told only while it is still so: a delivery may be late."""
_IN_SMS = {"near": ("number", "before"), "called": ("number", "window")}


async def tell(
    session: AsyncSession, payload: Mapping[str, Any], key: str, *, now: datetime
) -> None:
    """Deliver the outbox entry `queue.tell`: `{ticket, what: near|called, before?, window?, at?}`."""
    ticket = await session.get(Ticket, payload["ticket"])
    what = str(payload["what"])
    if ticket is None or ticket.state not in _TOLD_IN[what]:
        return
    if what == "called" and (ticket.called_at or now).isoformat() != payload["at"]:
        return  # called again since: that call has an entry of its own
    params = {
        "number": ticket.label,
        "before": payload.get("before", 0),
        "window": payload.get("window", 0),
    }
    if ticket.conversation_id is not None:
        text_key = f"queue.notice_{what}"
        bubble: dict[str, Any] = {
            "text": messages.text(text_key, **params),
            "buttons": messages.buttons(text_key, **params),
        }
        await add_notice(
            session, conversation_id=ticket.conversation_id, key=key, bubble=bubble, now=now
        )
    if ticket.phone and ticket.channel != "kiosk":
        sms = {
            "phone": ticket.phone,
            "template": f"queue_{what}",
            "params": {name: str(params[name]) for name in _IN_SMS[what]},
        }
        await outbox.put(session, kind="sms.send", key=f"sms:{key}", payload=sms, now=now)
