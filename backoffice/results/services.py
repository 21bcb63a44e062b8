"""Issuing, revoking and finding results."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.models import AnswerRow, Application
from backoffice.applications.states import State
from backoffice.audit import services as audit
from backoffice.errors import CitizenError, NotFound
from backoffice.outbox import services as outbox
from backoffice.representation.visibility import may_hold
from backoffice.results.credential import Issuer, qr_png
from backoffice.results.masking import mask_name
from backoffice.results.models import Result, ResultDocument, Revocation, Status
from backoffice.results.validity import expiry
from catalogue.schema import HallDocument, ServiceItem
from verifier import Claims, encode_text, new_code
from verifier.text import decode_text

_ID_TAIL = 4


class NothingToIssue(Exception):
    """The application is not approved, or its item has no document of the hall's own."""


class AlreadyRevoked(CitizenError):
    """The result was revoked before; the first reason stands."""

    code = "result.already_revoked"
    status = 409


class NotReady(CitizenError):
    """The result is issued, its document is still being made."""

    code = "result.not_ready"
    status = 409


@dataclass(frozen=True)
class Printed:
    """What a result's document says, apart from the holder's own data.

    Attributes:
        made_by: who makes the licence that this document does not replace, if any.
        collect: how the citizen chose to get it, in words, if asked.
    """

    title: str
    application: str
    item_name: str
    authority: str
    legal_status: str
    accepted_by: str
    made_by: str | None
    licence: str | None
    collect: str | None


async def issue(
    session: AsyncSession,
    *,
    application_id: str,
    item: ServiceItem,
    issuer: Issuer,
    now: datetime,
) -> Result:
    """Issue the result of an approved application; a second call returns the first result.

    The document is made afterwards, outside any transaction (`documents.make`).

    Raises:
        NothingToIssue: not approved, or the item's `result.document` is not written.
    """
    found = await session.scalar(select(Result).where(Result.application_id == application_id))
    if found is not None:
        return found
    application = await session.get(Application, application_id)
    if application is None or application.state != State.APPROVED or item.result.document is None:
        raise NothingToIssue
    answers = await _answers(session, application_id)
    result = _new_result(application, answers, item, item.result.document, now)
    result.status_index = await _next_index(session)
    claims = _claims(result, item.result.document, issuer)
    result.credential = encode_text(issuer.sign_result(claims))
    session.add(result)
    await session.flush()
    await audit.record(
        session,
        actor="results",
        action="result.issued",
        subject=f"application:{application_id}",
        now=now,
        detail={"result": result.id, "key": issuer.keys.current},
    )
    return result


async def revoke(
    session: AsyncSession,
    *,
    result_id: str,
    reason: Revocation,
    actor: str,
    now: datetime,
    note: str = "",
) -> Result:
    """Withdraw a result for good; the public page and the status list say so at once.

    The holder is told in the chat and by a short message.

    Args:
        reason: said publicly.
        actor: `staff:<id>`; the caller has checked the right to do it.
        note: the reason in words, for the holder and for staff only.

    Raises:
        NotFound: no such result.
        AlreadyRevoked: the first reason stands.
    """
    result = await session.scalar(select(Result).where(Result.id == result_id).with_for_update())
    if result is None:
        raise NotFound
    if result.status == Status.REVOKED:
        raise AlreadyRevoked
    result.status, result.revoked_at = Status.REVOKED, now
    result.revoked_reason, result.revoked_by = reason, actor
    result.revoked_note = note.strip() or None
    await audit.record(
        session,
        actor=actor,
        action="result.revoked",
        subject=f"application:{result.application_id}",
        now=now,
        detail={"result": result.id, "reason": str(reason)},
    )
    await outbox.put(
        session,
        kind="notice.send",
        key=f"revoked:{result.id}:notice",
        payload={"application_id": result.application_id, "kind": "revoked"},
        now=now,
    )
    return result


async def results_of(session: AsyncSession, *, citizen_id: str, now: datetime) -> list[Result]:
    """A citizen's results, newest first, revoked and expired ones too."""
    found = await session.scalars(
        select(Result).where(may_hold(citizen_id, now)).order_by(Result.issued_at.desc())
    )
    return list(found)


async def result_of(session: AsyncSession, *, id: str, citizen_id: str, now: datetime) -> Result:
    """The only way to a result on a citizen's behalf. Raises NotFound."""
    found = await session.scalar(select(Result).where(Result.id == id, may_hold(citizen_id, now)))
    if found is None:
        raise NotFound
    return found


async def result_on(session: AsyncSession, *, application_id: str) -> Result | None:
    """The result of an application, for staff pages and notices."""
    found: Result | None = await session.scalar(
        select(Result).where(Result.application_id == application_id)
    )
    return found


async def document_of(session: AsyncSession, *, id: str, citizen_id: str, now: datetime) -> bytes:
    """The PDF for its holder.

    Raises:
        NotFound: no such result, or somebody else's.
        NotReady: still being made.
    """
    result = await result_of(session, id=id, citizen_id=citizen_id, now=now)
    document = await session.get(ResultDocument, result.id)
    if document is None:
        raise NotReady
    pdf: bytes = document.pdf
    return pdf


def token_of(result: Result) -> bytes:
    """The signed token as issued."""
    token = decode_text(result.credential)
    if token is None:
        raise ValueError(f"result {result.id} holds no token")
    return token


def picture_of(result: Result, issuer: Issuer, *, width_px: int = 600) -> bytes:
    """The result's QR code as PNG."""
    return qr_png(issuer.public_url, result.code, token_of(result), width_px=width_px)


def printed(result: Result) -> Printed:
    """What the document says, without the holder."""
    said = {**result.subject, "title": result.title}
    return Printed(**{field.name: said[field.name] for field in fields(Printed)})


async def _answers(session: AsyncSession, application_id: str) -> dict[str, Any]:
    rows = await session.scalars(
        select(AnswerRow).where(AnswerRow.application_id == application_id)
    )
    return {row.field: row.value for row in rows}


async def _next_index(session: AsyncSession) -> int:
    # Two at once would take the same place: the unique constraint fails the later one, and the
    # outbox tries it again.
    highest = await session.scalar(select(func.max(Result.status_index)))
    return 0 if highest is None else highest + 1


def _new_result(
    application: Application,
    answers: Mapping[str, Any],
    item: ServiceItem,
    document: HallDocument,
    now: datetime,
) -> Result:
    if not answers.get("name") or not answers.get("id_no"):
        raise NothingToIssue("a result needs its holder's name and number")
    expires = None
    if document.valid_months is not None:
        expires = expiry(now, document.valid_months)
    return Result(
        code=new_code(),
        application_id=application.id,
        citizen_id=application.citizen_id,
        item=item.code,
        title=document.title,
        subject={
            "holder": answers["name"],
            "id_no": answers["id_no"],
            "application": application.number or "",
            "item_name": item.name,
            "authority": document.issuing_authority,
            "legal_status": document.legal_status,
            "accepted_by": document.accepted_by,
            "made_by": item.result.made_by,
            "licence": item.result.name,
            "collect": _collect(item, answers),
        },
        issued_at=now,
        expires_at=expires,
        status=Status.VALID,
    )


def _collect(item: ServiceItem, answers: Mapping[str, Any]) -> str | None:
    field = item.field("pickup")
    chosen = answers.get("pickup")
    if field is None or chosen is None:
        return None
    return next((option.label for option in field.options if option.value == chosen), None)


def _claims(result: Result, document: HallDocument, issuer: Issuer) -> Claims:
    return Claims(
        issuer=issuer.public_url,
        code=result.code,
        issued_at=result.issued_at,
        expires_at=result.expires_at,
        status_index=result.status_index,
        item=result.item,
        title=document.title,
        authority=document.issuing_authority,
        holder=mask_name(result.subject["holder"]),
        id_tail=result.subject["id_no"][-_ID_TAIL:],
    )
