"""What an upload is for, whether it may come, and how it is kept: shared by all ways of sending."""

import asyncio
import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.conversations.models import Conversation, Widget
from backoffice.crypto import DecryptionFailed, keyed_hash
from backoffice.db import Sessions, new_id
from backoffice.errors import NotFound, NotYours
from backoffice.identity.alarms import AlarmKind, sound
from backoffice.identity.evidence import claimed_by
from backoffice.identity.models import Proof, ProofKind
from backoffice.identity.proofs import FACE_CONSENT, consent_of
from backoffice.logs import log
from backoffice.uploads import store
from backoffice.uploads.analysis import Analysis
from backoffice.uploads.chips import CHIP_PHOTO
from backoffice.uploads.content import KINDS, Clean
from backoffice.uploads.errors import ConsentMissing, TooManyUploads
from backoffice.uploads.keeping import keep_with_file
from backoffice.uploads.models import Upload

# Until an application is submitted; `keep_until` then gives its uploads the application's time.
KEPT_UNSUBMITTED = {"selfie": timedelta(days=7)}
KEPT_UNSUBMITTED_DEFAULT = timedelta(days=30)
MAX_PER_WIDGET = 12
MAX_PER_CONVERSATION = 60
FRONTS = ("id_card_front",)
CARD_PICTURES = (*FRONTS, CHIP_PHOTO)
"""What a face is compared with."""


@dataclass(frozen=True)
class Place:
    """What an upload is for, read before the work on it begins."""

    widget_id: str
    kind: str
    conversation_id: str
    application_id: str | None
    citizen_id: str | None
    reference_id: str | None
    """The card's picture that a selfie is compared with, or whose other side this is."""
    front: dict[str, Any] | None = None
    """What was read from that card, for its other side."""


async def place_of(session: AsyncSession, conversation_id: str, widget_id: str) -> Place:
    """Where an upload belongs, if it may come.

    Raises:
        NotFound: no such widget, not of this conversation, closed, or not one for uploads.
        ConsentMissing, TooManyUploads.
    """
    widget = await session.scalar(
        select(Widget).where(
            Widget.id == widget_id,
            Widget.conversation_id == conversation_id,
            Widget.state == "open",
            Widget.kind.in_(KINDS),
        )
    )
    conversation = await session.get(Conversation, conversation_id)
    if widget is None or conversation is None or conversation.ended_at is not None:
        known = await session.get(Widget, widget_id)
        if known is not None and known.conversation_id != conversation_id:
            raise NotYours(AlarmKind.FOREIGN_WIDGET)
        raise NotFound
    await _check_quota(session, conversation_id, widget_id)
    application_id = widget.application_id or conversation.application_id
    reference_id, card = None, None
    if widget.kind == "selfie":
        await _check_consent(session, conversation)
        reference_id = await _newest_card(session, conversation_id, application_id, CARD_PICTURES)
    if widget.kind == "id_card_back":
        reference_id = await _newest_card(session, conversation_id, application_id, FRONTS)
        front = await session.get(Upload, reference_id) if reference_id is not None else None
        card = front.analysis["card"] if front is not None else None
    return Place(
        widget_id,
        widget.kind,
        conversation_id,
        application_id,
        conversation.citizen_id,
        reference_id,
        card,
    )


async def _check_quota(session: AsyncSession, conversation_id: str, widget_id: str) -> None:
    counted = select(func.count()).select_from(Upload)
    of_widget = await session.scalar(counted.where(Upload.widget_id == widget_id)) or 0
    of_visit = await session.scalar(counted.where(Upload.conversation_id == conversation_id)) or 0
    if of_widget >= MAX_PER_WIDGET or of_visit >= MAX_PER_CONVERSATION:
        raise TooManyUploads


async def _check_consent(session: AsyncSession, conversation: Conversation) -> None:
    # Asked here too, not only in the dialogue: no face is compared without a yes on record.
    consent = await consent_of(
        session,
        kind=FACE_CONSENT,
        conversation_id=conversation.id,
        citizen_id=conversation.citizen_id,
    )
    if consent is None or not consent.granted:
        raise ConsentMissing


async def _newest_card(
    session: AsyncSession, conversation_id: str, application_id: str | None, kinds: Sequence[str]
) -> str | None:
    whose = [Upload.conversation_id == conversation_id]
    if application_id is not None:
        whose.append(Upload.application_id == application_id)
    if (theirs := await _their_card(session, application_id, kinds)) is not None:
        return theirs
    cards = select(Upload.id).where(Upload.kind.in_(kinds), or_(*whose))
    return (await session.scalars(cards.order_by(Upload.created_at.desc()).limit(1))).first()


async def _their_card(
    session: AsyncSession, application_id: str | None, kinds: Sequence[str]
) -> str | None:
    """The newest picture of these kinds of a card that bears the number of whoever has to prove who they are.

    With somebody acting for another there may be two people's cards in one application.
    """
    if application_id is None:
        return None
    subject = await claimed_by(session, application_id)
    if subject is None:
        return None
    cards = await session.scalars(
        select(Proof)
        .where(
            Proof.application_id == application_id,
            Proof.kind == ProofKind.ID_CARD,
            Proof.subject_hash == subject,
        )
        .order_by(Proof.id.desc())
    )
    shown = [str(id) for one in cards for id in reversed(one.upload_ids or [])]
    wanted = select(Upload.id).where(Upload.id.in_(shown), Upload.kind.in_(kinds))
    there = set(await session.scalars(wanted))
    return next((id for id in shown if id in there), None)


async def _seen_elsewhere(session: AsyncSession, place: Place, upload: Upload) -> bool:
    """Whether the same picture, to the bit, was a selfie of another visit, or is a card's."""
    found = await session.scalar(
        select(Upload.id).where(
            Upload.digest == upload.digest,
            Upload.kind.in_(("selfie", *CARD_PICTURES)),
            or_(Upload.conversation_id != place.conversation_id, Upload.kind != "selfie"),
        ).limit(1)
    )  # fmt: skip
    return found is not None


async def reference_of(folder: Path, upload_id: str | None) -> tuple[str, bytes] | None:
    """Id and bytes of the card's picture; None without one, or when its file cannot be opened."""
    if upload_id is None:
        return None
    try:
        return upload_id, await asyncio.to_thread(store.read, folder, upload_id)
    except (FileNotFoundError, DecryptionFailed) as exc:
        log("uploads").error("upload.file_missing", upload_id=upload_id, error=type(exc).__name__)
        return None


async def keep(
    sessions: Sessions,
    folder: Path,
    place: Place,
    cleaned: Clean,
    analysis: Analysis,
    now: datetime,
) -> Upload:
    """Keep what was cleaned and read, if its widget still wants it (else as `place_of` raises)."""
    upload = _row(place, cleaned, analysis, now)

    async def still_wanted(session: AsyncSession) -> None:
        # It may have been closed, or the consent withdrawn, while the picture was read.
        await place_of(session, place.conversation_id, place.widget_id)
        if place.kind == "selfie" and await _seen_elsewhere(session, place, upload):
            upload.analysis = {**upload.analysis, "seen_before": True}
            visit = place.conversation_id
            await sound(session, AlarmKind.REPLAYED_PICTURE, now=now, conversation_id=visit)

    await keep_with_file(sessions, folder, upload, cleaned.data, still_wanted=still_wanted)
    log("uploads").info("upload.kept", upload_id=upload.id, kind=place.kind, bytes=upload.size)
    return upload


def _row(place: Place, cleaned: Clean, analysis: Analysis, now: datetime) -> Upload:
    return Upload(
        id=new_id(),
        conversation_id=place.conversation_id,
        application_id=place.application_id,
        widget_id=place.widget_id,
        citizen_id=place.citizen_id,
        kind=place.kind,
        mime=cleaned.mime,
        size=len(cleaned.data),
        digest=keyed_hash("uploads.digest", hashlib.sha256(cleaned.data).hexdigest()),
        analysis=analysis,
        created_at=now,
        expires_at=now + KEPT_UNSUBMITTED.get(place.kind, KEPT_UNSUBMITTED_DEFAULT),
    )


@cache
def workers() -> ThreadPoolExecutor:
    """Threads for cleaning pictures."""
    # Two pictures of 40 megapixels at once are 240 MB; more would endanger the machine's memory.
    return ThreadPoolExecutor(max_workers=2, thread_name_prefix="uploads")
