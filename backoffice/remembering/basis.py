"""On what somebody may be remembered: proved in this visit with card and live face, or seen by a clerk.

Without one nobody is: whoever is only signed in by a code could put a face of their own under
somebody else's account.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.models import AnswerRow, Application
from backoffice.clock import china_date
from backoffice.conversations.models import Conversation
from backoffice.identity.accounts import id_hash
from backoffice.identity.evidence import same_pictures, subject_hash, was_live
from backoffice.identity.models import Citizen, Proof, ProofKind
from backoffice.remembering.rules import Rules
from backoffice.understanding.identity_numbers import age_by_number
from backoffice.uploads.models import Upload
from backoffice.uploads.places import CARD_PICTURES

_CARDS = ("read", "read_chip")
_SEEN = (ProofKind.WINDOW, ProofKind.VIDEO)


@dataclass(frozen=True)
class Basis:
    """Who may be remembered.

    Attributes:
        id_no: the number that was proved.
        reference: the picture that the face must be alike to (`strictly`), or at least not unlike;
            None when a clerk saw the person and there is no picture.
    """

    citizen_id: str
    id_no: str
    reference: str | None
    strictly: bool

    def __repr__(self) -> str:
        return "Basis(…)"

    @property
    def subject_hash(self) -> str:
        """As proofs name the person."""
        return subject_hash(self.id_no)


async def basis_of(
    session: AsyncSession, conversation: Conversation, *, rules: Rules, now: datetime
) -> Basis | None:
    """On what whoever is signed in in this visit may be remembered; None: on nothing.

    A clerk's word counts for a few minutes and at a kiosk of the hall only, where the person still
    is. Children are not remembered.
    """
    citizen_id = conversation.citizen_id
    if citizen_id is None:
        return None
    citizen = await session.get(Citizen, citizen_id)
    for proof in await _proofs(session, conversation, rules, now):
        application = await session.get(Application, proof.application_id or "")
        if application is None or application.citizen_id != citizen_id:
            continue
        id_no = await _own_number(session, application)
        if id_no is None or citizen is None or citizen.id_hash not in (None, id_hash(id_no)):
            continue
        if (age_by_number(id_no, china_date(now)) or 0) < rules.youngest_years:
            continue
        if proof.kind in _SEEN:
            reference = await _newest_card_picture(session, application.id)
            return Basis(citizen_id, id_no, reference, strictly=False)
        if citizen.id_hash is not None and await _proved(session, proof, application, id_no):
            return Basis(citizen_id, id_no, _selfie_of(proof), strictly=True)
    return None


async def _proofs(
    session: AsyncSession, conversation: Conversation, rules: Rules, now: datetime
) -> Sequence[Proof]:
    here = and_(Proof.kind == ProofKind.FACE, Proof.conversation_id == conversation.id)
    ways = [here]
    if conversation.device_id is not None:
        recent = Proof.at >= now - timedelta(minutes=rules.seen_minutes)
        ways.append(and_(Proof.kind.in_(_SEEN), Proof.result == "seen", recent))
    mine = Proof.citizen_id == conversation.citizen_id
    found = await session.scalars(select(Proof).where(mine, or_(*ways)).order_by(Proof.id.desc()))
    return list(found)


async def _own_number(session: AsyncSession, application: Application) -> str | None:
    """The applicant's number, when the applicant acts in person."""
    filed_by = await session.get(AnswerRow, (application.id, "filed_by"))
    if filed_by is not None and filed_by.value == "proxy":
        return None
    row = await session.get(AnswerRow, (application.id, "id_no"))
    return str(row.value) if row is not None else None


async def _proved(session: AsyncSession, face: Proof, application: Application, id_no: str) -> bool:
    """Handed in as proved by machine, with this live face alike to a card of this number."""
    handed_in = application.identity_way is not None and application.identity_then is None
    if not handed_in or not was_live(face) or face.result != "alike":
        return False
    cards = await session.scalars(
        select(Proof).where(
            Proof.kind == ProofKind.ID_CARD,
            Proof.result.in_(_CARDS),
            Proof.subject_hash == subject_hash(id_no),
            Proof.citizen_id == face.citizen_id,
        )
    )
    return any(same_pictures(face, card) for card in cards)


def _selfie_of(face: Proof) -> str | None:
    """The picture of the face: what was compared stands before it, see `record_face_proof`."""
    return face.upload_ids[-1] if face.upload_ids else None


async def _newest_card_picture(session: AsyncSession, application_id: str) -> str | None:
    wanted = select(Upload.id).where(
        Upload.application_id == application_id,
        Upload.kind.in_(CARD_PICTURES),
    )
    return await session.scalar(wanted.order_by(Upload.created_at.desc()).limit(1))
