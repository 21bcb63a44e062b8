"""The window: a clerk sees the person whom a complete draft waits for, and hands it in.

Items with `identity_level: in_person`, and people who cannot prove from afar who they are, end as a
draft with a number and an appointment. Nothing of it is submitted before somebody at the window has
seen the person and the identity card.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm.exc import StaleDataError

from backoffice.applications.decisions import Bench
from backoffice.applications.draft import Draft, load_draft
from backoffice.applications.models import Application, StepNotAllowed
from backoffice.applications.services import put_material, submit
from backoffice.applications.states import State
from backoffice.audit.services import record
from backoffice.clock import china_date
from backoffice.errors import Busy, CitizenError
from backoffice.identity.accounts import citizen_with_number
from backoffice.identity.settling import How, settle
from backoffice.messages import text
from backoffice.staff.models import StaffUser
from backoffice.tasks.models import TaskKind
from backoffice.tasks.services import close_for
from catalogue.form import FormField


class PersonNotSeen(CitizenError):
    """Person or identity card was not seen: then nothing may be handed in."""

    code = "window.person_not_seen"


class DraftIncomplete(CitizenError):
    """Required answers are missing. Params: fields, their labels."""

    code = "window.draft_incomplete"


class OriginalUnknown(CitizenError):
    """A paper that this applicant's case does not need."""

    code = "window.original_unknown"


@dataclass(frozen=True)
class Seen:
    """What the clerk saw.

    Attributes:
        person: the applicant stands at the window and is the person on the card.
        card: the identity card itself, not a copy.
        originals: slugs of the papers whose originals were shown.
    """

    person: bool
    card: bool
    originals: Sequence[str] = ()


def waits_for_person(application: Application) -> bool:
    """Whether this is a finished draft that only lacks the person at the window."""
    return (
        application.state == State.DRAFT
        and application.number is not None
        and bool((application.progress or {}).get("appointed"))
    )


def unanswered(draft: Draft) -> list[FormField]:
    """Required fields that apply and have no answer."""
    return [
        one
        for one in draft.open_fields()
        if one.required
        and draft.answers.get(one.slug) in (None, "", [])
        and not (one.prefill == "login_account" and draft.progress.get("no_phone"))
    ]


async def hand_in_seen(
    bench: Bench,
    application: Application,
    seen: Seen,
    *,
    staff: StaffUser,
    version: int | None = None,
) -> Application:
    """Record what was seen and submit; from here it is a case like any other (收件).

    The appointment's task is closed, the citizen gets a notice.

    Args:
        version: the version the clerk was looking at, when known.

    Raises:
        Busy: the draft was changed meanwhile.
        StepNotAllowed: it does not wait for anybody at the window.
        PersonNotSeen, DraftIncomplete, OriginalUnknown: it cannot be handed in like this.
        NotFound: nobody ever signed in for it.
    """
    item = bench.item(application)
    if version is not None and version != application.version:
        raise Busy
    if not waits_for_person(application):
        raise StepNotAllowed
    if not (seen.person and seen.card):
        raise PersonNotSeen
    draft = await load_draft(bench.session, application, item, on=china_date(bench.now))
    if missing := unanswered(draft):
        raise DraftIncomplete(fields="、".join(one.label for one in missing))
    try:
        await _hand_in(bench, draft, seen, staff)
    except StaleDataError as exc:
        raise Busy from exc
    return application


async def _hand_in(bench: Bench, draft: Draft, seen: Seen, staff: StaffUser) -> None:
    application, session, now = draft.application, bench.session, bench.now
    originals = sorted(set(seen.originals))
    if not {one.slug for one in draft.needed_materials()}.issuperset(originals):
        raise OriginalUnknown
    for slug in originals:
        put_material(session, draft, material=slug, state="seen", upload_id=None, now=now)
    draft.remember(appointed=None, paused=None)
    if application.citizen_id is None and draft.acting_id_no is not None:
        # No phone, so no account yet: the clerk has seen the card with this number.
        citizen = await citizen_with_number(session, draft.acting_id_no, now=now)
        application.citizen_id = citizen.id
    application.identity_way, application.identity_then = "seen", None
    await submit(session, draft, calendar=bench.calendar, now=now, seen_by=staff.actor)
    await settle(session, application, How.WINDOW, actor=staff.actor, originals=originals, now=now)
    await close_for(
        session,
        application.id,
        kind=TaskKind.APPOINTMENT,
        outcome=text("task.outcome_seen"),
        by=staff,
        now=now,
    )
    await record(
        session,
        actor=staff.actor,
        action="case.person_seen",
        subject=f"application:{application.id}",
        detail={"item": application.item_code, "originals": originals},
        now=now,
    )
