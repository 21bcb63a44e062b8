"""Complete cases of the four instant items, as the conversation hands them in."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest
from sqlalchemy import select

from backoffice.applications.draft import load_draft
from backoffice.applications.models import AnswerRow, Application, MaterialRow
from backoffice.applications.services import submit
from backoffice.applications.states import State
from backoffice.db import new_id
from backoffice.delegation.models import Delegation, RobotDecision
from backoffice.delegation.services import Rulebook, grant, sign
from backoffice.identity.evidence import subject_hash
from backoffice.identity.models import Citizen, Proof, ProofKind
from backoffice.signatures.services import sign as sign_case
from backoffice.staff.models import StaffUser
from backoffice.uploads.models import Upload
from bootstrap import container
from bootstrap.container import DEMO_PEOPLE, Office
from catalogue.loader import load_catalogue
from integrations.registers.people import load_people
from integrations.registers.sandbox import SandboxRegisters
from tests.staff.conftest import (  # noqa: F401 - fixtures
    NOW,
    address,
    browser,
    office,
    staff,
)
from worker.jobs import Jobs

ENDORSE = "residence_permit_endorse"
CASES: dict[str, dict[str, Any]] = {
    ENDORSE: {
        "filed_by": "self", "addr_changed": "no", "info_changed": "no", "name": "李小梅",
        "id_no": "430121199207154022", "phone": "13800000002", "housing_type": "own",
        "current_address": "石湾镇街道澜石二路8号", "write_card": "later",
    },
    "birth_register": {
        "applicant_role": "unmarried", "marital": "unmarried", "birth_state": "pregnant",
        "name": "谭婉仪", "id_no": "440604199304180065", "phone": "13800000051",
        "hukou_address": "广东省佛山市禅城区样例街51号", "current_region": "广东省佛山市禅城区",
        "current_address": "石湾镇街道澜石二路8号", "due_date": "2027-04-10",
        "children_count": 0, "child_order": 1, "voucher_way": "e",
    },
    "pension_eligibility_check": {
        "filed_by": "self", "bedridden": "no", "location": "home", "name": "潘树荣",
        "id_no": "440604195508080017", "phone": "13800000043",
    },
    "prepackaged_food_filing": {
        "filing_type": "new", "only_packed": "all_packed", "food_kinds": ["packed"],
        "uscc": "92440604MA5ABCDE1X", "entity_name": "佛山市禅城区国华便利店", "name": "冼国华",
        "id_no": "440604198305120131", "phone": "13800000061", "site_region": "石湾镇街道",
        "site_address": "石湾镇街道澜石二路8号", "site_area": 30, "online_sale": "no",
        "cold_storage": "no",
    },
}  # fmt: skip
"""Item → answers of one of the demonstration's people, for whom every register says yes."""

TERMS: dict[str, Any] = {
    "per_day": 20,
    "per_person": 1,
    "until": "2027-06-30",
    "fact_days": 30,
    "photographed_papers": True,
    "recheck_percent": 10,
}


@pytest.fixture(scope="session", autouse=True)
def _catalogue_is_read_once() -> Iterator[None]:
    """It is immutable, and reading it takes two seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(container, "load_catalogue", cache(load_catalogue))
        yield


HandIn = Callable[..., Awaitable[str]]
Grant = Callable[..., Awaitable[Delegation]]


def rulebook(office: Office) -> Rulebook:  # noqa: F811
    """The rules in force."""
    return Rulebook(office.catalogue, office.knowledge.policy)


@pytest.fixture
def hand_in(office: Office) -> HandIn:  # noqa: F811
    """Hands a case in; returns its id. Keyword `answers` changes some, `at` is when."""
    # the sandbox's answers are as old as the test's clock says, whatever day the machine has
    office.registers = SandboxRegisters(load_people(DEMO_PEOPLE), lambda: office.clock.now())
    return lambda item=ENDORSE, **given: _hand_in(office, item, **given)


async def _hand_in(
    office: Office,  # noqa: F811
    item_code: str,
    *,
    at: datetime = NOW,
    answers: dict[str, Any] | None = None,
    papers: str | None = "given",
    then: str | None = None,
) -> str:
    item = office.catalogue.items[item_code]
    given = {**CASES[item_code], **(answers or {})}
    conversation = new_id()
    async with office.sessions.begin() as session:
        person = Citizen(created_at=at, last_seen_at=at)
        session.add(person)
        await session.flush()
        case = Application(
            item_code=item_code, item_version="1", channel="phone", state=State.DRAFT,
            citizen_id=person.id, conversation_id=conversation, progress={}, created_at=at,
            updated_at=at, identity_way="test phone_card", identity_then=then,
        )  # fmt: skip
        session.add(case)
        await session.flush()
        for field, value in given.items():
            if value is not None:
                row = AnswerRow(application_id=case.id, field=field, value=value)
                row.source, row.at = "typed", at
                session.add(row)
        await session.flush()
        for paper in (await load_draft(session, case, item, on=at.date())).needed_materials():
            if papers is not None and not paper.satisfied_by:
                session.add(
                    MaterialRow(application_id=case.id, material=paper.slug, state=papers, at=at)
                )
        session.add_all(_proofs(case, str(given["id_no"]), at))
        await session.flush()
        if item.field("signature") is not None:
            await _sign(session, case, at)
        draft = await load_draft(session, case, item, on=at.date())
        await submit(session, draft, calendar=office.calendar, now=at)
        return case.id


def _proofs(case: Application, id_no: str, at: datetime) -> list[Proof]:
    common = {
        "conversation_id": case.conversation_id, "application_id": case.id, "at": at,
        "citizen_id": case.citizen_id, "subject_hash": subject_hash(id_no),
    }  # fmt: skip
    card, live = ["card"], {"liveness": {"passed": True}}
    return [
        Proof(kind=ProofKind.ID_CARD, upload_ids=card, result="read", detail={}, **common),
        Proof(
            kind=ProofKind.FACE, upload_ids=["card", "face"], result="alike", detail=live, **common
        ),
    ]


async def _sign(session: Any, case: Application, at: datetime) -> None:
    upload = Upload(
        id=new_id(), conversation_id=case.conversation_id, application_id=case.id, widget_id="w",
        kind="signature", mime="image/png", size=3, digest="d", analysis={}, created_at=at,
        expires_at=at + timedelta(days=400),
    )  # fmt: skip
    session.add(upload)
    await session.flush()
    await sign_case(
        session, case, field="signature", upload=upload, shown=[], signer=None, for_other=False,
        actor="citizen:1", now=at,
    )  # fmt: skip
    row = AnswerRow(application_id=case.id, field="signature", value=upload.id, source="upload")
    row.at = at
    session.add(row)
    await session.flush()


@pytest.fixture
def delegated(office: Office, staff: dict[str, StaffUser]) -> Grant:  # noqa: F811
    """Grants and signs; keyword arguments change the terms."""

    async def make(item: str = ENDORSE, **terms: Any) -> Delegation:
        book = rulebook(office)
        async with office.sessions.begin() as session:
            row = await grant(
                session, item_code=item, given={**TERMS, **terms}, staff=staff["huang"],
                rulebook=book, now=office.clock.now(),
            )  # fmt: skip
            return await sign(
                session, row.id, shown_hash=str(book.hash(item)), staff=staff["huang"],
                rulebook=book, now=office.clock.now(),
            )  # fmt: skip

    return make


@pytest.fixture
def decided(office: Office) -> Callable[[str], Awaitable[RobotDecision | None]]:  # noqa: F811
    """Lets the worker deliver everything; what the robot did with the case."""

    async def ask(case_id: str) -> RobotDecision | None:
        await Jobs(office).deliver()
        async with office.sessions.read() as session:
            return await session.scalar(
                select(RobotDecision).where(RobotDecision.application_id == case_id)
            )

    return ask
