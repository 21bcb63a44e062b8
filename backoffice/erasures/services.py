"""Deleting what a citizen asks to have deleted (个人信息保护法 第四十七条).

Files that the authority must keep stay: an application that was handed in and not withdrawn, with
its result and its papers. Faces are deleted in any case. What stays is said to whoever asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.models import Application
from backoffice.applications.states import State
from backoffice.audit.services import record
from backoffice.conversations.models import Conversation
from backoffice.erasures.models import Erasure, ErasureKind
from backoffice.identity.models import Citizen, Consent, Proof, ProofKind, SmsCode
from backoffice.queue.closing import forget_holder
from backoffice.remembering.keeping import forget
from backoffice.retention import forget_visits
from backoffice.tasks.models import Task
from backoffice.uploads.models import Upload
from backoffice.uploads.services import delete_upload

_NEVER_HANDED_IN = frozenset({State.DRAFT, State.CANCELLED, State.EXPIRED, State.WITHDRAWN})
_FACE_UPLOAD = "selfie"


@dataclass(frozen=True)
class Erased:
    """What a deletion did.

    Attributes:
        applications, conversations, uploads, templates: how many of each are gone.
        kept: numbers of the applications that the authority must keep.
    """

    applications: int = 0
    conversations: int = 0
    uploads: int = 0
    kept: tuple[str, ...] = ()
    templates: int = 0


async def erase(
    session: AsyncSession,
    folder: Path,
    *,
    kind: ErasureKind,
    citizen_id: str,
    now: datetime,
    actor: str,
) -> Erased:
    """Delete, write it into the ledger and the audit trail; all in the caller's transaction.

    Args:
        folder: where uploads lie; their files go when the transaction commits.
        actor: who carries it out, as in the audit trail.
    """
    entry = Erasure(kind=kind, subject=citizen_id, at=now)
    session.add(entry)
    await session.flush()
    return await carry_out(session, folder, entry, now=now, actor=actor)


async def erase_remembered(
    session: AsyncSession, *, citizen_id: str, now: datetime, actor: str
) -> Erased:
    """As `erase`, of what was measured on somebody's face and fingers: no file belongs to it."""
    return await erase(
        session,
        Path(),
        kind=ErasureKind.REMEMBERED,
        citizen_id=citizen_id,
        now=now,
        actor=actor,
    )


async def carry_out(
    session: AsyncSession, folder: Path, entry: Erasure, *, now: datetime, actor: str
) -> Erased:
    """Do what an entry of the ledger says; what is gone already stays gone."""
    templates = await forget(session, entry.subject, now=now)
    if entry.kind == ErasureKind.REMEMBERED:
        done = Erased()
    elif entry.kind == ErasureKind.FACES:
        done = Erased(uploads=await _erase_faces(session, folder, entry.subject))
    else:
        done = await _erase_citizen(session, folder, entry.subject, now)
    done = replace(done, templates=templates)
    await record(
        session,
        actor=actor,
        action=f"erasure.{entry.kind}",
        subject=f"citizen:{entry.subject}",
        detail={
            "erasure": entry.id,
            "applications": done.applications,
            "conversations": done.conversations,
            "uploads": done.uploads,
            "templates": done.templates,
            "kept": len(done.kept),
        },
        now=now,
    )
    return done


async def _erase_faces(session: AsyncSession, folder: Path, citizen_id: str) -> int:
    visits = select(Conversation.id).where(Conversation.citizen_id == citizen_id)
    mine = or_(Upload.citizen_id == citizen_id, Upload.conversation_id.in_(visits))
    pictures = select(Upload.id).where(mine, Upload.kind == _FACE_UPLOAD)
    gone = await _delete_uploads(session, folder, list(await session.scalars(pictures)))
    whose = or_(Proof.citizen_id == citizen_id, Proof.conversation_id.in_(visits))
    await session.execute(delete(Proof).where(whose, Proof.kind == ProofKind.FACE))
    return gone


async def _erase_citizen(
    session: AsyncSession, folder: Path, citizen_id: str, now: datetime
) -> Erased:
    faces = await _erase_faces(session, folder, citizen_id)
    found = list(
        await session.scalars(select(Application).where(Application.citizen_id == citizen_id))
    )
    kept = [one for one in found if one.state not in _NEVER_HANDED_IN]
    gone = [one.id for one in found if one.state in _NEVER_HANDED_IN]
    visits = list(
        await session.scalars(select(Conversation.id).where(Conversation.citizen_id == citizen_id))
    )
    kept_ids = [one.id for one in kept]
    papers = await _erase_around(session, folder, citizen_id, visits, kept_ids)
    await forget_holder(session, citizen_id, visits)
    await session.execute(delete(SmsCode).where(SmsCode.conversation_id.in_(visits)))
    await forget_visits(session, visits, now=now)
    for application in kept:
        application.conversation_id = None
    await session.flush()
    await session.execute(delete(Application).where(Application.id.in_(gone)))
    if not kept:
        await _forget_citizen(session, citizen_id)
    numbers = tuple(sorted(one.number or one.id for one in kept))
    return Erased(len(gone), len(visits), faces + papers, numbers)


async def _erase_around(
    session: AsyncSession, folder: Path, citizen_id: str, visits: list[str], kept: list[str]
) -> int:
    """Uploads, proofs and tasks that no kept application needs; how many uploads."""

    def loose(table: type[Upload] | type[Proof]) -> object:
        whose = or_(table.citizen_id == citizen_id, table.conversation_id.in_(visits))
        return and_(whose, or_(table.application_id.is_(None), table.application_id.not_in(kept)))

    uploads = list(await session.scalars(select(Upload.id).where(loose(Upload))))  # type: ignore[arg-type]
    count = await _delete_uploads(session, folder, uploads)
    await session.execute(delete(Proof).where(loose(Proof)))  # type: ignore[arg-type]
    await session.execute(
        delete(Task).where(
            Task.conversation_id.in_(visits),
            or_(Task.application_id.is_(None), Task.application_id.not_in(kept)),
        )
    )
    return count


async def _forget_citizen(session: AsyncSession, citizen_id: str) -> None:
    """The account itself; with files that must be kept it stays, so that their owner finds them."""
    citizen = await session.get(Citizen, citizen_id)
    if citizen is not None:
        same_phone = SmsCode.phone_index == citizen.phone_index
        await session.execute(delete(SmsCode).where(same_phone))
        await session.delete(citizen)
    await session.execute(delete(Consent).where(Consent.citizen_id == citizen_id))


async def _delete_uploads(session: AsyncSession, folder: Path, ids: Sequence[str]) -> int:
    for id in ids:
        await delete_upload(session, folder, id)
    await session.flush()
    return len(ids)
