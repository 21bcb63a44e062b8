"""Evidence of who somebody is, and their consents."""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.models import Application
from backoffice.audit.services import record
from backoffice.errors import NotFound
from backoffice.identity.evidence import OF_THE_VISIT, subject_hash
from backoffice.identity.models import Citizen, Consent, Proof, ProofKind
from backoffice.uploads.models import Upload
from integrations.ports import PoliceAnswer

FACE_CONSENT = "face"
FACE_CONSENT_VERSION = "2026-11-23"
"""The wording `consent.face` in data/messages/identity.yml; raise it when the wording changes."""


async def record_consent(
    session: AsyncSession,
    *,
    kind: str,
    granted: bool,
    conversation_id: str,
    now: datetime,
    citizen_id: str | None = None,
    text_version: str = FACE_CONSENT_VERSION,
    words: str | None = None,
    channel: str | None = None,
) -> Consent:
    """Keep a yes, a no, or a withdrawal (a later no).

    Args:
        words: the wording as it was shown; channel: where it was.
    """
    row = Consent(
        kind=kind,
        text_version=text_version,
        words=words,
        granted=granted,
        channel=channel,
        conversation_id=conversation_id,
        citizen_id=citizen_id,
        at=now,
    )
    session.add(row)
    await session.flush()
    return row


async def consent_of(
    session: AsyncSession,
    *,
    kind: str,
    conversation_id: str | None = None,
    citizen_id: str | None = None,
) -> Consent | None:
    """The newest answer given in this conversation or by this citizen; None: never asked.

    A row with `granted` False must not be asked again.
    """
    whose = []
    if conversation_id is not None:
        whose.append(Consent.conversation_id == conversation_id)
    if citizen_id is not None:
        whose.append(Consent.citizen_id == citizen_id)
    if not whose:
        return None
    newest = select(Consent).where(Consent.kind == kind, or_(*whose)).order_by(Consent.id.desc())
    return (await session.scalars(newest.limit(1))).first()


async def record_card_proof(
    session: AsyncSession,
    *,
    conversation_id: str,
    upload_id: str,
    now: datetime,
    application_id: str | None = None,
    citizen_id: str | None = None,
) -> Proof:
    """Keep that a card was photographed and read.

    Result `read`, or `doubtful` when its number was not read or does not add up.

    Raises:
        NotFound: no such upload of a card's front in this conversation.
    """
    upload = await _upload(session, upload_id, "id_card_front", conversation_id)
    card = upload.analysis["card"]
    doubt = upload.analysis["id_no_fault"]
    whole = card["id_no"] and doubt is None
    proof = Proof(
        kind=ProofKind.ID_CARD,
        application_id=application_id,
        citizen_id=citizen_id,
        subject_hash=subject_hash(card["id_no"]) if whole else None,
        upload_ids=[upload.id],
        result="read" if whole else "doubtful",
        detail={
            "read": sorted(k for k, v in card.items() if v),
            "id_no_fault": doubt,
            "remarks": upload.analysis.get("remarks", []),
        },
    )
    return await keep_proof(session, proof, conversation_id=conversation_id, now=now)


async def record_card_back_proof(
    session: AsyncSession,
    *,
    conversation_id: str,
    upload_id: str,
    now: datetime,
    application_id: str | None = None,
    citizen_id: str | None = None,
) -> Proof:
    """Keep that a card's other side was photographed, and whether the card is still good.

    Result `read` or `expired`; it is about the front that was photographed before.

    Raises:
        NotFound: no such upload of a card's back in this conversation.
    """
    upload = await _upload(session, upload_id, "id_card_back", conversation_id)
    front = upload.analysis["front"]
    proof = Proof(
        kind=ProofKind.CARD_BACK,
        application_id=application_id,
        citizen_id=citizen_id,
        upload_ids=[one for one in (front, upload.id) if one],
        result=upload.analysis["fault"] or "read",
        detail={"long_term": upload.analysis["long_term"]},
    )
    return await keep_proof(session, proof, conversation_id=conversation_id, now=now)


async def record_face_proof(
    session: AsyncSession,
    *,
    conversation_id: str,
    upload_id: str,
    now: datetime,
    application_id: str | None = None,
    citizen_id: str | None = None,
) -> Proof:
    """Keep how alike the selfie and the card's photo were: advice for a clerk.

    Result is the band (`alike`, `unsure`, `different`) or `not_compared`; the detail says why.

    Raises:
        NotFound: no such selfie in this conversation.
    """
    upload = await _upload(session, upload_id, "selfie", conversation_id)
    comparison: dict[str, Any] | None = upload.analysis["comparison"]
    reference = upload.analysis["reference"]
    proof = Proof(
        kind=ProofKind.FACE,
        application_id=application_id,
        citizen_id=citizen_id,
        upload_ids=[u for u in (reference, upload.id) if u],
        result=comparison["band"] if comparison else "not_compared",
        detail={
            **(comparison or {"why": upload.analysis["not_compared"]}),
            "liveness": upload.analysis.get("liveness"),
        },
    )
    return await keep_proof(session, proof, conversation_id=conversation_id, now=now)


async def record_police_answer(
    session: AsyncSession,
    *,
    conversation_id: str,
    id_no: str,
    answer: PoliceAnswer,
    now: datetime,
    application_id: str,
    citizen_id: str | None = None,
) -> Proof:
    """Keep what the police said of a name and number; `unknown` when they did not answer."""
    proof = Proof(
        kind=ProofKind.POLICE,
        application_id=application_id,
        citizen_id=citizen_id,
        subject_hash=subject_hash(id_no),
        upload_ids=[],
        result=str(answer.match),
        detail={"reference": answer.reference, "photo_score": answer.photo_score},
    )
    return await keep_proof(session, proof, conversation_id=conversation_id, now=now)


async def keep_proof(
    session: AsyncSession,
    proof: Proof,
    *,
    conversation_id: str,
    now: datetime,
    actor: str | None = None,
) -> Proof:
    """Store a proof, and say in the audit trail that it was given and what it rests on.

    The trail takes scores, thresholds, model and device; never a picture, a name or a number.
    """
    proof.conversation_id, proof.at = conversation_id, now
    session.add(proof)
    await session.flush()
    await record(
        session,
        actor=actor or f"citizen:{proof.citizen_id or 'unknown'}",
        action=f"identity.{proof.kind}",
        subject=f"application:{proof.application_id}" if proof.application_id
        else f"conversation:{conversation_id}",
        detail=_audited(proof),
        now=now,
    )  # fmt: skip
    return proof


_AUDITED = ("distance", "similarity", "score", "band", "thresholds", "model", "why", "quality")


def _audited(proof: Proof) -> dict[str, str | bool | None]:
    detail: dict[str, Any] = proof.detail or {}
    found: dict[str, str | bool | None] = {
        key: str(detail[key]) for key in _AUDITED if detail.get(key) is not None
    }
    if detail.get("liveness") is not None:
        found["live"] = detail["liveness"].get("passed") is True
    return {"proof": str(proof.id), "result": proof.result, "device": proof.device, **found}


async def proofs_of(session: AsyncSession, application_id: str) -> list[Proof]:
    """All evidence for an application, oldest first.

    Evidence given in the application's conversation before the application was begun, or to sign
    in, counts too.
    """
    rows = await session.scalars(
        select(Proof)
        .outerjoin(Application, Application.id == application_id)
        .where(
            or_(
                Proof.application_id == application_id,
                and_(
                    or_(Proof.application_id.is_(None), Proof.kind.in_(OF_THE_VISIT)),
                    Proof.conversation_id == Application.conversation_id,
                ),
            )
        )
        .order_by(Proof.id)
    )
    return list(rows)


def phone_of(citizen: Citizen) -> str | None:
    """The 11 digits a citizen signs in with; None for who has no phone."""
    return None if citizen.phone is None else str(citizen.phone)


async def _upload(session: AsyncSession, upload_id: str, kind: str, conversation_id: str) -> Upload:
    upload = await session.get(Upload, upload_id)
    if upload is None or upload.kind != kind or upload.conversation_id != conversation_id:
        raise NotFound
    return upload
