"""From the proofs on record to what they prove of one person in one transaction."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.models import AnswerRow
from backoffice.crypto import keyed_hash
from backoffice.identity.models import Proof, ProofKind
from backoffice.identity.policy import Evidence, Means

_CARD_MEANS = {"read": Means.CARD_PHOTO, "read_chip": Means.CARD_CHIP}
_SIMPLE = {
    (ProofKind.FINGER, "alike"): Means.FINGER,
    (ProofKind.POLICE, "yes"): Means.POLICE,
    (ProofKind.WINDOW, "seen"): Means.WINDOW,
    (ProofKind.VIDEO, "seen"): Means.VIDEO,
    (ProofKind.REMEMBERED, "confirmed"): Means.REMEMBERED,
}
OF_THE_VISIT = frozenset({ProofKind.SMS, ProofKind.FINGER, ProofKind.REMEMBERED})


def subject_hash(id_no: str) -> str:
    """The keyed hash under which a proof says whom it is about."""
    return keyed_hash("proofs.subject", id_no.upper())


async def claimed_by(session: AsyncSession, application_id: str | None) -> str | None:
    """Whom whoever speaks in an application says to be, as proofs name people; None: not said."""
    if application_id is None:
        return None
    rows = await session.scalars(
        select(AnswerRow).where(
            AnswerRow.application_id == application_id,
            AnswerRow.field.in_(("filed_by", "id_no", "proxy_id_no")),
        )
    )
    given = {row.field: row.value for row in rows}
    number = given.get("proxy_id_no" if given.get("filed_by") == "proxy" else "id_no")
    return subject_hash(str(number)) if number else None


def evidence_of(
    proofs: Sequence[Proof],
    *,
    id_no: str | None,
    application_id: str,
    conversation_id: str,
    citizen_id: str | None,
) -> list[Evidence]:
    """What the proofs say for this person, application and visit.

    A proof given in another visit or for another application says nothing, however good. A card
    counts for the person whose number it bears, a face and a back for the card that they were
    compared with: who changes the number or the card afterwards has to prove it anew.

    Args:
        proofs: oldest first.
        id_no: number of the person who acts; None while it is not known.
    """
    whose = subject_hash(id_no) if id_no else None
    mine = [one for one in proofs if _bound(one, application_id, conversation_id, citizen_id)]
    card, found = _card(mine, whose)
    for proof in mine:
        if proof.kind == ProofKind.SMS and proof.result == "confirmed":
            found.append(Evidence(Means.SMS, proof.at))
        elif (means := _SIMPLE.get((proof.kind, proof.result))) is not None:
            if proof.subject_hash in (None, whose):
                found.append(Evidence(means, proof.at))
    face = _live_face(proofs, card, application_id)
    return [*found, Evidence(Means.FACE, face.at)] if face is not None else found


def _card(proofs: Sequence[Proof], whose: str | None) -> tuple[Proof | None, list[Evidence]]:
    """The newest card of this person, and what all their cards prove.

    A card whose other side says that it is no longer good proves nobody; neither does a face
    compared with it.
    """
    card: Proof | None = None
    other_side: Proof | None = None
    found: list[Evidence] = []
    for proof in proofs:
        if proof.kind == ProofKind.ID_CARD and whose is not None and proof.subject_hash == whose:
            if (means := _CARD_MEANS.get(proof.result)) is not None:
                card, other_side = proof, None
                found.append(Evidence(means, proof.at))
        elif proof.kind == ProofKind.CARD_BACK and card is not None and same_pictures(proof, card):
            other_side = proof
    if other_side is None:
        return card, found
    if other_side.result == "read":
        return card, [*found, Evidence(Means.CARD_BACK, other_side.at)]
    return None, [one for one in found if one.means != Means.CARD_PHOTO]


def _bound(proof: Proof, application_id: str, conversation_id: str, citizen_id: str | None) -> bool:
    """Whether the proof was given in this visit by whoever is signed in, or for this application."""
    if proof.kind in OF_THE_VISIT:
        return proof.conversation_id == conversation_id and proof.citizen_id == citizen_id
    if proof.application_id is None:
        return proof.conversation_id == conversation_id
    return proof.application_id == application_id


def was_live(face: Proof) -> bool:
    """Whether the challenge before the camera was passed."""
    return ((face.detail or {}).get("liveness") or {}).get("passed") is True


def same_pictures(one: Proof, other: Proof) -> bool:
    """Whether both rest on one picture."""
    return not set(one.upload_ids or ()).isdisjoint(other.upload_ids or ())


def _live_face(proofs: Sequence[Proof], card: Proof | None, application_id: str) -> Proof | None:
    """The newest face, when it was alive and alike to the newest card that counts."""
    faces = [
        one for one in proofs
        if one.kind == ProofKind.FACE and one.application_id == application_id
    ]  # fmt: skip
    if card is None or not faces:
        return None
    newest = faces[-1]
    compared_with = same_pictures(newest, card)
    return newest if newest.result == "alike" and was_live(newest) and compared_with else None
