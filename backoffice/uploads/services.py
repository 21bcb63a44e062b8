"""Taking in, opening and deleting uploads; other packages import from here only."""

import asyncio
import hashlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import event, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.models import Application
from backoffice.applications.states import AT_THE_AUTHORITY, State
from backoffice.clock import china_date
from backoffice.conversations.models import Conversation, Widget
from backoffice.crypto import DecryptionFailed, keyed_hash
from backoffice.db import Sessions, new_id
from backoffice.errors import NotFound
from backoffice.identity.liveness import FAILURES_ALLOWED, claim_challenge, keep_outcome
from backoffice.identity.models import Consent
from backoffice.logs import log
from backoffice.uploads import store
from backoffice.uploads.analysis import Analysis, analyse, analyse_live, check_liveness
from backoffice.uploads.chips import CHIP_PHOTO
from backoffice.uploads.content import KINDS, MAX_BYTES, Clean, clean, sniffed_type
from backoffice.uploads.errors import (
    ConsentMissing,
    LivenessFailed,
    TooManyUploads,
    UploadRefused,
)
from backoffice.uploads.keeping import keep_with_file
from backoffice.uploads.models import Upload
from integrations.ports import LiveFrame, Vision

__all__ = [
    "MAX_BYTES",
    "Upload",
    "delete_upload",
    "keep_until",
    "load_upload",
    "purge_expired",
    "receive_live_selfie",
    "receive_upload",
    "remove_orphans",
    "upload_of",
]

# Until an application is submitted; `keep_until` then gives its uploads the application's time.
KEPT_UNSUBMITTED = {"selfie": timedelta(days=7)}
KEPT_UNSUBMITTED_DEFAULT = timedelta(days=30)
MAX_PER_WIDGET = 12
CARD_PICTURES = ("id_card_front", CHIP_PHOTO)
"""What a face is compared with."""
FEWEST_FRAMES, MOST_FRAMES = 6, 40
MAX_PER_CONVERSATION = 60
_IN_WORK = (*AT_THE_AUTHORITY, State.SUPPLEMENT_DUE)
_ORPHAN_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class _Place:
    """What an upload is for, read before the work on it begins."""

    widget_id: str
    kind: str
    conversation_id: str
    application_id: str | None
    citizen_id: str | None
    reference_id: str | None


async def receive_upload(
    sessions: Sessions,
    vision: Vision,
    folder: Path,
    *,
    conversation_id: str,
    widget_id: str,
    content: bytes,
    now: datetime,
) -> Upload:
    """Check, clean, read, encrypt and keep what was sent for a widget.

    Opens its own short transactions: the slow work between them holds none. The widget stays
    open; the dialogue closes it when it is told `widget_done`. What is refused leaves nothing.

    Raises:
        NotFound: no such widget, not of this conversation, closed, or not one for uploads.
        UploadRefused: see `backoffice.uploads.errors`.
    """
    async with sessions.begin() as session:
        place = await _place(session, conversation_id, widget_id)
    loop = asyncio.get_running_loop()
    try:
        cleaned = await loop.run_in_executor(_workers(), clean, place.kind, content)
        reference = await _reference(folder, place.reference_id)
        analysis = await analyse(
            vision, place.kind, cleaned, reference=reference, today=china_date(now)
        )
    except UploadRefused as exc:
        _log_refusal(place, exc, content)
        raise
    return await _keep(sessions, folder, place, cleaned, analysis, now)


async def receive_live_selfie(
    sessions: Sessions,
    vision: Vision,
    folder: Path,
    *,
    conversation_id: str,
    widget_id: str,
    nonce: str,
    frames: Sequence[tuple[int, bytes]],
    now: datetime,
) -> Upload:
    """Check the frames of a challenge; keep its best frame as the selfie, with what was found.

    A failed challenge keeps nothing and may be tried once more; when it fails again the frame is
    kept for a clerk to look at.

    Args:
        nonce: of the challenge; used up by this, whatever comes of it.
        frames: milliseconds since the challenge began, and a picture.

    Raises:
        NotFound, UploadRefused: as `receive_upload`; LivenessFailed when it may be tried again.
        ChallengeGone: the challenge is used, too old, or not this widget's.
    """
    async with sessions.begin() as session:
        place = await _place(session, conversation_id, widget_id)
        actions = await claim_challenge(
            session, nonce=nonce, conversation_id=conversation_id, widget_id=widget_id, now=now
        )
    cleaned = await _clean_frames(frames)
    live = [LiveFrame(one.data, at) for one, (at, _) in zip(cleaned, frames, strict=True)]
    reading = await check_liveness(vision, live, actions)
    async with sessions.begin() as session:
        failed = await keep_outcome(session, nonce=nonce, fault=reading.fault)
    if not reading.passed and failed < FAILURES_ALLOWED:
        log("uploads").info(
            "liveness.failed", conversation_id=conversation_id, reason=reading.fault
        )
        raise LivenessFailed(reading.fault or "")
    best = cleaned[reading.best_frame if reading.best_frame is not None else len(cleaned) // 2]
    reference = await _reference(folder, place.reference_id)
    analysis = await analyse_live(vision, best, reading, reference=reference)
    return await _keep(sessions, folder, place, best, analysis, now)


async def _clean_frames(frames: Sequence[tuple[int, bytes]]) -> list[Clean]:
    if not FEWEST_FRAMES <= len(frames) <= MOST_FRAMES:
        raise LivenessFailed("too_few_frames")
    loop = asyncio.get_running_loop()
    work = (loop.run_in_executor(_workers(), clean, "selfie", one) for _, one in frames)
    return list(await asyncio.gather(*work))


def _log_refusal(place: _Place, refusal: UploadRefused, content: bytes) -> None:
    log("uploads").info(
        "upload.refused",
        conversation_id=place.conversation_id,
        kind=place.kind,
        reason=refusal.code,
        bytes=len(content),
        type=sniffed_type(content),
    )


async def _keep(
    sessions: Sessions,
    folder: Path,
    place: _Place,
    cleaned: Clean,
    analysis: Analysis,
    now: datetime,
) -> Upload:
    upload = _row(place, cleaned, analysis, now)

    async def still_wanted(session: AsyncSession) -> None:
        # It may have been closed, or the consent withdrawn, while the picture was read.
        await _place(session, place.conversation_id, place.widget_id)

    await keep_with_file(sessions, folder, upload, cleaned.data, still_wanted=still_wanted)
    log("uploads").info("upload.kept", upload_id=upload.id, kind=place.kind, bytes=upload.size)
    return upload


async def upload_of(
    session: AsyncSession,
    upload_id: str,
    *,
    conversation_id: str | None = None,
    citizen_id: str | None = None,
) -> Upload:
    """The upload, for its conversation or its citizen; staff services pass neither.

    Raises:
        NotFound: does not exist, or belongs to somebody else.
    """
    wanted = select(Upload).where(Upload.id == upload_id)
    if conversation_id is not None or citizen_id is not None:
        whose = []
        if conversation_id is not None:
            whose.append(Upload.conversation_id == conversation_id)
        if citizen_id is not None:
            whose.append(Upload.citizen_id == citizen_id)
        wanted = wanted.where(or_(*whose))
    upload = await session.scalar(wanted)
    if upload is None:
        raise NotFound
    return upload


async def load_upload(
    session: AsyncSession,
    folder: Path,
    upload_id: str,
    *,
    conversation_id: str | None = None,
    citizen_id: str | None = None,
) -> bytes:
    """The kept bytes, decrypted; ownership as in `upload_of`.

    Raises:
        NotFound: as `upload_of`, or the file is gone.
    """
    upload = await upload_of(
        session, upload_id, conversation_id=conversation_id, citizen_id=citizen_id
    )
    try:
        return await asyncio.to_thread(store.read, folder, upload.id)
    except FileNotFoundError as exc:
        log("uploads").error("upload.file_missing", upload_id=upload.id)
        raise NotFound from exc


async def delete_upload(session: AsyncSession, folder: Path, upload_id: str) -> None:
    """Delete an upload; its file goes when (and only when) the caller's transaction commits."""
    upload = await session.get(Upload, upload_id)
    if upload is None:
        return
    await session.delete(upload)

    def remove_file(_session: object) -> None:
        store.remove(folder, upload_id)

    event.listen(session.sync_session, "after_commit", remove_file, once=True)


async def keep_until(session: AsyncSession, upload_ids: Iterable[str], until: datetime) -> None:
    """Give uploads the retention of the application they now belong to (or shorten it)."""
    for upload in await session.scalars(select(Upload).where(Upload.id.in_(list(upload_ids)))):
        upload.expires_at = until


async def purge_expired(
    session: AsyncSession, folder: Path, *, now: datetime, limit: int = 200
) -> int:
    """Delete what is past its time; returns how many. For the worker, in a transaction of its own.

    Never while the authority works on the application it was given for, however long that takes.
    """
    in_work = select(Application.id).where(Application.state.in_(_IN_WORK))
    past = select(Upload.id).where(
        Upload.expires_at <= now,
        or_(Upload.application_id.is_(None), Upload.application_id.not_in(in_work)),
    )
    ids = list(await session.scalars(past.limit(limit)))
    for upload_id in ids:
        await delete_upload(session, folder, upload_id)
    return len(ids)


async def remove_orphans(session: AsyncSession, folder: Path, *, wall_clock: datetime) -> int:
    """Delete files that a crash left without a row; returns how many.

    Args:
        wall_clock: the machine's real time, not a demo clock: it is compared with the files'.
    """
    oldest = (wall_clock - _ORPHAN_AFTER).timestamp()
    settled = [
        name for name, at in await asyncio.to_thread(store.stored_ids, folder) if at < oldest
    ]
    known = set(await session.scalars(select(Upload.id).where(Upload.id.in_(settled))))
    orphans = [name for name in settled if name not in known]
    for name in orphans:
        (folder / name[:2] / name).unlink(missing_ok=True)
    return len(orphans)


async def _place(session: AsyncSession, conversation_id: str, widget_id: str) -> _Place:
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
        raise NotFound
    await _check_quota(session, conversation_id, widget_id)
    application_id = widget.application_id or conversation.application_id
    reference_id = None
    if widget.kind == "selfie":
        await _check_consent(session, conversation)
        reference_id = await _newest_card(session, conversation_id, application_id)
    return _Place(
        widget_id,
        widget.kind,
        conversation_id,
        application_id,
        conversation.citizen_id,
        reference_id,
    )


async def _check_quota(session: AsyncSession, conversation_id: str, widget_id: str) -> None:
    counted = select(func.count()).select_from(Upload)
    of_widget = await session.scalar(counted.where(Upload.widget_id == widget_id)) or 0
    of_visit = await session.scalar(counted.where(Upload.conversation_id == conversation_id)) or 0
    if of_widget >= MAX_PER_WIDGET or of_visit >= MAX_PER_CONVERSATION:
        raise TooManyUploads


async def _check_consent(session: AsyncSession, conversation: Conversation) -> None:
    # Asked here too, not only in the dialogue: no face is compared without a yes on record.
    whose = [Consent.conversation_id == conversation.id]
    if conversation.citizen_id is not None:
        whose.append(Consent.citizen_id == conversation.citizen_id)
    newest = select(Consent).where(Consent.kind == "face", or_(*whose)).order_by(Consent.id.desc())
    consent = (await session.scalars(newest.limit(1))).first()
    if consent is None or not consent.granted:
        raise ConsentMissing


async def _newest_card(
    session: AsyncSession, conversation_id: str, application_id: str | None
) -> str | None:
    whose = [Upload.conversation_id == conversation_id]
    if application_id is not None:
        whose.append(Upload.application_id == application_id)
    cards = select(Upload.id).where(Upload.kind.in_(CARD_PICTURES), or_(*whose))
    return (await session.scalars(cards.order_by(Upload.created_at.desc()).limit(1))).first()


async def _reference(folder: Path, upload_id: str | None) -> tuple[str, bytes] | None:
    if upload_id is None:
        return None
    try:
        return upload_id, await asyncio.to_thread(store.read, folder, upload_id)
    except (FileNotFoundError, DecryptionFailed) as exc:
        log("uploads").error("upload.file_missing", upload_id=upload_id, error=type(exc).__name__)
        return None


def _row(place: _Place, cleaned: Clean, analysis: Analysis, now: datetime) -> Upload:
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
def _workers() -> ThreadPoolExecutor:
    # Two pictures of 40 megapixels at once are 240 MB; more would endanger the machine's memory.
    return ThreadPoolExecutor(max_workers=2, thread_name_prefix="uploads")
