"""From an approved application to a sealed document: what the outbox entry `result.issue` does."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from backoffice.db import Sessions
from backoffice.logs import log
from backoffice.results.credential import Issuer
from backoffice.results.document import render
from backoffice.results.models import Result, ResultDocument
from backoffice.results.services import issue
from catalogue.schema import ServiceItem
from integrations.ports import SealSigner


@dataclass(frozen=True)
class Press:
    """What is needed to make results."""

    sessions: Sessions
    issuer: Issuer
    seal: SealSigner


async def issue_and_print(
    press: Press, *, application_id: str, item: ServiceItem, now: datetime
) -> Result:
    """Issue the result, make its document and seal it; whatever is done already is left alone.

    Setting the page and sealing happen between two transactions: a crash in between leaves an
    issued result without a document, and the same outbox entry makes it up.

    Raises:
        NothingToIssue: not approved, or the item has no document of the hall's own.
        Unavailable, Rejected: the seal service failed; the result itself is already valid.
    """
    async with press.sessions.begin() as session:
        result = await issue(
            session, application_id=application_id, item=item, issuer=press.issuer, now=now
        )
        printed = await session.get(ResultDocument, result.id) is not None
    if printed:
        return result
    page = await asyncio.to_thread(render, result, press.issuer, press.seal.mark())
    if page.missing:
        log("results").warning("document.glyphs_missing", result=result.id, count=len(page.missing))
    sealed = await press.seal.seal(page.pdf, key=result.id)
    async with press.sessions.begin() as session:
        if await session.get(ResultDocument, result.id) is None:
            session.add(
                ResultDocument(result_id=result.id, pdf=sealed.pdf, seal=sealed.seal, made_at=now)
            )
    return result
