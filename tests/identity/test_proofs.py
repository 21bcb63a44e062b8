"""Consents, and evidence that a clerk can look at."""

from datetime import UTC, datetime
from typing import Any

import pytest

from backoffice.applications.models import Application
from backoffice.db import Sessions
from backoffice.errors import NotFound
from backoffice.identity.services import (
    consent_of,
    proofs_of,
    record_card_proof,
    record_consent,
    record_face_proof,
)
from backoffice.uploads.models import Upload

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
CARD = {"name": "测试员", "sex": "男", "ethnicity": "汉", "birth": None, "address": None}


def upload(kind: str, conversation: str, analysis: dict[str, Any]) -> Upload:
    return Upload(
        id=f"{kind}-{conversation}",
        conversation_id=conversation,
        widget_id="w",
        kind=kind,
        mime="image/jpeg",
        size=1,
        digest="d",
        analysis=analysis,
        created_at=NOW,
        expires_at=NOW,
    )


async def test_the_newest_answer_about_consent_counts(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        assert await consent_of(session, kind="face", conversation_id="a") is None
        await record_consent(session, kind="face", granted=True, conversation_id="a", now=NOW)
        await record_consent(
            session, kind="face", granted=False, conversation_id="a", citizen_id="c", now=NOW
        )
        here = await consent_of(session, kind="face", conversation_id="a")
        elsewhere = await consent_of(session, kind="face", conversation_id="b", citizen_id="c")
        stranger = await consent_of(session, kind="face", conversation_id="b", citizen_id="d")
        nobody = await consent_of(session, kind="face")
    assert here is not None and not here.granted
    assert elsewhere is not None and not elsewhere.granted
    assert stranger is None and nobody is None


@pytest.mark.parametrize(
    ("number", "fault", "result"),
    [
        ("11010519491231002X", None, "read"),
        ("110105194912310021", "checksum", "doubtful"),
        (None, "missing", "doubtful"),
    ],
)
async def test_a_card_proof_says_whether_the_number_adds_up(
    sessions: Sessions, number: str | None, fault: str | None, result: str
) -> None:
    analysis = {"card": {**CARD, "id_no": number}, "id_no_fault": fault}
    async with sessions.begin() as session:
        session.add(upload("id_card_front", "a", analysis))
        await session.flush()
        proof = await record_card_proof(
            session, conversation_id="a", upload_id="id_card_front-a", now=NOW
        )
    assert proof.result == result
    assert proof.upload_ids == ["id_card_front-a"]
    assert "测试员" not in str(proof.detail)


async def test_a_face_proof_keeps_score_and_thresholds(sessions: Sessions) -> None:
    comparison = {"distance": 0.47, "band": "unsure", "model": "m", "thresholds": [0.4, 0.5]}
    analysis = {"faces": 1, "comparison": comparison, "reference": "card", "not_compared": None}
    async with sessions.begin() as session:
        session.add(upload("selfie", "a", analysis))
        await session.flush()
        proof = await record_face_proof(session, conversation_id="a", upload_id="selfie-a", now=NOW)
    assert proof.result == "unsure" and proof.detail == {**comparison, "liveness": None}
    assert proof.upload_ids == ["card", "selfie-a"]


async def test_a_selfie_that_was_not_compared_says_why(sessions: Sessions) -> None:
    analysis = {"faces": 1, "comparison": None, "reference": None, "not_compared": "no_card"}
    async with sessions.begin() as session:
        session.add(upload("selfie", "a", analysis))
        await session.flush()
        proof = await record_face_proof(session, conversation_id="a", upload_id="selfie-a", now=NOW)
    assert proof.result == "not_compared" and proof.detail["why"] == "no_card"


@pytest.mark.parametrize("wrong", ["kind", "conversation", "absent"])
async def test_a_proof_rests_only_on_the_conversations_own_upload(
    sessions: Sessions, wrong: str
) -> None:
    kind = "selfie" if wrong == "kind" else "id_card_front"
    owner = "b" if wrong == "conversation" else "a"
    async with sessions.begin() as session:
        if wrong != "absent":
            session.add(upload(kind, owner, {"card": {**CARD, "id_no": None}, "id_no_fault": None}))
            await session.flush()
        with pytest.raises(NotFound):
            await record_card_proof(
                session, conversation_id="a", upload_id=f"{kind}-{owner}", now=NOW
            )


async def test_proofs_of_an_application_include_those_given_before_it_was_begun(
    sessions: Sessions,
) -> None:
    analysis = {"card": {**CARD, "id_no": None}, "id_no_fault": "missing"}
    async with sessions.begin() as session:
        session.add(
            Application(
                id="app",
                item_code="residence_permit_apply",
                item_version="1",
                conversation_id="a",
                channel="phone",
                progress={},
                created_at=NOW,
                updated_at=NOW,
            )
        )
        for conversation in ("a", "b"):
            session.add(upload("id_card_front", conversation, analysis))
        await session.flush()
        for conversation, application in (("a", None), ("b", None), ("b", "app"), ("a", "other")):
            await record_card_proof(
                session,
                conversation_id=conversation,
                application_id=application,
                upload_id=f"id_card_front-{conversation}",
                now=NOW,
            )
        found = await proofs_of(session, "app")
    assert [(p.conversation_id, p.application_id) for p in found] == [("a", None), ("b", "app")]
