"""Templates that somebody asked the hall to keep: put in, looked at, used, deleted.

Whoever changes one says so in `remembered_changes`, which the index of every process follows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.audit.services import record
from backoffice.identity.models import Consent
from backoffice.identity.proofs import record_consent
from backoffice.remembering.models import (
    FaceLook,
    FingerPress,
    Remembered,
    RememberedChange,
    RememberedFinger,
)
from backoffice.remembering.rules import Rules
from backoffice.uploads.models import Upload
from backoffice.uploads.places import CARD_PICTURES
from integrations.ports import FaceTemplate

REMEMBER = "remember"
RECOGNISE = "recognise"
FINGERS = 2
_AT_ONCE = 200
_UNFINISHED_FOR = timedelta(minutes=10)
_CHANGES_KEPT = 20_000
"""A process that has not looked for longer than so many changes reads everything anew."""


@dataclass(frozen=True)
class Kept:
    """What is kept of somebody, as it may be told to that person."""

    since: datetime
    until: datetime
    used_at: datetime
    text_version: str
    fingers: int


async def person_of(session: AsyncSession, citizen_id: str) -> Remembered | None:
    """The template of this account, if its owner asked for it."""
    return await session.scalar(select(Remembered).where(Remembered.citizen_id == citizen_id))


async def is_remembered(session: AsyncSession, citizen_id: str) -> bool:
    """Whether anything is kept; opens no template."""
    wanted = select(Remembered.id).where(Remembered.citizen_id == citizen_id)
    return await session.scalar(wanted) is not None


async def kept_of(session: AsyncSession, citizen_id: str) -> Kept | None:
    """What is kept of this account's owner; opens no template."""
    found = (
        await session.execute(
            select(
                Remembered.id,
                Remembered.enrolled_at,
                Remembered.expires_at,
                Remembered.used_at,
                Consent.text_version,
            )
            .join(Consent, Consent.id == Remembered.consent_id)
            .where(Remembered.citizen_id == citizen_id)
        )
    ).first()
    if found is None:
        return None
    id, since, until, used_at, version = found
    return Kept(since, until, used_at, version, await sure_fingers(session, id))


async def sure_fingers(session: AsyncSession, person_id: str) -> int:
    """How many fingers of this person can confirm somebody."""
    counted = (
        select(func.count())
        .select_from(RememberedFinger)
        .where(RememberedFinger.person_id == person_id, RememberedFinger.sure)
    )
    return await session.scalar(counted) or 0


async def enrol_face(
    session: AsyncSession,
    *,
    citizen_id: str,
    subject_hash: str,
    template: FaceTemplate,
    consent: Consent,
    rules: Rules,
    now: datetime,
    device: str | None,
) -> Remembered:
    """Keep the template, in place of an earlier one, under this consent."""
    person = await person_of(session, citizen_id)
    if person is None:
        person = Remembered(citizen_id=citizen_id)
        session.add(person)
    elif person.subject_hash != subject_hash:
        # Another number was proved since: what confirmed the old one confirms nothing now.
        await session.execute(
            delete(RememberedFinger).where(RememberedFinger.person_id == person.id)
        )
    person.subject_hash, person.face = subject_hash, template.pack()
    person.consent_id, person.enrolled_at, person.used_at = consent.id, now, now
    person.expires_at = rules.until(agreed_at=consent.at, used_at=now)
    await session.flush()
    session.add(RememberedChange(person_id=person.id))
    await record(
        session,
        actor=f"citizen:{citizen_id}",
        action="remembering.face_kept",
        subject=f"citizen:{citizen_id}",
        detail={
            "consent": str(consent.id),
            "text_version": consent.text_version,
            "models": list(template.models),
            "until": person.expires_at.date().isoformat(),
            "device": device,
        },
        now=now,
    )
    return person


async def used(session: AsyncSession, person: Remembered, *, rules: Rules, now: datetime) -> None:
    """The person was recognised and confirmed: the time of deletion counts from now."""
    consent = await session.get(Consent, person.consent_id)
    agreed_at = consent.at if consent is not None else person.enrolled_at
    person.used_at, person.expires_at = now, rules.until(agreed_at=agreed_at, used_at=now)


async def forget(session: AsyncSession, citizen_id: str, *, now: datetime) -> int:
    """Delete all templates of this account and close what proposed it; how many there were.

    A consent that stood is withdrawn: nobody is remembered under a yes that was taken back.
    Opens no template, so that it works without the keys of templates.
    """
    person_id = await session.scalar(
        select(Remembered.id).where(Remembered.citizen_id == citizen_id)
    )
    await session.execute(
        update(FaceLook)
        .where(FaceLook.citizen_id == citizen_id)
        .values(citizen_id=None, closed_at=func.coalesce(FaceLook.closed_at, now))
        .execution_options(synchronize_session="fetch")
    )
    await _withdraw(session, citizen_id, now)
    if person_id is None:
        return 0
    return await _delete(session, person_id)


async def _withdraw(session: AsyncSession, citizen_id: str, now: datetime) -> None:
    newest = await session.scalar(
        select(Consent)
        .where(Consent.kind == REMEMBER, Consent.citizen_id == citizen_id)
        .order_by(Consent.id.desc())
        .limit(1)
    )
    if newest is not None and newest.granted:
        await record_consent(
            session,
            kind=REMEMBER,
            granted=False,
            conversation_id=newest.conversation_id,
            citizen_id=citizen_id,
            text_version=newest.text_version,
            now=now,
        )


async def _delete(session: AsyncSession, person_id: str) -> int:
    whose = RememberedFinger.person_id == person_id
    fingers = await session.scalar(select(func.count()).select_from(RememberedFinger).where(whose))
    await session.execute(delete(RememberedFinger).where(whose))
    await session.execute(delete(Remembered).where(Remembered.id == person_id))
    session.add(RememberedChange(person_id=person_id))
    await session.flush()
    return 1 + (fingers or 0)


async def forget_expired(session: AsyncSession, *, now: datetime) -> int:
    """Delete templates past their time, each with its entry in the audit trail; how many people."""
    found = await session.execute(
        select(Remembered.id, Remembered.citizen_id, Remembered.expires_at)
        .where(Remembered.expires_at <= now)
        .limit(_AT_ONCE)
    )
    people: Sequence[tuple[str, str, datetime]] = [(a, b, c) for a, b, c in found]
    for person_id, citizen_id, expired_at in people:
        templates = await _delete(session, person_id)
        await record(
            session,
            actor="clock",
            action="remembering.expired",
            subject=f"citizen:{citizen_id}",
            detail={"templates": templates, "expired": expired_at.date().isoformat()},
            now=now,
        )
    return len(people)


async def forget_what_was_not_finished(session: AsyncSession, *, now: datetime) -> None:
    """Delete fingers that were pressed once and not a second time, and what was never taken."""
    old = now - _UNFINISHED_FOR
    await session.execute(
        delete(RememberedFinger).where(
            RememberedFinger.sure.is_(False), RememberedFinger.taken_at < old
        )
    )
    await session.execute(delete(FingerPress).where(FingerPress.at < old))
    newest = await session.scalar(select(func.max(RememberedChange.id))) or 0
    await session.execute(
        delete(RememberedChange).where(RememberedChange.id <= newest - _CHANGES_KEPT)
    )


async def people_with_faces(session: AsyncSession) -> int:
    """Of how many people any face is stored: a template, or a selfie with an application.

    The law counts people, whatever form their faces are stored in (人脸识别技术应用安全管理办法 第十五条).
    Pictures of somebody who has not signed in count as one person for each visit.
    """
    remembered = select(Remembered.citizen_id.label("whose"))
    pictured = select(
        func.coalesce(Upload.citizen_id, Upload.conversation_id).label("whose")
    ).where(Upload.kind.in_(("selfie", *CARD_PICTURES)))
    everybody = remembered.union(pictured).subquery()
    return await session.scalar(select(func.count()).select_from(everybody)) or 0
