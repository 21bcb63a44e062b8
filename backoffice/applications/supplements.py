"""Requests to correct, in words."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.draft import Draft
from backoffice.applications.models import AnswerRow, MaterialRow, SupplementRow
from catalogue.form import FormField, Material
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


async def asked_too_late(
    session: AsyncSession, draft: Draft, wanted: Sequence[Mapping[str, str]]
) -> list[str]:
    """What of a further request could have been asked for before, in the item's own words.

    That is what no request has named and the applicant has not touched since the last one. Not
    meant: a signature, which every change makes anew, and what a changed answer has brought up.
    Source: 行政许可法 第三十二条第一款第四项 (everything at once).
    """
    id = draft.application.id
    earlier = await supplements_of(session, id)
    if not earlier:
        return []
    since = earlier[-1].requested_at
    answers = await session.scalars(select(AnswerRow).where(AnswerRow.application_id == id))
    papers = await session.scalars(select(MaterialRow).where(MaterialRow.application_id == id))
    touched = {row.field for row in answers if row.at > since}
    touched_papers = {row.material for row in papers if row.at > since}
    named = {_slug(one) for request in earlier for one in request.wanted}
    late = []
    for one in wanted:
        part = draft.item.field(one.get("field", "")) or draft.item.material(
            one.get("material", "")
        )
        anew = touched_papers if "material" in one else touched
        if part is None or _slug(one) in named or part.slug in anew or _hangs_on(part, touched):
            continue
        late.append(wanted_label(draft.item, one))
    return late


def _slug(wanted: Mapping[str, str]) -> tuple[str, str]:
    kind = "field" if "field" in wanted else "material"
    return kind, wanted[kind]


def _hangs_on(part: FormField | Material, touched: set[str]) -> bool:
    if isinstance(part, FormField) and part.type == "signature":
        return True
    return part.when is not None and bool(touched.intersection(part.when.fields()))
