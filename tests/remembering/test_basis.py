"""On what somebody may be remembered, and what confirms who a face proposes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.models import AnswerRow, Application
from backoffice.applications.states import State
from backoffice.conversations.models import Conversation
from backoffice.db import Sessions
from backoffice.identity.accounts import id_hash
from backoffice.identity.evidence import evidence_of, subject_hash
from backoffice.identity.models import Proof, ProofKind
from backoffice.remembering.basis import basis_of
from backoffice.remembering.confirming import OPEN_FOR, confirm
from backoffice.remembering.keeping import forget
from backoffice.remembering.models import FaceLook, Remembered
from tests.remembering.conftest import NOW, NUMBERS, RULES, citizen, enrol

MINE, OTHERS = NUMBERS["李"], NUMBERS["王"]
CHILD = "110101201508010018"
ALIVE = {"liveness": {"passed": True}}
MINUTE = timedelta(minutes=1)


async def scene(session: AsyncSession, **changed: Any) -> Conversation:
    """Somebody signed in who has handed in an application, proved by card and live face.

    Args:
        changed: what is different: `id_no`, `filed_by`, `linked` (the account's number), `owner`,
            `then`, `face` and `card` (columns of the proofs), `seen` (a clerk's proof instead).
    """
    visit = Conversation(
        id="visit", channel="kiosk", token_hash="t", citizen_id="me", memory={},
        device_id=changed.get("device", "kiosk"), created_at=NOW, last_turn_at=NOW,
    )  # fmt: skip
    session.add(visit)
    person = await citizen(session, "me")
    number = changed.get("id_no", MINE)
    linked = changed.get("linked", number)
    person.id_hash = id_hash(linked) if linked else None
    session.add(
        Application(
            id="app", item_code="i", item_version="1", citizen_id=changed.get("owner", "me"),
            conversation_id="visit", channel="kiosk", state=State.SUBMITTED, progress={},
            identity_way="v phone_card", identity_then=changed.get("then"), created_at=NOW,
            updated_at=NOW,
        )
    )  # fmt: skip
    await session.flush()
    for slug, value in (("id_no", number), ("filed_by", changed.get("filed_by", "self"))):
        session.add(
            AnswerRow(application_id="app", field=slug, value=value, source="typed", at=NOW)
        )
    common = {"conversation_id": "visit", "application_id": "app", "citizen_id": "me", "at": NOW}
    card = {"result": "read", "subject_hash": subject_hash(number), "upload_ids": ["card"]}
    face = {"result": "alike", "detail": ALIVE, "upload_ids": ["card", "selfie"]}
    session.add(Proof(kind=ProofKind.ID_CARD, detail={}, **common | card | changed.get("card", {})))
    if "seen" in changed:
        seen = {"result": "seen", "detail": {}, "upload_ids": []}
        session.add(Proof(kind=ProofKind.WINDOW, **common | seen | changed["seen"]))
    else:
        session.add(Proof(kind=ProofKind.FACE, **common | face | changed.get("face", {})))
    await session.flush()
    return visit


async def test_proved_by_card_and_live_face_in_this_visit(hall: Sessions) -> None:
    async with hall.begin() as session:
        found = await basis_of(session, await scene(session), rules=RULES, now=NOW)
        assert found is not None
        assert (found.citizen_id, found.reference, found.strictly) == ("me", "selfie", True)
        assert found.subject_hash == subject_hash(MINE)
        assert MINE not in repr(found)


@pytest.mark.parametrize(
    "changed",
    [
        {"filed_by": "proxy"},
        {"id_no": CHILD},
        {"linked": OTHERS},
        {"linked": None},
        {"owner": "somebody"},
        {"then": "clerk_look"},
        {"face": {"detail": {}}},
        {"face": {"detail": {"liveness": {"passed": False}}}},
        {"face": {"result": "unsure"}},
        {"face": {"conversation_id": "another"}},
        {"face": {"citizen_id": "somebody"}},
        {"face": {"upload_ids": ["another card", "selfie"]}},
        {"card": {"result": "doubtful"}},
        {"card": {"subject_hash": "another"}},
        {"card": {"citizen_id": "somebody"}},
        {"seen": {"at": NOW - (RULES.seen_minutes + 1) * MINUTE}},
        {"seen": {"citizen_id": "somebody"}},
        {"seen": {}, "device": None},
        {"seen": {}, "linked": OTHERS},
        {"seen": {}, "filed_by": "proxy"},
    ],
)
async def test_nothing_less_is_enough(hall: Sessions, changed: dict[str, Any]) -> None:
    async with hall.begin() as session:
        visit = await scene(session, **changed)
        assert await basis_of(session, visit, rules=RULES, now=NOW) is None


@pytest.mark.parametrize("linked", [MINE, None])
async def test_a_clerks_word_counts_for_some_minutes_at_a_kiosk(
    hall: Sessions, linked: str | None
) -> None:
    async with hall.begin() as session:
        visit = await scene(session, seen={}, linked=linked)
        later = NOW + RULES.seen_minutes * MINUTE
        found = await basis_of(session, visit, rules=RULES, now=later)
        assert found is not None and not found.strictly and found.reference is None
        assert await basis_of(session, visit, rules=RULES, now=later + MINUTE) is None
        visit.citizen_id = None
        assert await basis_of(session, visit, rules=RULES, now=NOW) is None


async def proposed(session: AsyncSession, **changed: Any) -> Conversation:
    """Somebody at a kiosk whose face proposes 李's account."""
    visit = Conversation(
        id="visit", channel="kiosk", token_hash="t", memory={}, device_id="kiosk", created_at=NOW,
        last_turn_at=NOW,
    )  # fmt: skip
    look = {
        "conversation_id": "visit",
        "purpose": "recognise",
        "citizen_id": "李",
        "outcome": "found",
        "at": NOW,
    }
    session.add(visit)
    session.add(FaceLook(widget_id="w", detail={"distance": 0.3}, **look | changed))
    await session.flush()
    return visit


async def test_the_second_means_signs_in_and_is_bound_to_the_number_proved_before(
    hall: Sessions,
) -> None:
    async with hall.begin() as session:
        await enrol(session, "李", at=NOW - timedelta(days=30))
        visit = await proposed(session)
        assert await confirm(session, visit, by=ProofKind.SMS, rules=RULES, now=NOW)
        assert visit.citizen_id == "李"
        proofs = list(await session.scalars(select(Proof)))
        where: dict[str, Any] = {
            "application_id": "app", "conversation_id": "visit", "citizen_id": "李"
        }  # fmt: skip
        counted = evidence_of(proofs, id_no=MINE, **where)
        assert [str(one.means) for one in counted] == ["remembered"]
        assert evidence_of(proofs, id_no=OTHERS, **where) == []
        assert evidence_of(proofs, id_no=None, **where) == []
        person = (await session.scalars(select(Remembered))).one()
        assert person.used_at == NOW
        again = await confirm(session, visit, by=ProofKind.SMS, rules=RULES, now=NOW)
        assert not again, "a proposal is confirmed once"


async def _forget(session: AsyncSession, visit: Conversation) -> None:
    await forget(session, "李", now=NOW)


async def _sign_in_as_another(session: AsyncSession, visit: Conversation) -> None:
    visit.citizen_id = "王"


async def _expire(session: AsyncSession, visit: Conversation) -> None:
    (await session.scalars(select(Remembered))).one().expires_at = NOW


async def _nothing(session: AsyncSession, visit: Conversation) -> None:
    pass


@pytest.mark.parametrize(
    ("meanwhile", "changed"),
    [
        (_forget, {}),
        (_expire, {}),
        (_sign_in_as_another, {}),
        (_nothing, {"at": NOW - OPEN_FOR - MINUTE}),
        (_nothing, {"closed_at": NOW}),
        (_nothing, {"purpose": "enrol"}),
        (_nothing, {"conversation_id": "another"}),
        (_nothing, {"citizen_id": None, "outcome": "not_found"}),
    ],
)
async def test_nobody_is_confirmed_who_is_not_proposed_here_and_now(
    hall: Sessions, meanwhile: Callable[..., Any], changed: dict[str, Any]
) -> None:
    async with hall.begin() as session:
        await enrol(session, "李")
        visit = await proposed(session, **{"conversation_id": "visit", **changed})
        await meanwhile(session, visit)
        before = visit.citizen_id
        assert not await confirm(session, visit, by=ProofKind.FINGER, rules=RULES, now=NOW)
        assert visit.citizen_id == before
        assert list(await session.scalars(select(Proof))) == []
