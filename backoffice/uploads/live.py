"""The pictures of a challenge before the camera: taken in, judged, the best one kept as the selfie."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.crypto import keyed_hash
from backoffice.db import Sessions
from backoffice.identity.liveness import (
    FAILURES_ALLOWED,
    REPLAYED,
    claim_challenge,
    keep_outcome,
    sent_before,
)
from backoffice.logs import log
from backoffice.uploads.analysis import analyse_live, check_liveness
from backoffice.uploads.content import Clean, clean, jpeg_size
from backoffice.uploads.errors import LivenessFailed, TooLarge, TooManyPixels
from backoffice.uploads.models import Upload
from backoffice.uploads.places import keep, place_of, reference_of, workers
from integrations.ports import LiveFrame, LivenessReading, Vision

FEWEST_FRAMES, MOST_FRAMES = 8, 40
MAX_BYTES_TOGETHER = 8 * 1024 * 1024
MAX_PIXELS_EACH, MAX_PIXELS_TOGETHER = 1_500_000, 24_000_000
"""The page sends 540 by 720: 40 of them are 16 million. Twice one photograph is what this costs."""

Frames = Sequence[tuple[int, bytes]]
"""Milliseconds since the first, and a JPEG."""


async def receive_live_selfie(
    sessions: Sessions,
    vision: Vision,
    folder: Path,
    *,
    conversation_id: str,
    widget_id: str,
    nonce: str,
    frames: Frames,
    now: datetime,
) -> Upload:
    """Check the frames of a challenge; keep its best frame as the selfie, with what was found.

    A failed challenge keeps nothing and may be tried once more; when it fails again the frame is
    kept for a clerk to look at.

    Args:
        nonce: of the challenge; used up by this, whatever comes of it, unless the frames are more
            than `check_size` allows.

    Raises:
        NotFound, UploadRefused: as `receive_upload`; LivenessFailed when it may be tried again.
        ChallengeGone: the challenge is used, too old, or not this widget's.
    """
    check_size(frames)
    async with sessions.begin() as session:
        place = await place_of(session, conversation_id, widget_id)
        actions = await claim_challenge(
            session, nonce=nonce, conversation_id=conversation_id, widget_id=widget_id, now=now
        )
    cleaned = await clean_frames(frames)
    live = [LiveFrame(one.data, at) for one, (at, _) in zip(cleaned, frames, strict=True)]
    reading = await check_liveness(vision, live, actions)
    async with sessions.begin() as session:
        reading = await unless_sent_before(session, reading, nonce=nonce, frames=cleaned)
        failed = await keep_outcome(session, nonce=nonce, fault=reading.fault, now=now)
    if not reading.passed and failed < FAILURES_ALLOWED:
        log("uploads").info(
            "liveness.failed", conversation_id=conversation_id, reason=reading.fault
        )
        raise LivenessFailed(reading.fault or "")
    best = cleaned[reading.best_frame if reading.best_frame is not None else len(cleaned) // 2]
    reference = await reference_of(folder, place.reference_id)
    analysis = await analyse_live(vision, best, reading, reference=reference)
    return await keep(sessions, folder, place, best, analysis, now)


async def unless_sent_before(
    session: AsyncSession, reading: LivenessReading, *, nonce: str, frames: Sequence[Clean]
) -> LivenessReading:
    """The reading, failed when it is of a film that was sent before."""
    digests = [keyed_hash("live_frames", sha256(one.data).hexdigest()) for one in frames]
    if await sent_before(session, nonce=nonce, digests=digests):
        return replace(reading, passed=False, fault=REPLAYED)
    return reading


def check_size(frames: Frames) -> None:
    """Refuse more frames, bytes or pixels than a challenge needs; no picture is decoded for it.

    Raises:
        LivenessFailed (`too_few_frames`), TooLarge, TooManyPixels, NotAPicture.
    """
    if not FEWEST_FRAMES <= len(frames) <= MOST_FRAMES:
        raise LivenessFailed("too_few_frames")
    if sum(len(picture) for _, picture in frames) > MAX_BYTES_TOGETHER:
        raise TooLarge(max_mb=MAX_BYTES_TOGETHER // 1024 // 1024)
    together = 0
    for _, picture in frames:
        width, height = jpeg_size(picture)
        together += width * height
        if width * height > MAX_PIXELS_EACH or together > MAX_PIXELS_TOGETHER:
            raise TooManyPixels


async def clean_frames(frames: Frames) -> list[Clean]:
    """Every frame decoded and made anew. Raises UploadRefused."""
    loop = asyncio.get_running_loop()
    work = (loop.run_in_executor(workers(), clean, "selfie", one) for _, one in frames)
    return list(await asyncio.gather(*work))
