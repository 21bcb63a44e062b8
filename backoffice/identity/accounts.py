"""Whose account it is, when somebody proved to be the person with a certain identity number."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from backoffice.applications.models import Application
from backoffice.crypto import blind_index, keyed_hash
from backoffice.identity.models import Citizen, Consent, Proof
from backoffice.logs import log
from backoffice.remembering.models import FaceLook, Remembered
from backoffice.representation.models import Representation
from backoffice.results.models import Result
from backoffice.uploads.models import Upload

_OWNED = (
    Application, Proof, Consent, Upload, Result, Remembered, FaceLook, Representation,
)  # fmt: skip


def id_hash(id_no: str) -> str:
    """The keyed hash by which a proved identity number is looked up."""
    return keyed_hash("citizens.id_no", id_no.upper())


def phone_index(phone: str) -> str:
    """The keyed hash by which a phone number is looked up."""
    return blind_index("citizens.phone", phone)


async def _citizen_by(
    session: AsyncSession,
    column: InstrumentedAttribute[str | None],
    index: str,
    *,
    now: datetime,
    phone: str | None = None,
) -> Citizen:
    """The account with this index, made if there is none; seen now.

    Args:
        column: the unique index to look in: `Citizen.phone_index` or `Citizen.id_hash`.
        phone: kept with a new account.
    """
    wanted = select(Citizen).where(column == index)
    citizen = await session.scalar(wanted)
    if citizen is None:
        made = {column.key: index, "phone": phone}
        try:
            async with session.begin_nested():
                citizen = Citizen(created_at=now, last_seen_at=now, **made)
                session.add(citizen)
        except IntegrityError:  # for the first time, at two places at once
            citizen = (await session.scalars(wanted)).one()
    citizen.last_seen_at = now
    return citizen


async def citizen_with_phone(session: AsyncSession, phone: str, *, now: datetime) -> Citizen:
    """The account of this number; a new one if none is."""
    return await _citizen_by(session, Citizen.phone_index, phone_index(phone), now=now, phone=phone)


async def citizen_with_number(session: AsyncSession, id_no: str, *, now: datetime) -> Citizen:
    """The account of who has just proved to be this person; a new one, without phone, if none is."""
    return await _citizen_by(session, Citizen.id_hash, id_hash(id_no), now=now)


async def citizen_with_hash(session: AsyncSession, index: str, *, now: datetime) -> Citizen:
    """As `citizen_with_number`, by what `id_hash` made of the number."""
    return await _citizen_by(session, Citizen.id_hash, index, now=now)


async def link_number(session: AsyncSession, citizen_id: str, id_no: str) -> None:
    """Keep that the person of this account has proved to have this identity number.

    Who was here before without a phone finds what was done then. Another account with a phone of
    its own stays as it is: numbers change hands, and a clerk joins accounts.
    """
    citizen = await session.get_one(Citizen, citizen_id)
    index = id_hash(id_no)
    if citizen.id_hash is not None:
        return
    other = await session.scalar(select(Citizen).where(Citizen.id_hash == index))
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
    citizen.id_hash = index
    await session.flush()
