"""Requests to correct, in words."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.models import SupplementRow
from catalogue.schema import ServiceItem


async def supplements_of(session: AsyncSession, application_id: str) -> list[SupplementRow]:
    """The requests so far, oldest first: one for each step `request_supplement`."""
    rows = await session.scalars(
        select(SupplementRow)
        .where(SupplementRow.application_id == application_id)
        .order_by(SupplementRow.id)
    )
    return list(rows)


def wanted_label(item: ServiceItem, wanted: Mapping[str, str]) -> str:
    """What one part of a request asks for, in the item's own words; empty when it left the item."""
    field = item.field(wanted.get("field", ""))
    material = item.material(wanted.get("material", ""))
    return field.label if field else material.name if material else ""


def wanted_lines(item: ServiceItem, wanted: Sequence[Mapping[str, str]]) -> list[str]:
    """`1. 现在的住址：请写到房号`, one line for each part."""
    return [
        f"{number}. {wanted_label(item, one)}：{one.get('reason', '')}"
        for number, one in enumerate(wanted, 1)
    ]
