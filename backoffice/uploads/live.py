"""The pictures of a challenge before the camera: taken in, judged, the best one kept as the selfie."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Generic, TypeVar

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
from backoffice.uploads.places import Place, keep, place_of, reference_of, workers
from integrations.ports import LiveFrame, LivenessReading, Vision

FEWEST_FRAMES, MOST_FRAMES = 8, 40
MAX_BYTES_TOGETHER = 8 * 1024 * 1024
MAX_PIXELS_EACH, MAX_PIXELS_TOGETHER = 1_500_000, 24_000_000
"""The page sends 540 by 720: 40 of them are 16 million. Twice one photograph is what this costs."""

Frames = Sequence[tuple[int, bytes]]
"""Milliseconds since the first, and a JPEG."""

A = TypeVar("A")


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

    async def allowed(session: AsyncSession) -> Place:
        return await place_of(session, conversation_id, widget_id)

    answer = Answer(conversation_id, widget_id, nonce, frames)
    judged = await judge(sessions, vision, answer, allowed=allowed, now=now)
    reading, cleaned = judged.reading, judged.frames
    if not reading.passed and judged.failures < FAILURES_ALLOWED:
        raise LivenessFailed(reading.fault or "")
    best = cleaned[reading.best_frame if reading.best_frame is not None else len(cleaned) // 2]
    reference = await reference_of(folder, judged.allowed.reference_id)
    analysis = await analyse_live(vision, best, reading, reference=reference)
    return await keep(sessions, folder, judged.allowed, best, analysis, now)


@dataclass(frozen=True)
class Answer:
    """What was sent in answer to a challenge; `nonce` is used up by judging it."""

    conversation_id: str
    widget_id: str
    nonce: str
    frames: Frames = field(repr=False)


@dataclass(frozen=True)
class Judged(Generic[A]):
    """What came of an answer.

    Attributes:
        allowed: what `allowed` gave when the judging began.
        failures: challenges failed in this visit by now, for what the widget is for.
    """

    allowed: A
    frames: Sequence[Clean]
    reading: LivenessReading
    failures: int


async def judge(
    sessions: Sessions,
    vision: Vision,
    answer: Answer,
    *,
    allowed: Callable[[AsyncSession], Awaitable[A]],
    now: datetime,
) -> Judged[A]:
    """Judge the frames of a challenge, whatever they are for. Nothing of them is kept here.

    Opens its own transactions; the slow work between them holds none.

    Args:
        allowed: whether it may be looked at all, in the transaction that uses the nonce up.

    Raises:
        ChallengeGone: the challenge is used, too old, or not this widget's.
        LivenessFailed, TooLarge, TooManyPixels, UploadRefused: not frames of a challenge.
    """
    check_size(answer.frames)
    place = {"conversation_id": answer.conversation_id, "widget_id": answer.widget_id}
    async with sessions.begin() as session:
        what = await allowed(session)
        actions = await claim_challenge(session, nonce=answer.nonce, **place, now=now)
    cleaned = await _clean_frames(answer.frames)
    live = [LiveFrame(one.data, at) for one, (at, _) in zip(cleaned, answer.frames, strict=True)]
    reading = await check_liveness(vision, live, actions)
    async with sessions.begin() as session:
        reading = await _unless_sent_before(session, reading, nonce=answer.nonce, frames=cleaned)
        failures = await keep_outcome(session, nonce=answer.nonce, fault=reading.fault, now=now)
    if not reading.passed:
        log("uploads").info(
            "liveness.failed", conversation_id=answer.conversation_id, reason=reading.fault
        )
    return Judged(what, cleaned, reading, failures)


async def _unless_sent_before(
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


async def _clean_frames(frames: Frames) -> list[Clean]:
    """Every frame decoded and made anew. Raises UploadRefused."""
    loop = asyncio.get_running_loop()
    work = (loop.run_in_executor(workers(), clean, "selfie", one) for _, one in frames)
    return list(await asyncio.gather(*work))
