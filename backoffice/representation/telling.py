"""Telling somebody that another person has filed an application for them, and how to object.

Sent as a short message when it is handed in, to the phone that the person has proved, else to the
one given as theirs; never to a phone of whoever acts. It says the relation and the masked name of
whoever acts: not what it is about, since somebody else may read that phone.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.identity.accounts import id_hash
from backoffice.identity.models import Citizen
from backoffice.identity.services import phone_of
from backoffice.outbox import services as outbox
from backoffice.representation.services import Pair
from backoffice.understanding import mask_value

TEMPLATE = "acted_for"


async def tell_person(
    session: AsyncSession,
    *,
    application_id: str,
    pair: Pair,
    relation: str,
    given_phone: str | None,
    agents_phones: set[str | None],
    now: datetime,
) -> bool:
    """Ask for the message, once for each who acts in an application; whether there is a phone.

    Args:
        relation: what whoever acts says to be, in people's words.
        given_phone: the person's phone as the form has it.
        agents_phones: phones of whoever acts, which get nothing.
    """
    agent, principal = pair.hashes
    account = await session.scalar(select(Citizen).where(Citizen.id_hash == principal))
    known = phone_of(account) if account is not None else None
    phone = known or given_phone
    if not phone or phone in agents_phones or id_hash(pair.agent.id_no) == principal:
        return False
    params = {"relation": relation, "agent": mask_value("name", pair.agent.name)}
    await outbox.put(
        session,
        kind="sms.send",
        key=f"{TEMPLATE}:{application_id}:{agent}",
        payload={"phone": phone, "template": TEMPLATE, "params": params},
        now=now,
    )
    return True
