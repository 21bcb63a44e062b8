"""One notice: a bubble in the visit that holds the application, and a short message.

The SMS says only that there is something to see: no name, no item, no decision.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice import messages
from backoffice.applications.models import Application, HistoryRow
from backoffice.applications.supplements import supplements_of, wanted_lines
from backoffice.conversations.services import add_notice
from backoffice.dates import day_text
from backoffice.identity.models import Citizen
from backoffice.identity.services import phone_of
from backoffice.outbox import services as outbox
from backoffice.results.models import Result
from backoffice.results.services import result_on
from catalogue.loader import Catalogue
from catalogue.schema import ServiceItem
from verifier import group_code

_NO_SMS = frozenset({"submitted", "withdrawn", "approved", "handed"})
"""Done by the citizen a moment ago, or followed by a notice that says more."""
_IN_CHAT_ALREADY = frozenset({"submitted", "withdrawn"})


async def notify(
    session: AsyncSession,
    payload: Mapping[str, Any],
    key: str,
    *,
    catalogue: Catalogue,
    public_url: str,
    now: datetime,
) -> None:
    """Deliver the outbox entry `notice.send`: `{application_id, kind}`."""
    application = await session.get(Application, payload["application_id"])
    item = catalogue.find(application.item_code) if application is not None else None
    if application is None or item is None:
        return
    kind = str(payload["kind"])
    if application.conversation_id is not None and kind not in _IN_CHAT_ALREADY:
        text_key = f"notice.{kind}"
        params = await _params(session, application, item, public_url)
        bubble: dict[str, Any] = {"text": messages.text(text_key, **params)}
        if buttons := messages.buttons(text_key, **params):
            bubble["buttons"] = buttons
        await add_notice(
            session,
            conversation_id=application.conversation_id,
            key=key,
            bubble=bubble,
            now=now,
        )
    if kind not in _NO_SMS and application.citizen_id is not None:
        citizen = await session.get_one(Citizen, application.citizen_id)
        phone = phone_of(citizen)
        if phone is not None:
            sms = {"phone": phone, "template": "notice", "params": {}}
            await outbox.put(session, kind="sms.send", key=f"sms:{key}", payload=sms, now=now)


async def _params(
    session: AsyncSession, application: Application, item: ServiceItem, public_url: str
) -> dict[str, str]:
    result = await result_on(session, application_id=application.id)
    return {
        "title": item.title,
        "number": application.number or "",
        "due": _due(application),
        "reason": await _reason(session, application),
        "revoked_on": day_text(result.revoked_at) if result and result.revoked_at else "",
        "revoked_reason": _revoked_reason(result),
        "wanted": await _wanted(session, application, item),
        "otherwise": item.instant_rule.otherwise if item.instant_rule else "",
        "code": group_code(result.code) if result else "",
        "url": f"{public_url}/v/{result.code}" if result else "",
    }


def _revoked_reason(result: Result | None) -> str:
    """Why a result was withdrawn: what the public is told, and the words meant for the holder."""
    if result is None or result.revoked_reason is None:
        return ""
    words = messages.text(f"revocation.{result.revoked_reason}")
    return f"{words}。{result.revoked_note}" if result.revoked_note else words


def _due(application: Application) -> str:
    if application.due_on is None:
        return messages.text("notice.due_unknown")
    return messages.text("notice.due", day=day_text(application.due_on))


async def _reason(session: AsyncSession, application: Application) -> str:
    note = await session.scalar(
        select(HistoryRow.note)
        .where(HistoryRow.application_id == application.id)
        .order_by(HistoryRow.id.desc())
        .limit(1)
    )
    return str(note or "")


async def _wanted(session: AsyncSession, application: Application, item: ServiceItem) -> str:
    requests = await supplements_of(session, application.id)
    return "\n".join(wanted_lines(item, requests[-1].wanted)) if requests else ""
