"""Whose account it is, when somebody proved to be the person with a certain identity number."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.models import Application
from backoffice.crypto import keyed_hash
from backoffice.identity.models import Citizen, Consent, Proof
from backoffice.logs import log
from backoffice.results.models import Result
from backoffice.uploads.models import Upload

_OWNED = (Application, Proof, Consent, Upload, Result)


def id_index(id_no: str) -> str:
    """The keyed hash by which a proved identity number is looked up."""
    return keyed_hash("citizens.id_no", id_no.upper())


async def citizen_with_number(session: AsyncSession, id_no: str, *, now: datetime) -> Citizen:
    """The account of who has just proved to be this person; a new one, without phone, if none is."""
    index = id_index(id_no)
    wanted = select(Citizen).where(Citizen.id_index == index)
    citizen = await session.scalar(wanted)
    if citizen is None:
        try:
            async with session.begin_nested():
                citizen = Citizen(id_index=index, created_at=now, last_seen_at=now)
                session.add(citizen)
        except IntegrityError:  # proved at two places at once
            citizen = (await session.scalars(wanted)).one()
    citizen.last_seen_at = now
    return citizen


async def link_number(session: AsyncSession, citizen_id: str, id_no: str) -> None:
    """Keep that the person of this account has proved to have this identity number.

    Who was here before without a phone finds what was done then. Another account with a phone of
    its own stays as it is: numbers change hands, and a clerk joins accounts.
    """
    citizen = await session.get_one(Citizen, citizen_id)
    index = id_index(id_no)
    if citizen.id_index is not None:
        return
    other = await session.scalar(select(Citizen).where(Citizen.id_index == index))
    if other is not None and other.phone_index is not None:
        log("identity").info("account.number_known", citizen_id=citizen_id, other=other.id)
        return
    if other is not None:
        for table in _OWNED:
            await session.execute(
                update(table).where(table.citizen_id == other.id).values(citizen_id=citizen_id)
            )
        await session.delete(other)
        await session.flush()
    citizen.id_index = index
    await session.flush()
