"""Who acted for whom in a case, as staff see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.representation.models import Representation
from backoffice.representation.services import BY_WINDOW, records_of
from catalogue.schema import ServiceItem


@dataclass(frozen=True)
class ActingLine:
    """Who acted for whom: both people, by what, for what, until when.

    Attributes:
        asked: what each register said, as stored.
        papers: upload ids of what shall prove the relation.
        at_window: a paper is brought to the window.
        open: a clerk has to judge before anything can be approved.
    """

    row: Representation
    relation: str
    asked: tuple[Mapping[str, Any], ...]
    papers: tuple[str, ...]
    at_window: bool
    open: bool


async def acting_lines(
    session: AsyncSession, application_id: str, item: ServiceItem
) -> list[ActingLine]:
    """Every record of the case, oldest first."""
    return [_line(row, item) for row in await records_of(session, application_id)]


def _line(row: Representation, item: ServiceItem) -> ActingLine:
    field = item.field("proxy_relation")
    option = field.option(row.relation) if field is not None else None
    papers = row.detail.get("papers", [])
    return ActingLine(
        row,
        option.label if option is not None else row.relation,
        tuple(row.detail.get("asked", [])),
        tuple(one for one in papers if one != BY_WINDOW),
        BY_WINDOW in papers,
        open=row.proved is None and row.ended_at is None,
    )
