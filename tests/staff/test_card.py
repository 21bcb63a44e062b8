"""Both sides of a card on the case page, with what was odd about them."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from backoffice.applications.models import Application
from backoffice.db import new_id
from backoffice.identity.models import Proof, ProofKind
from backoffice.messages import has_text, text
from backoffice.staff.models import StaffUser
from backoffice.uploads.models import Upload
from bootstrap.container import Office
from tests.staff.conftest import NOW, Browser, MakeCase


async def _turn_over(office: Office, case: str, front: dict[str, Any], back: dict[str, Any]) -> str:
    """Photograph the card's other side; the id of its picture."""
    async with office.sessions.begin() as session:
        shown = select(Upload).where(Upload.application_id == case, Upload.kind == "id_card_front")
        card = (await session.scalars(shown)).one()
        card.analysis = {**card.analysis, **front}
        side = Upload(
            id=new_id(), conversation_id=card.conversation_id, application_id=case,
            widget_id=new_id(), citizen_id=card.citizen_id, kind="id_card_back", mime="image/jpeg",
            size=1, digest="1", analysis={**back, "front": card.id}, created_at=NOW,
            expires_at=card.expires_at,
        )  # fmt: skip
        application = await session.get_one(Application, case)
        session.add(side)
        session.add(
            Proof(
                kind=ProofKind.CARD_BACK, upload_ids=[card.id, side.id], detail={}, at=NOW,
                result=back["fault"] or "read", application_id=case,
                conversation_id=application.conversation_id,
            )
        )  # fmt: skip
        return side.id


async def test_a_clerk_sees_both_sides_the_period_and_the_remarks(
    office: Office, staff: dict[str, StaffUser], browser: Callable[[], Browser], make_case: MakeCase
) -> None:
    case = await make_case()
    mine = browser()
    await mine.log_in("chen")
    before = (await mine.client.get(f"/staff/cases/{case}")).text
    assert text("staff.card_no_back") in before
    assert text("staff.card_remark.glare") not in before
    period = {
        "authority": "衡阳市公安局", "valid_from": "2016-03-01", "valid_to": "2026-03-01",
        "long_term": False, "fault": "expired",
    }  # fmt: skip
    back = await _turn_over(office, case, {"remarks": ["glare", "sex_mismatch"]}, period)
    page = (await mine.client.get(f"/staff/cases/{case}")).text
    assert f"/staff/uploads/{back}?case={case}" in page
    assert "衡阳市公安局" in page
    assert "2016年3月1日 至 2026年3月1日" in page
    for said in ("card_expired", "card_remark.glare", "card_remark.sex_mismatch"):
        assert text(f"staff.{said}") in page
    assert text("staff.card_no_back") not in page
    assert text("staff.card_remark.blurred") not in page


async def test_the_other_side_of_another_card_is_not_shown_as_this_ones(
    office: Office, staff: dict[str, StaffUser], browser: Callable[[], Browser], make_case: MakeCase
) -> None:
    case = await make_case()
    period = {"authority": "别处公安局", "valid_from": None, "valid_to": None, "long_term": True,
              "fault": None}  # fmt: skip
    back = await _turn_over(office, case, {}, period)
    async with office.sessions.begin() as session:
        wanted = select(Proof).where(
            Proof.application_id == case, Proof.kind == ProofKind.CARD_BACK
        )
        (await session.scalars(wanted)).one().upload_ids = ["another-front", back]
    mine = browser()
    await mine.log_in("chen")
    page = (await mine.client.get(f"/staff/cases/{case}")).text
    assert "别处公安局" not in page and text("staff.card_no_back") in page


def test_every_proof_and_what_came_of_it_has_its_words() -> None:
    """As `ProofKind` and the results of `proofs`, `chips`, `settling` and `video` name them."""
    for kind in ProofKind:
        assert has_text(f"staff.proof.{kind}"), kind
    for result in ("confirmed", "read", "read_chip", "doubtful", "expired", "alike", "unsure",
                   "different", "not_compared", "same", "seen", "refused", "yes", "no",
                   "unknown"):  # fmt: skip
        assert has_text(f"staff.proof_result.{result}"), result


def test_every_remark_of_the_reader_has_its_words() -> None:
    """As `CardReading.faults`, `front_faults` and `fault_code` name them."""
    for fault in ("too_small", "cropped", "blurred", "glare", "dark", "sex_mismatch", "missing",
                  "birth_mismatch", "first_generation", "length", "shape", "region", "birth_date",
                  "birth_future", "checksum"):  # fmt: skip
        assert has_text(f"staff.card_remark.{fault}"), fault
