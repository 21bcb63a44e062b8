"""The end of an application: handed in, or complete and waiting for the person at the window."""

from typing import Any

from backoffice import messages
from backoffice.applications.draft import Draft
from backoffice.applications.services import give_number, submit
from backoffice.delegation.services import is_live
from backoffice.dialogue import remembering
from backoffice.dialogue.agenda import IDENTIFYING, Kind
from backoffice.dialogue.facts import promised_time
from backoffice.dialogue.people import call_for, hall_words, known_phone
from backoffice.dialogue.talk import Talk
from backoffice.identity.models import Citizen
from backoffice.identity.services import phone_of
from backoffice.identity.settling import let_through
from backoffice.representation.services import BY_WINDOW, Pair
from backoffice.representation.telling import tell_person
from backoffice.tasks.services import promise_working_days
from catalogue.form import Material


async def finish_when_complete(talk: Talk) -> None:
    """Hand in what is complete; what needs the person in person gets an appointment instead."""
    draft = talk.filling
    step = talk.step() if talk.focus is None else None
    if draft is None or step is None or step.kind != Kind.SUBMIT:
        return
    again = draft.supplementing  # asked now: handing in ends it
    way = talk.standing(draft).identity.way
    if way.then == "appointment" and not again:
        await _appoint(talk, draft)
    else:
        if not again or IDENTIFYING.intersection(draft.progress.get("corrected", [])):
            let_through(draft.application, talk.knowledge.policy, way)
        await _submit(talk, draft, again=again)
        if way.then == "clerk_look" and not again:
            talk.say("apply.clerk_looks", days=promise_working_days())
    if not again:
        _say_next(talk, draft)
        await remembering.offer(talk, draft)


async def _submit(talk: Talk, draft: Draft, *, again: bool) -> None:
    application = await submit(talk.session, draft, calendar=talk.knowledge.calendar, now=talk.now)
    if draft.for_other and draft.pair is not None:
        await _tell_person(talk, draft, draft.pair)
    at_once = draft.item.instant and await is_live(talk.session, draft.item.code, now=talk.now)
    said = "apply.submitted_instant" if at_once else "apply.submitted"
    talk.say(
        "apply.resubmitted" if again else said,
        title=draft.item.title,
        number=application.number or "",
        time=promised_time(draft.item),
    )
    bring = _promised(draft, application.identity_then)
    if bring:
        talk.say("apply.bring", papers="、".join(bring), **hall_words(talk))


async def _tell_person(talk: Talk, draft: Draft, pair: Pair) -> None:
    """Whom it is about hears of it, on a phone that is not the speaker's."""
    mine = {draft.answers.get("proxy_phone")}
    if talk.conversation.citizen_id is not None:
        mine.add(phone_of(await talk.session.get_one(Citizen, talk.conversation.citizen_id)))
    given = draft.answers.get("phone")
    await tell_person(
        talk.session,
        application_id=draft.application.id,
        pair=pair,
        relation=talk.knowledge.acting.relations[pair.relation].label,
        given_phone=str(given) if given else None,
        agents_phones=mine,
        now=talk.now,
    )


async def _appoint(talk: Talk, draft: Draft) -> None:
    """The draft stays a draft: who the applicant is will be seen at the window only.

    Staff see it by its number and call to make the appointment; the citizen knows what to bring.
    """
    application = draft.application
    await give_number(talk.session, application, now=talk.now)
    papers = papers_to_bring(draft)
    params: dict[str, Any] = {"title": draft.item.title, "number": application.number or ""}
    called = await known_phone(talk) is not None
    promised = await call_for(talk, draft, about="appointment", papers=papers) if called else None
    if not called:
        talk.say("apply.come_with_number", **params)
    elif promised is None:
        talk.say("apply.appointed_open", **params)
    else:
        talk.say("apply.appointed", by=promised, **params)
    lines = "\n".join(f"· {one}" for one in papers)
    talk.say("apply.bring_list", papers=lines, **hall_words(talk))
    draft.remember(appointed=True, paused=True)


def papers_to_bring(draft: Draft) -> list[str]:
    """Originals for the window: the identity card, and every paper that is not a form."""
    papers = [messages.text("paper.id_card")]
    papers += [one.name for one in draft.needed_materials() if _is_brought(draft, one)]
    if draft.authority is not None and draft.authority.proved is None:
        papers.append(messages.text("paper.relation"))
    return list(dict.fromkeys([*papers, *_promised(draft, None)]))


def _is_brought(draft: Draft, material: Material) -> bool:
    by_register = any(one.kind in ("system", "check") for one in material.satisfied_by)
    return material.form != ("form",) and not (by_register and draft.supplied(material))


def _promised(draft: Draft, then: str | None) -> list[str]:
    """What the citizen said would be brought to the window."""
    bring = [
        material.name
        for material in draft.needed_materials()
        if draft.materials.get(material.slug) == "bring"
    ]
    bring += [one.label for one in draft.open_fields() if draft.answers.get(one.slug) == "window"]
    if draft.authority is not None and BY_WINDOW in draft.authority.detail.get("papers", []):
        bring.append(messages.text("paper.relation"))
    if then == "window":
        bring.append(messages.text("paper.id_card"))
    return list(dict.fromkeys(bring))


def _say_next(talk: Talk, draft: Draft) -> None:
    """What may follow, as a button that works; "现在就办" means the first of them."""
    follows = []
    for step in talk.knowledge.catalogue.guides.next_steps.get(draft.item.code, ()):
        item = talk.item(step.item)
        if item is not None:
            follows.append(item.code)
            talk.say("apply.next", say=step.say, title=item.title)
    talk.remember(follows={"after": draft.item.code, "item": follows[0]} if follows else None)
