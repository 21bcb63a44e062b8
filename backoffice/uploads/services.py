"""Taking in, opening and deleting uploads; other packages import from here only."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import event, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.models import Application
from backoffice.applications.states import AT_THE_AUTHORITY, State
from backoffice.clock import china_date
from backoffice.db import Sessions
from backoffice.errors import NotFound, NotYours
from backoffice.identity.alarms import AlarmKind
from backoffice.logs import log
from backoffice.signatures.strokes import read_strokes
from backoffice.uploads import store
from backoffice.uploads.analysis import analyse
from backoffice.uploads.content import MAX_BYTES, clean, sniffed_type
from backoffice.uploads.errors import UploadRefused
from backoffice.uploads.live import FEWEST_FRAMES, MOST_FRAMES, receive_live_selfie
from backoffice.uploads.models import Upload
from backoffice.uploads.places import Place, keep, place_of, reference_of, workers
from integrations.ports import Vision

__all__ = [
    "FEWEST_FRAMES",
    "MAX_BYTES",
    "MOST_FRAMES",
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

_IN_WORK = (*AT_THE_AUTHORITY, State.SUPPLEMENT_DUE)
_ORPHAN_AFTER = timedelta(hours=1)


async def receive_upload(
    sessions: Sessions,
    vision: Vision,
    folder: Path,
    *,
    conversation_id: str,
    widget_id: str,
    content: bytes,
    now: datetime,
    strokes: str | None = None,
) -> Upload:
    """Check, clean, read, encrypt and keep what was sent for a widget.

    Opens its own short transactions: the slow work between them holds none. The widget stays
    open; the dialogue closes it when it is told `widget_done`. What is refused leaves nothing.

    Args:
        strokes: of a signature, see `signatures.strokes`.

    Raises:
        NotFound: no such widget, not of this conversation, closed, or not one for uploads.
        UploadRefused: see `backoffice.uploads.errors`.
    """
    async with sessions.begin() as session:
        place = await place_of(session, conversation_id, widget_id)
    loop = asyncio.get_running_loop()
    try:
        cleaned = await loop.run_in_executor(workers(), clean, place.kind, content)
        reference = await reference_of(folder, place.reference_id)
        analysis = await analyse(
            vision,
            place.kind,
            cleaned,
            reference=reference,
            front=place.front,
            today=china_date(now),
        )
        if place.kind == "signature" and strokes is not None:
            analysis["strokes"] = read_strokes(strokes)
    except UploadRefused as exc:
        _log_refusal(place, exc, content)
        raise
    return await keep(sessions, folder, place, cleaned, analysis, now)


def _log_refusal(place: Place, refusal: UploadRefused, content: bytes) -> None:
    log("uploads").info(
        "upload.refused",
        conversation_id=place.conversation_id,
        kind=place.kind,
        reason=refusal.code,
        bytes=len(content),
        type=sniffed_type(content),
    )


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
        if await session.get(Upload, upload_id) is not None:
            raise NotYours(AlarmKind.FOREIGN_UPLOAD)
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
