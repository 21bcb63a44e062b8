"""Withdrawing a result: for heads of the item's department, and for administrators by code."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.decisions import case_of
from backoffice.errors import CitizenError, NotFound
from backoffice.results.models import Result, Revocation
from backoffice.results.services import result_on, revoke
from backoffice.staff.models import Role, StaffUser
from catalogue.loader import Catalogue
from verifier import code_is_wellformed, normalise_code

REVOKING = (Role.HEAD, Role.ADMIN)


class RevocationNotConfirmed(CitizenError):
    """Without a known reason, words for the holder and the tick, nothing is withdrawn."""

    code = "result.revocation_not_confirmed"


async def revoke_result_of_case(
    session: AsyncSession,
    *,
    case_id: str,
    reason: str,
    note: str,
    confirmed: bool,
    staff: StaffUser,
    catalogue: Catalogue,
    now: datetime,
) -> Result:
    """Withdraw the result of a case that this head may see.

    Raises:
        NotFound: no such case, another department's, or it has no result.
        RevocationNotConfirmed: something is missing.
        AlreadyRevoked: the first reason stands.
    """
    case = await case_of(session, id=case_id, staff=staff, catalogue=catalogue)
    result = await result_on(session, application_id=case.id)
    if result is None:
        raise NotFound
    return await _revoke(session, result, reason, note, confirmed, staff, now)


async def revoke_result_by_code(
    session: AsyncSession,
    *,
    code: str,
    reason: str,
    note: str,
    confirmed: bool,
    staff: StaffUser,
    now: datetime,
) -> Result:
    """Withdraw the result of this code, without seeing whose it is. Raises as above."""
    known = normalise_code(code)
    if not code_is_wellformed(known):
        raise NotFound
    result = await session.scalar(select(Result).where(Result.code == known))
    if result is None:
        raise NotFound
    return await _revoke(session, result, reason, note, confirmed, staff, now)


async def _revoke(
    session: AsyncSession,
    result: Result,
    reason: str,
    note: str,
    confirmed: bool,
    staff: StaffUser,
    now: datetime,
) -> Result:
    if not confirmed or reason not in list(Revocation) or not note.strip():
        raise RevocationNotConfirmed
    return await revoke(
        session,
        result_id=result.id,
        reason=Revocation(reason),
        actor=staff.actor,
        now=now,
        note=note,
    )
