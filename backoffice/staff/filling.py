"""A clerk fills in an item for somebody at the window: the same form, the same checks as the chat.

What comes of it is a draft with a number that waits for its person, as if the person had filled it
in at home; it is handed in by `staff.window.hand_in_seen`, with the originals that were seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.exc import StaleDataError

from backoffice.applications.draft import Draft, load_draft
from backoffice.applications.models import AnswerRow, Application
from backoffice.applications.services import forget_answer, give_number, start
from backoffice.audit.services import record
from backoffice.clock import china_date
from backoffice.conversations.services import open_conversation
from backoffice.dialogue.capture import keep_answer
from backoffice.dialogue.comparing import broken_by, forget_doubt
from backoffice.dialogue.wanted import wanted_field
from backoffice.errors import Busy
from backoffice.identity.accounts import citizen_with_hash, id_hash
from backoffice.signatures.services import AT_WINDOW
from backoffice.staff.models import StaffUser
from backoffice.staff.person import AtWindow, NotIdentified
from backoffice.staff.window import DraftIncomplete, unanswered
from backoffice.understanding import Fault, check
from backoffice.understanding.digits import without_country_code
from catalogue.form import FormField
from catalogue.schema import ServiceItem

CHANNEL = "counter"
SOURCE = "clerk"
ON_PAPER = frozenset({"photo", "document", "signature"})
EMPTY: tuple[Any, ...] = (None, "", [])


@dataclass(frozen=True)
class Line:
    """One field of the form as it stands; `fault` says why what was typed was not taken."""

    field: FormField
    value: Any
    fault: Fault | None = None


async def begin_for(
    session: AsyncSession,
    item: ServiceItem,
    there: AtWindow,
    *,
    item_version: str,
    staff: StaffUser,
    now: datetime,
) -> Application:
    """A draft of the person whose card was seen, with what earlier ones tell of that person.

    Raises:
        NotIdentified: nobody's card was seen.
    """
    ticket = there.ticket
    if ticket.person is None:
        raise NotIdentified
    citizen = await citizen_with_hash(session, ticket.person, now=now)
    visit, _ = await open_conversation(session, channel=CHANNEL, now=now)
    visit.citizen_id, visit.item_code = citizen.id, item.code
    application = await start(
        session, item=item, item_version=item_version, conversation=visit, now=now
    )
    ticket.application_id, ticket.item_code = application.id, item.code
    draft = await load_draft(session, application, item, on=china_date(now))
    for slug, value in (await _known(session, there, item)).items():
        await keep_answer(session, draft, slug, value, source="earlier", turn_id=None, now=now)
    await _note(session, application, "started", staff, now)
    return application


async def _known(session: AsyncSession, there: AtWindow, item: ServiceItem) -> dict[str, Any]:
    """What the card and the account said in this person's newest application for themselves."""
    wanted = {one.slug for one in item.fields if one.prefill in ("id_card", "login_account")}
    for matter in there.matters:
        rows = await session.scalars(
            select(AnswerRow).where(AnswerRow.application_id == matter.application.id)
        )
        answers = {row.field: row.value for row in rows}
        own = answers.get("filed_by") != "proxy" and answers.get("id_no")
        if own and id_hash(str(own)) == there.ticket.person:
            return {slug: answers[slug] for slug in wanted if answers.get(slug) not in EMPTY}
    return {}


async def fill(
    session: AsyncSession,
    application: Application,
    item: ServiceItem,
    given: Mapping[str, Sequence[str]],
    *,
    person: str,
    version: int,
    staff: StaffUser,
    now: datetime,
) -> list[Line]:
    """Take what was typed, field by field; returns the form as it then stands.

    What does not pass its check is not taken and the rest is. A field that stands empty in the form
    has its answer taken back. Answers open further fields: those come with the next look.

    Args:
        given: field → what was typed or chosen; a field that is missing was not on the page.
        person: keyed hash of the number on the card that was seen: who acts has no other.
        version: of the draft that the clerk was looking at.

    Raises:
        Busy: the draft was changed meanwhile.
    """
    if version != application.version:
        raise Busy
    draft = await load_draft(session, application, item, on=china_date(now))
    faults: dict[str, tuple[str, Fault]] = {}
    # Signatures last: an answer changed after them would make them void.
    for asked in sorted(draft.open_fields(), key=lambda one: one.type == "signature"):
        if asked.slug not in given:
            continue
        value = read(asked, given[asked.slug])
        if value in EMPTY:
            if asked.slug in draft.answers:
                await forget_answer(session, draft, asked.slug)
            continue
        fault = None if value == AT_WINDOW else _fault(draft, asked, value, person, now)
        if fault is not None:
            faults[asked.slug] = (" ".join(given[asked.slug]), fault)
            continue
        await keep_answer(session, draft, asked.slug, value, source=SOURCE, turn_id=None, now=now)
        forget_doubt(draft, asked.slug)
    application.updated_at = now
    try:
        await session.flush()
    except StaleDataError as exc:
        raise Busy from exc
    await _note(session, application, "filled", staff, now)
    return lines_of(draft, faults)


def lines_of(draft: Draft, faults: Mapping[str, tuple[str, Fault]] | None = None) -> list[Line]:
    """The form as it stands: every field that applies, what was refused as it was typed."""
    refused = faults or {}
    lines = []
    for one in draft.open_fields():
        if one.slug in refused:
            lines.append(Line(one, *refused[one.slug]))
        else:
            lines.append(Line(one, draft.answers.get(one.slug)))
    return lines


async def finish(
    session: AsyncSession, application: Application, item: ServiceItem, *, now: datetime
) -> None:
    """The form is complete: with its number it waits for the look at person, card and papers.

    Raises:
        DraftIncomplete: required answers are missing.
    """
    draft = await load_draft(session, application, item, on=china_date(now))
    if missing := unanswered(draft):
        raise DraftIncomplete(fields="、".join(one.label for one in missing))
    await give_number(session, application, now=now)
    draft.remember(appointed=True, paused=True)
    await session.flush()


def read(asked: FormField, given: Sequence[str]) -> Any:
    """What was typed or chosen, as the field keeps it; None when nothing was."""
    parts = [one.strip() for one in given if one.strip()]
    if not parts:
        return None
    if asked.multiple:
        return parts
    text = parts[0]
    if asked.type in ON_PAPER:
        return AT_WINDOW
    if asked.type == "id_number":
        return "".join(text.split()).upper()
    if asked.type == "phone":
        return without_country_code("".join(text.split()))
    if asked.type == "number":
        return _number(text)
    return text


def _number(text: str) -> int | float | str:
    try:
        value = float(text)
    except ValueError:
        return text  # the check says what is wrong with it
    return int(value) if value.is_integer() else value


def _fault(draft: Draft, asked: FormField, value: Any, person: str, now: datetime) -> Fault | None:
    today = china_date(now)
    fault = check(wanted_field(asked), value, today=today)
    if fault is None and asked.slug == f"{draft.acting}id_no" and id_hash(str(value)) != person:
        return Fault("fault.id_number.not_the_card")
    return fault or broken_by(draft, asked.slug, value)


async def _note(
    session: AsyncSession, application: Application, what: str, staff: StaffUser, now: datetime
) -> None:
    await record(
        session,
        actor=staff.actor,
        action=f"window.draft_{what}",
        subject=f"application:{application.id}",
        detail={"item": application.item_code},
        now=now,
    )
