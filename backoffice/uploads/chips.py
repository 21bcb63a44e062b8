"""The photo on a card's chip, which no citizen uploads: a device of ours sends it."""

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.clock import china_date
from backoffice.conversations.models import Conversation
from backoffice.crypto import keyed_hash
from backoffice.db import Sessions, new_id
from backoffice.devices.readings import as_card, number_fault
from backoffice.logs import log
from backoffice.uploads.content import clean
from backoffice.uploads.errors import UploadRefused
from backoffice.uploads.keeping import keep_with_file
from backoffice.uploads.models import Upload

CHIP_PHOTO = "id_card_chip"
_KEPT = timedelta(days=30)


async def keep_chip_photo(
    sessions: Sessions,
    folder: Path,
    *,
    conversation_id: str,
    widget_id: str,
    picture: bytes,
    card: Mapping[str, Any],
    now: datetime,
) -> None:
    """Keep the photo of the card read for this widget, once; a broken picture is left out.

    The caller has authenticated the device and made sure of the widget.
    """
    async with sessions.read() as session:
        if await chip_photos(session, widget_id):
            return
        conversation = await session.get(Conversation, conversation_id)
    if conversation is None:
        return
    try:
        cleaned = await asyncio.to_thread(clean, CHIP_PHOTO, picture)
    except UploadRefused as exc:
        log("uploads").warning("upload.refused", kind=CHIP_PHOTO, reason=exc.code)
        return
    content, today = dict(card), china_date(now)
    upload = Upload(
        id=new_id(),
        conversation_id=conversation_id,
        application_id=conversation.application_id,
        widget_id=widget_id,
        citizen_id=conversation.citizen_id,
        kind=CHIP_PHOTO,
        mime=cleaned.mime,
        size=len(cleaned.data),
        digest=keyed_hash("uploads.digest", hashlib.sha256(cleaned.data).hexdigest()),
        analysis={"card": as_card(content), "id_no_fault": number_fault(content, today)},
        created_at=now,
        expires_at=now + _KEPT,
    )
    await keep_with_file(sessions, folder, upload, cleaned.data)


async def chip_photos(session: AsyncSession, widget_id: str) -> list[str]:
    """Ids of what was kept for the widget: one or none."""
    found = await session.scalars(
        select(Upload.id).where(Upload.widget_id == widget_id, Upload.kind == CHIP_PHOTO)
    )
    return list(found)
