"""A person: a call-back with a promised time, or the hall's address. Never a dead end."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from backoffice import messages
from backoffice.applications.draft import Draft
from backoffice.dialogue.talk import Talk
from backoffice.identity.models import Citizen
from backoffice.identity.services import phone_of
from backoffice.tasks.services import open_task


async def known_phone(talk: Talk) -> str | None:
    """Where the citizen can be called: the signed-in number, else the one given in the draft."""
    if talk.conversation.citizen_id is not None:
        citizen = await talk.session.get(Citizen, talk.conversation.citizen_id)
        if citizen is not None:
            return phone_of(citizen)
    if talk.draft is not None:
        phone = talk.draft.answers.get(account_phone_field(talk.draft))
        return str(phone) if phone else None
    return None


def account_phone_field(draft: Draft) -> str:
    """The field with the phone of whoever is speaking: the applicant's, or the proxy's."""
    return "proxy_phone" if draft.for_other else "phone"


async def ask_for_person(talk: Talk, *, about: str = "question") -> None:
    """Promise a call-back, or ask for a number first; always say where the hall is.

    Args:
        about: `question`, `complaint`, `application` …: what the clerk is told it is about.
    """
    phone = await known_phone(talk)
    if phone is None:
        talk.focus = {"kind": "callback_phone", "about": about, "asked_in": talk.turn.turn_id}
        talk.say("person.ask_phone", **hall_words(talk))
        return
    code, params = await open_call_back(talk, phone=phone, about=about)
    talk.say(f"heard.{code}", **params)


async def open_call_back(talk: Talk, *, phone: str, about: str) -> tuple[str, dict[str, Any]]:
    """Put a call-back into the clerks' work list; returns what to say.

    The same wish in the same conversation and draft is one task, however often it is said.
    """
    draft = talk.draft
    item = draft.item.code if draft is not None else talk.conversation.item_code
    task = await open_task(
        talk.session,
        kind="complaint" if about == "complaint" else "callback",
        conversation_id=talk.conversation.id,
        application_id=draft.application.id if draft is not None else None,
        item_code=item,
        phone=phone,
        summary=_summary(talk, about),
        now=talk.now,
        calendar=talk.knowledge.calendar,
        key=f"{about}:{talk.conversation.id}:{draft.application.id if draft else ''}",
    )
    if task.promised_on is None:
        return "callback_promised_open", hall_words(talk)
    return "callback_promised", {"by": spoken_day(task.promised_on), **hall_words(talk)}


async def call_for(talk: Talk, draft: Draft, *, about: str, papers: Sequence[str]) -> str | None:
    """Put an appointment for a complete draft into the work list; returns by when it is called.

    One for each draft; None when no day can be promised.
    """
    phone = await known_phone(talk)
    task = await open_task(
        talk.session,
        kind=about,
        conversation_id=talk.conversation.id,
        application_id=draft.application.id,
        item_code=draft.item.code,
        phone=phone,
        summary=messages.text(
            f"task.about_{about}",
            number=draft.application.number or "",
            papers="、".join(papers),
        ),
        now=talk.now,
        calendar=talk.knowledge.calendar,
        key=f"{about}:{draft.application.id}",
    )
    return spoken_day(task.promised_on) if task.promised_on is not None else None


def _summary(talk: Talk, about: str) -> str:
    """What the clerk reads: what it is about, and how far the draft is."""
    words = messages.text(f"task.about_{about}")
    draft = talk.draft
    if draft is not None:
        words += messages.text("task.draft", title=draft.item.title, answered=len(draft.answers))
    return words


def spoken_day(day: date) -> str:
    """A day as it is said: `11月24日`."""
    return f"{day.month}月{day.day}日"


def hall_words(talk: Talk) -> dict[str, Any]:
    """The hall's name and address, as far as they are verified facts."""
    hall = talk.knowledge.hall
    return {"hall": hall.name, "address": hall.address.value or ""}
