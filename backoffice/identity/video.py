"""Seen by a clerk in a live call: the desk's signed statement becomes the proof `video`.

The desk is asked between transactions. A session counts once, for the person and the application it
was opened for, and only while it is fresh; a refusal or an outage leaves every other way open.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.applications.models import Application
from backoffice.conversations.models import Conversation
from backoffice.db import Base, Sessions, Utc
from backoffice.errors import CitizenError, NotFound
from backoffice.identity.evidence import subject_hash
from backoffice.identity.models import Proof, ProofKind
from backoffice.identity.proofs import keep_proof
from backoffice.logs import log
from integrations.ports import (
    IntegrationError,
    Named,
    VideoDesk,
    VideoSession,
    VideoState,
    VideoStatement,
)

FRESH = timedelta(minutes=30)
"""A statement older than this, or from the future by more than a clock may be wrong, is none."""
_CLOCKS_DIFFER = timedelta(minutes=2)


class VideoClosed(CitizenError):
    """Nobody can be called now; the other ways are open."""

    code = "identity.video_closed"
    status = 503


class NobodyToSee(CitizenError):
    """Name and number of whoever proves are not known yet."""

    code = "identity.video_nobody"
    status = 409


class VideoCall(Base):
    """One session at the desk; its id opens nothing for anybody else.

    Attributes:
        subject_hash: whom the clerk is to recognise, as proofs name people.
        desk_subject: the same as the desk names them.
        closed_at: a final outcome was taken; it is not taken twice.
    """

    __tablename__ = "video_calls"

    session_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    application_id: Mapped[str] = mapped_column(
        ForeignKey("applications.id", ondelete="CASCADE"), index=True
    )
    conversation_id: Mapped[str] = mapped_column(String(32))
    subject_hash: Mapped[str] = mapped_column(String(64))
    desk_subject: Mapped[str] = mapped_column(String(128))
    opened_at: Mapped[datetime] = mapped_column(Utc)
    expires_at: Mapped[datetime] = mapped_column(Utc)
    state: Mapped[VideoState] = mapped_column(String(16), default=VideoState.WAITING)
    closed_at: Mapped[datetime | None] = mapped_column(Utc)


@dataclass(frozen=True, repr=False)
class Caller:
    """Who wants to be seen, in which visit, for which application."""

    application_id: str
    conversation_id: str
    person: Named


async def place_key(session: AsyncSession, caller: Caller, *, now: datetime) -> str:
    """What the desk knows a place by: the same while somebody waits there, another afterwards."""
    over = await session.scalar(
        select(func.count())
        .select_from(VideoCall)
        .where(
            VideoCall.application_id == caller.application_id,
            VideoCall.conversation_id == caller.conversation_id,
            VideoCall.subject_hash == subject_hash(caller.person.id_no),
            or_(VideoCall.closed_at.is_not(None), VideoCall.expires_at <= now),
        )
    )
    whom = subject_hash(caller.person.id_no)[:16]
    return f"{caller.application_id}:{caller.conversation_id}:{whom}:{over}"


async def call(
    sessions: Sessions, desk: VideoDesk | None, caller: Caller, *, key: str, now: datetime
) -> VideoSession:
    """Ask for a place at the desk. Opens its own transactions.

    Raises:
        VideoClosed: no desk, nobody there, or it is down.
    """
    if desk is None:
        raise VideoClosed
    try:
        opened = await desk.open(person=caller.person, key=key)
    except IntegrationError as exc:
        log("identity").warning("video.unavailable", error=type(exc).__name__)
        raise VideoClosed from exc
    async with sessions.begin() as session:
        if await session.get(VideoCall, opened.id) is None:
            session.add(
                VideoCall(
                    session_id=opened.id,
                    application_id=caller.application_id,
                    conversation_id=caller.conversation_id,
                    subject_hash=subject_hash(caller.person.id_no),
                    desk_subject=desk.subject_of(caller.person),
                    opened_at=now,
                    expires_at=opened.expires_at,
                )
            )
    return opened


async def look(
    sessions: Sessions,
    desk: VideoDesk | None,
    *,
    session_id: str,
    conversation_id: str,
    now: datetime,
) -> VideoState:
    """What came of a session; a confirmation is kept as proof, once.

    Raises:
        NotFound: no such session in this visit.
        VideoClosed: the desk does not answer; ask again, or go another way.
    """
    async with sessions.read() as session:
        mine = await _call_of(session, session_id, conversation_id)
        if mine.closed_at is not None:
            return VideoState(mine.state)
    if desk is None:
        raise VideoClosed
    try:
        said = await desk.outcome(session_id)
    except IntegrationError as exc:
        log("identity").warning("video.unavailable", error=type(exc).__name__)
        raise VideoClosed from exc
    if said is None:
        return VideoState.WAITING
    async with sessions.begin() as session:
        return await _keep(session, await _call_of(session, session_id, conversation_id), said, now)


async def outcome_of(
    session: AsyncSession, *, session_id: str, conversation_id: str
) -> tuple[VideoState, str]:
    """What was kept of a session by `look`, and the application that it was opened for.

    Raises:
        NotFound: no such session in this visit.
    """
    mine = await _call_of(session, session_id, conversation_id)
    state = VideoState(mine.state) if mine.closed_at is not None else VideoState.WAITING
    return state, mine.application_id


async def _call_of(session: AsyncSession, session_id: str, conversation_id: str) -> VideoCall:
    found = await session.scalar(
        select(VideoCall).where(
            VideoCall.session_id == session_id, VideoCall.conversation_id == conversation_id
        )
    )
    if found is None:
        raise NotFound
    return found


async def _keep(
    session: AsyncSession, mine: VideoCall, said: VideoStatement, now: datetime
) -> VideoState:
    state = said.state if _is_about(mine, said, now) else VideoState.NOT_CONFIRMED
    claimed = await session.execute(
        update(VideoCall)
        .where(VideoCall.session_id == mine.session_id, VideoCall.closed_at.is_(None))
        .values(closed_at=now, state=state)
        .returning(VideoCall.session_id)
    )
    if claimed.scalar_one_or_none() is None or state == VideoState.MISSED:
        return state  # taken by another request at the same moment, or nobody was seen
    application = await session.get_one(Application, mine.application_id)
    visit = await session.get_one(Conversation, mine.conversation_id)
    proof = Proof(
        kind=ProofKind.VIDEO,
        application_id=application.id,
        citizen_id=visit.citizen_id,
        subject_hash=mine.subject_hash,
        upload_ids=[],
        result="seen" if state == VideoState.CONFIRMED else "refused",
        detail={"session": said.session_id, "staff": said.clerk, "statement": said.signed},
    )
    await keep_proof(
        session, proof, conversation_id=mine.conversation_id, now=now, actor=f"video:{said.clerk}"
    )
    return state


def _is_about(mine: VideoCall, said: VideoStatement, now: datetime) -> bool:
    """Whether the statement is of this session and person, by somebody, and fresh."""
    return (
        said.session_id == mine.session_id
        and said.subject == mine.desk_subject
        and bool(said.clerk or said.state == VideoState.MISSED)
        and -_CLOCKS_DIFFER <= now - said.at <= FRESH
    )
