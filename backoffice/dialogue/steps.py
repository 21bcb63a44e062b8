"""Answers to what a draft awaits beside form fields: papers, consent, reading back, eligibility."""

from collections.abc import Awaitable, Callable
from typing import Any

from backoffice import messages
from backoffice.applications.draft import Draft
from backoffice.applications.services import put_material
from backoffice.conversations.models import Widget
from backoffice.dialogue.acting import (
    CHILD_CONSENT,
    RELATION_PAPER,
    face_consent_words,
    is_childs,
)
from backoffice.dialogue.agenda import UPLOADED, Kind, Next
from backoffice.dialogue.capture import (
    count_failure,
    settle_material,
    skip,
    take_answer,
)
from backoffice.dialogue.comparing import doubted, forget_doubt
from backoffice.dialogue.heard import Heard
from backoffice.dialogue.proving import back_key, card_key
from backoffice.dialogue.switching import forget, forget_person
from backoffice.dialogue.talk import Talk
from backoffice.identity.services import FACE_CONSENT, record_consent
from backoffice.representation.services import BY_WINDOW, hand_in_papers
from backoffice.understanding import mask
from catalogue.form import FormField, Option

LEAVE_AFTER = 2
"""Failed answers after which a field may be left to a clerk: a form must not be a dead end."""

Hear = Callable[[Talk, Draft, Next, str | None], Awaitable[Heard | None]]


async def hear_step(talk: Talk, draft: Draft, step: Next, act: str | None) -> Heard | None:
    """The answer to this step, or None when the text is no plain answer to it."""
    if talk.says("no_face") and draft.progress.get("face") in (None, "agreed"):
        return await answer_consent(talk, draft, granted=False)
    if talk.says("submit_early") and step.kind not in (Kind.REVIEW, Kind.SIGNATURE):
        return _heard(talk).happened("not_yet_complete")
    hear = _HEAR.get(step.kind)
    return await hear(talk, draft, step, act) if hear is not None else None


def _heard(talk: Talk) -> Heard:
    return Heard(mask(talk.text), "inform")


async def _field(talk: Talk, draft: Draft, step: Next, act: str | None) -> Heard | None:
    field = draft.item.field(step.key or "")
    if field is None:
        return None
    chosen = next((one for one in field.options if talk.is_exactly(one.label)), None)
    if chosen is not None:
        return await _choose(talk, draft, field, chosen)
    number = doubted(draft, field.slug)
    if number is not None and (act == "affirm" or talk.says("number_right")):
        forget_doubt(draft, field.slug)
        return await _take(talk, draft, field, number)
    if talk.says("wont_fill") or talk.says("no_phone"):
        return _wont_fill(talk, draft, field)
    if may_be_left(draft, field) and talk.says("leave_to_clerk"):
        skip(draft, field.slug)
        return _heard(talk).happened("left_to_clerk", label=field.label)
    if not field.required and (talk.says("skip") or _no_more(talk, act)):
        skip(draft, field.slug)
        return _heard(talk).happened("skipped", label=field.label)
    if field.type == "address" and talk.says("same_address"):
        known = draft.answers.get("current_address")
        if known and field.slug != "current_address":
            await take_answer(talk, draft, field.slug, known, source="typed")
            heard = _heard(talk)
            heard.taken.append(field.slug)
            return heard
    if field.type in UPLOADED and act == "affirm":
        return _heard(talk).happened("please_upload")
    return None


async def _choose(talk: Talk, draft: Draft, field: FormField, chosen: Option) -> Heard:
    """The label of an option is that option, whatever else the same words could mean."""
    return await _take(talk, draft, field, [chosen.value] if field.multiple else chosen.value)


async def _take(talk: Talk, draft: Draft, field: FormField, value: Any) -> Heard:
    heard = _heard(talk)
    if await take_answer(talk, draft, field.slug, value, source="typed"):
        heard.changed.append(field.slug)
    heard.taken.append(field.slug)
    return heard


def _no_more(talk: Talk, act: str | None) -> bool:
    return act == "deny" and talk.mentions("no_more")


def _wont_fill(talk: Talk, draft: Draft, field: FormField) -> Heard:
    """Who would rather not say is told why it is asked, and may leave it to a clerk."""
    if field.prefill == "login_account" and talk.says("no_phone"):
        skip(draft, field.slug)
        draft.remember(no_phone=True)
        return _heard(talk).happened("no_phone")
    if not field.required:
        skip(draft, field.slug)
        return _heard(talk).happened("skipped", label=field.label)
    while int(draft.progress.get("attempts", {}).get(field.slug, 0)) < LEAVE_AFTER:
        count_failure(draft, field.slug)
    return _heard(talk).happened("wont_fill", why=field.why or "")


def may_be_left(draft: Draft, field: FormField) -> bool:
    """Whether a field that would not be answered may stay empty for a clerk to ask about.

    Never who the applicant is and where to reach him: nothing could be decided or told.
    """
    failed = int(draft.progress.get("attempts", {}).get(field.slug, 0))
    return failed >= LEAVE_AFTER and field.prefill not in ("id_card", "login_account")


def _photograph_instead(talk: Talk, draft: Draft) -> Heard:
    """No card on the reader: its picture then, which is asked for next."""
    draft.remember(card_by="photo")
    return _heard(talk).happened("photo_instead")


async def _card_or_field(talk: Talk, draft: Draft, step: Next, act: str | None) -> Heard | None:
    if talk.says("photograph_it"):
        return _photograph_instead(talk, draft)
    if talk.says("type_it") or act == "deny":
        draft.remember(card="typed")
        return _heard(talk).happened("type_instead")
    return None


async def _not_eligible(talk: Talk, draft: Draft, step: Next, act: str | None) -> Heard | None:
    if act == "resume" or talk.says("go_on"):
        go_on(draft)
        return _heard(talk).happened("going_on")
    return None


def go_on(draft: Draft) -> None:
    """The citizen wants a clerk to look although it does not seem to fit."""
    if draft.checks:
        draft.remember(go_on_checked=True, go_on=True)
    else:
        draft.remember(go_on=True)


async def _material(talk: Talk, draft: Draft, step: Next, act: str | None) -> Heard | None:
    material = draft.item.material(step.key or "")
    if material is None:
        return None
    if talk.says("bring_later") or act == "deny":
        return _promise(talk, draft, material.slug)
    if act == "affirm":
        return _heard(talk).happened("please_upload")
    return None


def _promise(talk: Talk, draft: Draft, slug: str) -> Heard:
    material = draft.item.material(slug)
    if material is None or not material.later_allowed:
        return _heard(talk).happened("paper_needed", how=(material and material.how_to_get) or "")
    put_material(talk.session, draft, material=slug, state="bring", upload_id=None, now=talk.now)
    settle_material(draft, slug)
    return _heard(talk).happened("will_bring", name=material.name)


async def _card(talk: Talk, draft: Draft, step: Next, act: str | None) -> Heard | None:
    if talk.says("photograph_it"):
        return _photograph_instead(talk, draft)
    if talk.says("type_it") or talk.says("bring_later") or act == "deny":
        draft.remember(**{card_key(draft): "window"})
        return _heard(talk).happened("card_at_window")
    return None


async def _card_back(talk: Talk, draft: Draft, step: Next, act: str | None) -> Heard | None:
    if talk.says("type_it") or talk.says("bring_later") or act == "deny":
        return _without_back(talk, draft)
    return None


def _without_back(talk: Talk, draft: Draft) -> Heard:
    draft.remember(**{back_key(draft): "declined"})
    return _heard(talk).happened("card_back_declined")


async def _consent(talk: Talk, draft: Draft, step: Next, act: str | None) -> Heard | None:
    if act == "affirm" or talk.says("agree"):
        return await answer_consent(talk, draft, granted=True)
    if act == "deny" or talk.says("decline"):
        return await answer_consent(talk, draft, granted=False)
    return None


async def answer_consent(talk: Talk, draft: Draft, *, granted: bool) -> Heard:
    """Keep the answer about the face; a no is final for this application."""
    await record_consent(
        talk.session,
        kind=FACE_CONSENT,
        granted=granted,
        conversation_id=talk.conversation.id,
        citizen_id=talk.conversation.citizen_id,
        words=face_consent_words(draft),
        channel=talk.conversation.channel,
        now=talk.now,
    )
    draft.remember(face="agreed" if granted else "declined")
    return _heard(talk).happened("face_agreed" if granted else "face_declined")


async def _child_consent(talk: Talk, draft: Draft, step: Next, act: str | None) -> Heard | None:
    if act == "affirm" or talk.says("agree"):
        return await answer_child_consent(talk, draft, granted=True)
    if act == "deny" or talk.says("decline"):
        return await answer_child_consent(talk, draft, granted=False)
    return None


async def answer_child_consent(talk: Talk, draft: Draft, *, granted: bool) -> Heard:
    """Keep a guardian's answer: wording, version and time. After a no nothing is taken."""
    rules = talk.knowledge.acting.consent
    row = await record_consent(
        talk.session,
        kind=CHILD_CONSENT,
        granted=granted,
        conversation_id=talk.conversation.id,
        citizen_id=talk.conversation.citizen_id,
        text_version=rules.text_version,
        now=talk.now,
    )
    kept = {
        "consent": row.id,
        "version": rules.text_version,
        "text": messages.text("consent.child", age=rules.under),
        "at": talk.now.isoformat(),
    }
    if not granted and draft.for_other:
        await forget_person(talk, draft)
    elif not granted:
        await forget(talk, draft, [one.slug for one in draft.item.fields if is_childs(one)])
    draft.remember(child_consent=kept if granted else None, child_refused=None if granted else True)
    return _heard(talk).happened("child_agreed" if granted else "child_declined")


async def _relation_paper(talk: Talk, draft: Draft, step: Next, act: str | None) -> Heard | None:
    if talk.says("bring_later") or act == "deny":
        return await bring_relation_paper(talk, draft)
    if act == "affirm":
        return _heard(talk).happened("please_upload")
    return None


async def bring_relation_paper(talk: Talk, draft: Draft) -> Heard:
    """What proves the relation is shown at the window."""
    if draft.authority is None:
        return _heard(talk).happened("widget_closed")
    await hand_in_papers(talk.session, draft.authority, [BY_WINDOW], now=talk.now)
    name = messages.text("paper.relation")
    return _heard(talk).happened("will_bring", name=name)


async def _selfie(talk: Talk, draft: Draft, step: Next, act: str | None) -> Heard | None:
    if act == "deny" or talk.says("decline"):
        return await answer_consent(talk, draft, granted=False)
    return None


async def _review(talk: Talk, draft: Draft, step: Next, act: str | None) -> Heard | None:
    if act == "affirm" or talk.says("submit"):
        draft.remember(reviewed=True)
        return _heard(talk).happened("reviewed")
    if _no_more(talk, act):
        return _heard(talk).happened("nothing_to_change")
    if act == "deny" or talk.says("change"):
        talk.focus = {"kind": "correct_which"}
        return _heard(talk)
    return None


async def _signature(talk: Talk, draft: Draft, step: Next, act: str | None) -> Heard | None:
    if talk.says("sign_at_window") or act == "deny":
        return await sign_at_window(talk, draft, step.key or "")
    return None


async def sign_at_window(talk: Talk, draft: Draft, field: str) -> Heard:
    """The signature is given at the window, in front of a clerk."""
    await take_answer(talk, draft, field, "window", source="declined")
    return _heard(talk).happened("sign_at_window")


async def decline_widget(talk: Talk, draft: Draft, step: Next, widget: Widget) -> Heard:
    """The citizen does not want to use this widget: the other way is taken."""
    if widget.kind in ("consent", "selfie"):
        return await answer_consent(talk, draft, granted=False)
    if widget.kind == "id_card_reader":
        return _photograph_instead(talk, draft)
    if widget.kind == "id_card_front":
        if step.kind == Kind.CARD:
            draft.remember(**{card_key(draft): "window"})
            return _heard(talk).happened("card_at_window")
        draft.remember(card="typed")
        return _heard(talk).happened("type_instead")
    if widget.kind == "id_card_back":
        return _without_back(talk, draft)
    if widget.target == RELATION_PAPER:
        return await bring_relation_paper(talk, draft)
    if widget.kind == "signature":
        return await sign_at_window(talk, draft, widget.target or "")
    field = draft.item.field(widget.target or "")
    if field is not None:
        return _decline_field(talk, draft, field)
    return _promise(talk, draft, widget.target or "")


def _decline_field(talk: Talk, draft: Draft, field: FormField) -> Heard:
    if not field.required:
        skip(draft, field.slug)
        return _heard(talk).happened("skipped", label=field.label)
    # A photo that nobody can be made to take here: another way is chosen by correcting the
    # choice that asked for it, or a clerk helps.
    choices = sorted(field.when.fields()) if field.when is not None else []
    for choice in (draft.item.field(slug) for slug in choices):
        if choice is not None and choice.type == "choice":
            return _heard(talk).happened("photo_or_another_way", label=choice.label)
    return _heard(talk).happened("photo_needed")


_HEAR: dict[Kind, Hear] = {
    Kind.FIELD: _field,
    Kind.CARD_OR_FIELD: _card_or_field,
    Kind.NOT_ELIGIBLE: _not_eligible,
    Kind.NOT_ALLOWED: _field,
    Kind.MATERIAL: _material,
    Kind.CARD: _card,
    Kind.CARD_BACK: _card_back,
    Kind.FACE_CONSENT: _consent,
    Kind.CHILD_CONSENT: _child_consent,
    Kind.RELATION_PAPER: _relation_paper,
    Kind.SELFIE: _selfie,
    Kind.REVIEW: _review,
    Kind.SIGNATURE: _signature,
}
