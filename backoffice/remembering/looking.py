"""A look at the one face in front of the camera: to find it among those remembered, or to remember it.

Its frames answer a challenge as a selfie's do, and are then gone: no picture is kept. Whoever
stands beside is neither searched nor kept.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.audit.services import record
from backoffice.conversations.models import Conversation, Widget
from backoffice.db import Sessions
from backoffice.errors import NotFound
from backoffice.identity.accounts import link_number
from backoffice.identity.models import Consent
from backoffice.identity.proofs import consent_of
from backoffice.remembering.basis import Basis, basis_of
from backoffice.remembering.directory import FaceDirectory
from backoffice.remembering.errors import (
    AnotherFace,
    FaceNotGood,
    LookingDown,
    NotRemembering,
    SomebodyBeside,
    TooManyLooks,
)
from backoffice.remembering.keeping import RECOGNISE, REMEMBER, enrol_face, person_of
from backoffice.remembering.models import FaceLook, Remembered
from backoffice.remembering.rules import Rules
from backoffice.uploads.advice import face_advice
from backoffice.uploads.errors import ConsentMissing, LivenessFailed
from backoffice.uploads.live import Answer, Frames, judge
from backoffice.uploads.services import load_upload
from integrations.ports import (
    FaceComparison,
    FaceMatch,
    FacePurpose,
    FaceTemplate,
    IntegrationError,
    Vision,
)

CAMERA_WIDGET = "selfie"
LOOK_RECOGNISE, LOOK_ENROL = "recognise", "enrol"
LOOKS = frozenset({LOOK_RECOGNISE, LOOK_ENROL})
"""Targets of a selfie's widget whose frames are looked at here."""


@dataclass(frozen=True)
class Looker:
    """What a look needs of the installation."""

    sessions: Sessions
    vision: Vision
    directory: FaceDirectory
    rules: Rules
    uploads: Path


@dataclass(frozen=True)
class _Allowed:
    """What may be looked for, as it was when the look began."""

    purpose: str
    citizen_id: str | None
    device: str | None
    basis: Basis | None = None
    own: FaceTemplate | None = None


async def look_purpose(
    session: AsyncSession, *, conversation_id: str, widget_id: str
) -> str | None:
    """What this widget looks at a face for; None when it is for pictures that are kept."""
    return await session.scalar(
        select(Widget.target).where(
            Widget.id == widget_id,
            Widget.conversation_id == conversation_id,
            Widget.kind == CAMERA_WIDGET,
            Widget.target.in_(LOOKS),
        )
    )


async def take_look(
    looker: Looker,
    *,
    conversation_id: str,
    widget_id: str,
    nonce: str,
    frames: Frames,
    now: datetime,
) -> str:
    """Look at the frames of a challenge; the id of the look, which the page hands to the dialogue.

    Opens its own short transactions: the slow work between them holds none.

    Args:
        nonce: of the challenge; used up by this, whatever comes of it.

    Raises:
        NotFound: no such open widget in this visit.
        NotRemembering, ConsentMissing, TooManyLooks: it may not be looked.
        ChallengeGone, LivenessFailed, FaceNotGood, SomebodyBeside, AnotherFace, LookingDown.
    """
    place = {"conversation_id": conversation_id, "widget_id": widget_id}

    async def may(session: AsyncSession) -> _Allowed:
        return await _allowed(session, looker.rules, **place, now=now)

    answer = Answer(conversation_id, widget_id, nonce, frames)
    judged = await judge(looker.sessions, looker.vision, answer, allowed=may, now=now)
    reading, allowed = judged.reading, judged.allowed
    if not reading.passed or reading.best_frame is None:
        raise LivenessFailed(reading.fault or "")
    best = judged.frames[reading.best_frame].data
    try:
        template = await _the_one_face(looker.vision, best, keep=allowed.purpose == LOOK_ENROL)
        if allowed.purpose == LOOK_ENROL:
            return await _enrol(looker, allowed, template, place, now)
        return await _recognise(looker, allowed, template, place, now)
    except IntegrationError as exc:
        raise LookingDown from exc


async def _allowed(
    session: AsyncSession, rules: Rules, *, conversation_id: str, widget_id: str, now: datetime
) -> _Allowed:
    widget = await session.get(Widget, widget_id)
    conversation = await session.get(Conversation, conversation_id)
    if widget is None or conversation is None or widget.conversation_id != conversation_id:
        raise NotFound
    if widget.state != "open" or widget.kind != CAMERA_WIDGET or widget.target not in LOOKS:
        raise NotFound
    begun = await session.scalar(
        select(func.count()).select_from(FaceLook).where(
            FaceLook.conversation_id == conversation_id
        )
    )  # fmt: skip
    if (begun or 0) >= rules.looks:
        raise TooManyLooks
    device = conversation.device_id
    citizen_id = conversation.citizen_id
    if widget.target == LOOK_ENROL:
        await _agreed(session, REMEMBER, conversation)
        basis = await basis_of(session, conversation, rules=rules, now=now)
        if basis is None:
            raise NotRemembering
        return _Allowed(LOOK_ENROL, citizen_id, device, basis=basis)
    if device is None:  # only a machine of the hall searches, never a page that says to be one
        raise NotRemembering
    await _agreed(session, RECOGNISE, conversation)
    own = await person_of(session, citizen_id) if citizen_id is not None else None
    template = FaceTemplate.unpack(own.face) if own is not None else None
    return _Allowed(LOOK_RECOGNISE, citizen_id, device, own=template)


async def _agreed(session: AsyncSession, kind: str, conversation: Conversation) -> Consent:
    """The yes of this very visit. Raises ConsentMissing."""
    found = await consent_of(session, kind=kind, conversation_id=conversation.id)
    if found is None or not found.granted:
        raise ConsentMissing
    return found


async def _the_one_face(vision: Vision, picture: bytes, *, keep: bool) -> FaceTemplate:
    """The template of the only face in the picture.

    Args:
        keep: it is to be kept, so it must be a good picture in every way.
    """
    seen = await vision.inspect_face(picture, FacePurpose.REFERENCE if keep else FacePurpose.SELFIE)
    if seen.faces > 1 or seen.bystanders or "several" in seen.faults:
        raise SomebodyBeside
    if seen.template is None or (keep and seen.faults):
        raise FaceNotGood(advice=face_advice(next(iter(seen.faults), "none")))
    return seen.template


async def _recognise(
    looker: Looker, allowed: _Allowed, probe: FaceTemplate, place: dict[str, str], now: datetime
) -> str:
    """Find the face; what comes of it proposes somebody and shows nothing."""
    if allowed.citizen_id is not None:  # signed in already: compared with that person alone
        match = await _compared_with_own(looker.vision, allowed, probe)
        matches = [match] if match is not None else []
    else:
        matches = await looker.directory.search(looker.sessions, probe, most=2)
    async with looker.sessions.begin() as session:
        await _allowed(session, looker.rules, **place, now=now)
        citizen_id, outcome = await _proposed(session, allowed, matches, looker.rules, now)
        best = matches[0] if matches else None
        detail = _figures(best.comparison) | {"margin": _finite(best.margin)} if best else {}
        return await _keep_look(session, allowed, place, citizen_id, outcome, detail, now)


async def _compared_with_own(
    vision: Vision, allowed: _Allowed, probe: FaceTemplate
) -> FaceMatch | None:
    if allowed.own is None:
        return None
    compared = await vision.compare_faces(allowed.own, probe)
    if compared is None or compared.band != "alike":
        return None
    return FaceMatch("", compared, float("inf"))


async def _proposed(
    session: AsyncSession,
    allowed: _Allowed,
    matches: Sequence[FaceMatch],
    rules: Rules,
    now: datetime,
) -> tuple[str | None, str]:
    """Whose account the best match is, and the outcome."""
    if not matches:
        return None, "not_found"
    best = matches[0]
    if allowed.citizen_id is not None:
        return allowed.citizen_id, "found"
    if best.margin < rules.margin:
        return None, "unsure"
    # The index may be a moment behind; the row decides.
    citizen_id = await session.scalar(
        select(Remembered.citizen_id).where(Remembered.id == best.key, Remembered.expires_at > now)
    )
    return (citizen_id, "found") if citizen_id is not None else (None, "not_found")


async def _enrol(
    looker: Looker, allowed: _Allowed, template: FaceTemplate, place: dict[str, str], now: datetime
) -> str:
    """Keep the face, if it is the one that was proved."""
    basis = allowed.basis
    assert basis is not None  # `_allowed` has seen to it
    compared = await _compared_with_reference(looker, basis, template)
    unlike = compared is not None and (
        compared.band != "alike" if basis.strictly else compared.band == "different"
    )
    if unlike or (basis.strictly and compared is None):
        async with looker.sessions.begin() as session:
            figures = _figures(compared) if compared else {}
            await _keep_look(session, allowed, place, None, "another_face", figures, now)
        raise AnotherFace
    async with looker.sessions.begin() as session:
        again = await _allowed(session, looker.rules, **place, now=now)
        conversation = await session.get_one(Conversation, place["conversation_id"])
        if again.basis != basis:
            raise NotRemembering
        await link_number(session, basis.citizen_id, basis.id_no)
        await enrol_face(
            session,
            citizen_id=basis.citizen_id,
            subject_hash=basis.subject_hash,
            template=template,
            consent=await _agreed(session, REMEMBER, conversation),
            rules=looker.rules,
            now=now,
            device=allowed.device,
        )
        figures = _figures(compared) if compared else {}
        return await _keep_look(session, allowed, place, basis.citizen_id, "enrolled", figures, now)


async def _compared_with_reference(
    looker: Looker, basis: Basis, template: FaceTemplate
) -> FaceComparison | None:
    if basis.reference is None:
        return None
    try:
        async with looker.sessions.read() as session:
            picture = await load_upload(
                session, looker.uploads, basis.reference, citizen_id=basis.citizen_id
            )
    except NotFound:
        return None
    return await looker.vision.compare_faces(picture, template)


async def _keep_look(
    session: AsyncSession,
    allowed: _Allowed,
    place: dict[str, str],
    citizen_id: str | None,
    outcome: str,
    detail: dict[str, Any],
    now: datetime,
) -> str:
    look = FaceLook(
        **place,
        purpose=allowed.purpose,
        citizen_id=citizen_id,
        outcome=outcome,
        detail=detail,
        at=now,
        closed_at=None if outcome == "found" else now,
    )
    session.add(look)
    await session.flush()
    await record(
        session,
        actor=f"citizen:{allowed.citizen_id or 'unknown'}",
        action=f"remembering.{allowed.purpose}",
        subject=f"conversation:{place['conversation_id']}",
        detail={
            "outcome": outcome,
            "device": allowed.device,
            **{name: str(value) for name, value in detail.items()},
        },
        now=now,
    )
    return look.id


def _figures(comparison: FaceComparison) -> dict[str, Any]:
    """What may be kept of a comparison: figures, nothing of the face."""
    whole = asdict(comparison)
    return {name: whole[name] for name in ("distance", "band", "thresholds", "model")}


def _finite(margin: float) -> float | None:
    return None if margin == float("inf") else margin
