"""Saying what comes next: one question at a time, with an example, buttons or a widget."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from backoffice import messages
from backoffice.applications.draft import Draft
from backoffice.devices.services import CARD_WIDGET
from backoffice.dialogue import appointing, by_video, queueing, recognising, switching, visitor
from backoffice.dialogue.acting import about_person, face_consent_words, whom
from backoffice.dialogue.agenda import CARD_FIELDS, Kind, Next
from backoffice.dialogue.choosing import CHOICES, ask_choice
from backoffice.dialogue.comparing import doubted
from backoffice.dialogue.focus import send_code
from backoffice.dialogue.people import account_phone_field, hall_words
from backoffice.dialogue.prefill import fill_what_is_known
from backoffice.dialogue.reveal import partial, placeholder
from backoffice.dialogue.reviewing import review_lines
from backoffice.dialogue.steps import may_be_left
from backoffice.dialogue.talk import Talk
from backoffice.understanding import mask_value
from catalogue.form import FormField

EXPLAIN_AFTER = 2
"""Failed answers to one field after which it is explained differently and a person is offered."""

Ask = Callable[[Talk, Draft, Next], Awaitable[None]]
_OF_SUBJECTS = {
    **dict.fromkeys(switching.KINDS, switching.ask),
    **visitor.ASK,
    **dict.fromkeys(queueing.KINDS, queueing.ask),
    **dict.fromkeys(appointing.KINDS, appointing.ask),
}


async def ask_next(talk: Talk) -> None:
    """Ask what is awaited: the interrupting question first, then the draft's next step."""
    if talk.prepared.get("act") == "goodbye":
        return  # nobody who leaves is asked for a form's next field
    if talk.focus is not None and await ask_focus(talk):
        return
    await fill_what_is_known(talk)
    step = talk.step()
    if step is not None and talk.filling is not None:
        await _ASK[step.kind](talk, talk.filling, step)


async def ask_outside_form(talk: Talk) -> None:
    """Ask the interrupting question when no form is there to do it."""
    if talk.filling is None:
        await ask_focus(talk)


async def ask_focus(talk: Talk) -> bool:
    """Ask the interrupting question; False when it needs no asking here."""
    focus = talk.focus or {}
    kind = focus.get("kind")
    if kind == "sms_code":
        await _ask_code(talk, focus)
    elif kind == "sign_in_phone":
        buttons = recognising.offered(talk) + messages.buttons("ask.sign_in_phone")
        talk.say("ask.sign_in_phone", buttons=buttons)
    elif kind == "confirm_card":
        _ask_reading(talk, focus)
    elif kind == "correct_which":
        _ask_which(talk)
    elif kind == "callback_phone":
        if focus.get("asked_in") != talk.turn.turn_id:
            talk.say("person.ask_phone_again")
    elif kind in ("confirm_cancel", "confirm_withdraw", "confirm_switch", "choose_draft"):
        _ask_choice(talk, focus)
    elif kind in CHOICES:
        ask_choice(talk, focus)
    elif kind in _OF_SUBJECTS:
        await _OF_SUBJECTS[kind](talk, focus)
    else:
        return False
    return True


def _ask_choice(talk: Talk, focus: dict[str, Any]) -> None:
    title = talk.filling.item.title if talk.filling else ""
    item = talk.item(focus.get("item"))
    talk.say(f"ask.{focus['kind']}", title=title, other=item.title if item else "")


async def _ask_code(talk: Talk, focus: dict[str, Any]) -> None:
    if "fault" in focus:
        fault = focus["fault"]
        # An earlier code still works, and the ways out stay open.
        talk.say(
            f"error.{fault['code']}",
            buttons=messages.buttons("ask.code"),
            widget=await talk.widget("sms_code"),
            **fault["params"],
        )
        talk.focus = {k: v for k, v in focus.items() if k != "fault"}
        return
    if focus.get("closed"):
        talk.say("ask.code_closed")
        return
    key = "ask.code"
    if focus.get("sent"):
        # Of the phone of whoever a face proposed not one digit is shown.
        key = "ask.code_sent_proposed" if focus.get("proposed") else "ask.code_sent"
        talk.focus = {k: v for k, v in focus.items() if k != "sent"}
    phone = mask_value("phone", focus["phone"])
    talk.say(key, phone=phone, widget=await talk.widget("sms_code"))


def _ask_reading(talk: Talk, focus: dict[str, Any]) -> None:
    """Whether what was read from the card is right."""
    draft = talk.filling
    if draft is None:
        return
    lines = [
        f"{field.label}：{placeholder(field.slug)}"
        for field in draft.item.fields
        if field.slug in focus["fields"]
    ]
    talk.say("ask.confirm_card", lines="\n".join(lines))


def _ask_which(talk: Talk) -> None:
    draft = talk.filling
    if draft is None:
        return
    labels = []
    for slug in reversed(draft.progress.get("recent", [])):
        field = draft.item.field(slug)
        if field is not None and slug in draft.answers:
            labels.append(field.label)
    buttons = [
        button for one in labels[:5] for button in messages.buttons("ask.correct_field", label=one)
    ]
    talk.say("ask.correct_which", buttons=buttons)


async def _ask_field(talk: Talk, draft: Draft, step: Next) -> None:
    field = draft.item.field(step.key or "")
    assert field is not None  # the agenda names fields of the item
    failed = int(draft.progress.get("attempts", {}).get(field.slug, 0))
    question = field.question(for_other=draft.for_other)
    if failed >= EXPLAIN_AFTER and field.ask_again:
        question = field.ask_again
    if draft.for_other and not field.slug.startswith(("proxy_name", "proxy_id_no", "proxy_phone")):
        question = about_person(question, draft)
    reason = _clerks_reason(draft, field.slug)
    if reason:
        talk.say("ask.corrected_field", label=field.label, reason=reason)
    if field.slug in draft.progress.get("partial", {}) and not failed:
        question = messages.text("ask.rest", value=partial(field.slug), question=question)
    if failed >= EXPLAIN_AFTER:
        question += "\n" + messages.text("ask.person")
    if field.example and field.type not in ("choice", "photo", "document", "signature"):
        question += "\n" + messages.text("ask.example", example=field.example)
    widget = await _widget_of(talk, field)
    talk.say_words(question, buttons=_buttons_of(talk, draft, field, failed), widget=widget)


def _clerks_reason(draft: Draft, slug: str) -> str | None:
    if not draft.supplementing:
        return None
    wanted = (one for one in draft.wanted if slug in (one.get("field"), one.get("material")))
    return next((one.get("reason") for one in wanted), None)


def _buttons_of(talk: Talk, draft: Draft, field: FormField, failed: int) -> list[dict[str, str]]:
    options = field.options
    if field.slug == "proxy_relation":
        allowed = talk.knowledge.acting.allowed(draft.item)
        options = tuple(one for one in options if one.value in allowed) or options
    buttons = [{"title": one.label, "value": one.label} for one in options]
    if not field.required:
        buttons += messages.buttons("ask.optional")
    if doubted(draft, field.slug) is not None:
        buttons += messages.buttons("ask.unusual_number")
    if failed >= EXPLAIN_AFTER:
        buttons += messages.buttons("ask.person")
    if may_be_left(draft, field):
        buttons += messages.buttons("ask.leave_to_clerk")
    return buttons


async def _widget_of(talk: Talk, field: FormField) -> dict[str, str] | None:
    if field.type not in ("photo", "document", "signature"):
        return None
    return await talk.widget(field.type, field.slug)


async def _ask_card_or_field(talk: Talk, draft: Draft, step: Next) -> None:
    field = draft.item.field(step.key or "")
    label = field.label if field is not None else ""
    read = [
        one.label
        for one in draft.open_fields()
        if one.slug in CARD_FIELDS.values() and one.slug not in draft.answers
    ]
    kind = _card_widget(talk, draft)
    talk.say(
        "ask.card_or_type_on_reader" if kind == CARD_WIDGET else "ask.card_or_type",
        whose=_whose(draft),
        parts="、".join(read),
        label=_whose(draft) + label if draft.for_other else label,
        widget=await talk.widget(kind),
    )


async def _ask_card_only(talk: Talk, draft: Draft, step: Next) -> None:
    """The card of whoever acts: the proxy's own, when somebody else fills it in."""
    kind = _card_widget(talk, draft)
    key = "ask.card_of_proxy" if draft.acting else "ask.card"
    widget = await talk.widget(kind, draft.acting or None)
    theirs = draft.for_other and draft.person_proves
    whose = _whose(draft) if theirs else messages.text("whose.own")
    if theirs:
        key = "ask.card_of_person"
    talk.say("ask.card_on_reader" if kind == CARD_WIDGET else key, widget=widget, whose=whose)


def _card_widget(talk: Talk, draft: Draft) -> str:
    """A reader where there is one that answers, unless a photo is preferred; else a photo."""
    if draft.progress.get("card_by") == "photo" or not talk.card_reader:
        return "id_card_front"
    return CARD_WIDGET


def _whose(draft: Draft) -> str:
    """Whose card it is, said to the person who is asked."""
    return (
        messages.text("whose.person", whom=whom(draft))
        if draft.for_other
        else messages.text("whose.own")
    )


async def _ask_not_eligible(talk: Talk, draft: Draft, step: Next) -> None:
    condition = draft.item.condition(step.key or "")
    assert condition is not None  # the agenda names conditions of the item
    if draft.progress.get("unfit_told") == condition.id:
        talk.say("ask.not_eligible_again")
        return
    draft.remember(unfit_told=condition.id)
    first = talk.item(condition.lead_to)
    lead = messages.buttons("ask.lead_to", title=first.title) if first is not None else []
    talk.say(
        "ask.not_eligible",
        buttons=lead + messages.buttons("ask.not_eligible"),
        reason=condition.if_not or condition.text,
        instead=condition.do_instead or "",
        **hall_words(talk),
    )


async def _ask_not_allowed(talk: Talk, draft: Draft, step: Next) -> None:
    """Who may not act here is told who may, and what else can be done."""
    rules, standing = talk.knowledge.acting, talk.standing(draft)
    relation = rules.relations.get(str(draft.answers.get("proxy_relation")))
    talk.say(
        f"ask.not_allowed_{standing.acting.not_allowed}",
        title=draft.item.title,
        whom=whom(draft),
        relation=relation.label if relation else "",
        may=rules.labels(draft.item),
        age=rules.consent.under,
        **hall_words(talk),
    )


async def _ask_child_consent(talk: Talk, draft: Draft, step: Next) -> None:
    """The wording whose version and text are kept with the guardian's answer."""
    if draft.progress.get("child_refused"):
        talk.say("ask.child_consent_refused", **hall_words(talk))
        return
    buttons = messages.buttons("ask.child_consent")
    talk.say("consent.child", buttons=buttons, age=talk.knowledge.acting.consent.under)


async def _ask_relation_paper(talk: Talk, draft: Draft, step: Next) -> None:
    assert draft.authority is not None  # the agenda has looked
    relation = talk.knowledge.acting.relations[draft.authority.relation]
    widget = await talk.widget("document", step.key)
    talk.say("ask.relation_paper", whom=whom(draft), papers=relation.papers, widget=widget)


async def _ask_sign_in(talk: Talk, draft: Draft, step: Next) -> None:
    field = account_phone_field(draft)
    phone = draft.answers.get(field)
    if phone is None or talk.recall("no_code_to_draft_phone"):
        talk.focus = {"kind": "sign_in_phone", "then": "draft"}
    else:
        await send_code(talk, phone=str(phone), then="draft")
    await ask_focus(talk)


async def _ask_material(talk: Talk, draft: Draft, step: Next) -> None:
    material = draft.item.material(step.key or "")
    assert material is not None  # the agenda names papers of the item
    reason = _clerks_reason(draft, material.slug)
    if reason:
        talk.say("ask.corrected_field", label=material.name, reason=reason)
    buttons = messages.buttons("ask.bring_later") if material.later_allowed else []
    talk.say_words(
        material.ask or messages.text("ask.material", name=material.name),
        buttons=buttons,
        widget=await talk.widget("document", material.slug),
    )


def _asker(key: str, kind: str | None) -> Ask:
    async def ask(talk: Talk, draft: Draft, step: Next) -> None:
        talk.say(key, widget=await talk.widget(kind, step.key) if kind else None)

    return ask


async def _ask_consent(talk: Talk, draft: Draft, step: Next) -> None:
    """The wording that `record_consent` keeps the version of."""
    buttons = messages.buttons("ask.face_consent") + by_video.buttons(talk, draft)
    widget = await talk.widget("consent", "face")
    talk.say_words(face_consent_words(draft), buttons=buttons, widget=widget)


async def _ask_selfie(talk: Talk, draft: Draft, step: Next) -> None:
    buttons = messages.buttons("ask.selfie") + by_video.buttons(talk, draft)
    talk.say("ask.selfie", buttons=buttons, widget=await talk.widget("selfie"))


async def _ask_review(talk: Talk, draft: Draft, step: Next) -> None:
    if draft.progress.get("review_shown"):
        talk.say("ask.review_again")
        return
    draft.remember(review_shown=True)
    lines = [f"{label}：{value}" for label, value in review_lines(draft)]
    params: dict[str, Any] = {"title": draft.item.title, "lines": "\n".join(lines)}
    if draft.for_other:
        people: dict[str, Any] = {"person": placeholder("name"), "agent": placeholder("proxy_name")}
        talk.say("ask.review_for_other", whom=whom(draft), **people, **params)
        return
    talk.say("ask.review", **params)


async def _ask_signature(talk: Talk, draft: Draft, step: Next) -> None:
    widget = await talk.widget("signature", step.key)
    if draft.for_other:
        people: dict[str, Any] = {"person": placeholder("name"), "agent": placeholder("proxy_name")}
        talk.say("ask.signature_for_other", widget=widget, whom=whom(draft), **people)
        return
    talk.say("ask.signature", widget=widget)


async def _ask_submit(talk: Talk, draft: Draft, step: Next) -> None:
    """Just submitted by this turn: what was said is all. Taken up again: it waits for the window."""
    if draft.progress.get("appointed"):
        talk.say("ask.appointed", title=draft.item.title)


_ASK: dict[Kind, Ask] = {
    Kind.FIELD: _ask_field,
    Kind.CARD_OR_FIELD: _ask_card_or_field,
    Kind.NOT_ELIGIBLE: _ask_not_eligible,
    Kind.NOT_ALLOWED: _ask_not_allowed,
    Kind.CHILD_CONSENT: _ask_child_consent,
    Kind.RELATION: _asker("ask.checks", None),
    Kind.RELATION_PAPER: _ask_relation_paper,
    Kind.SIGN_IN: _ask_sign_in,
    Kind.MATERIAL: _ask_material,
    Kind.CARD: _ask_card_only,
    Kind.CARD_BACK: _asker("ask.card_back", "id_card_back"),
    Kind.FACE_CONSENT: _ask_consent,
    Kind.SELFIE: _ask_selfie,
    Kind.POLICE: _asker("ask.checks", None),
    Kind.CHECKS: _asker("ask.checks", None),
    Kind.REVIEW: _ask_review,
    Kind.SIGNATURE: _ask_signature,
    Kind.SUBMIT: _ask_submit,
}


def labels_of(draft: Draft, slugs: Sequence[str]) -> list[str]:
    """The fields' labels, in the order given."""
    return [field.label for slug in slugs if (field := draft.item.field(slug)) is not None]
