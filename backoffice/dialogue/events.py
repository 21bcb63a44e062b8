"""What happened beside typing: a card photographed, a paper uploaded, a code entered, a refusal."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy import select

from backoffice import messages
from backoffice.applications.draft import Draft
from backoffice.applications.services import put_material
from backoffice.conversations.models import Widget
from backoffice.conversations.services import widget_of
from backoffice.devices.errors import NothingToRead
from backoffice.devices.readings import as_card, number_fault, validity_fault
from backoffice.devices.services import CARD_WIDGET, take_reading
from backoffice.dialogue import by_video, recognising, remembering, visitor
from backoffice.dialogue.acting import RELATION_PAPER
from backoffice.dialogue.agenda import CARD_FIELDS
from backoffice.dialogue.capture import settle_material, take_answer
from backoffice.dialogue.focus import enter_code
from backoffice.dialogue.heard import Heard
from backoffice.dialogue.proving import back_key
from backoffice.dialogue.reveal import reveal_words
from backoffice.dialogue.reviewing import review_lines
from backoffice.dialogue.steps import answer_consent, decline_widget
from backoffice.dialogue.talk import Talk
from backoffice.errors import BadRequest
from backoffice.identity.alarms import AlarmKind, sound
from backoffice.identity.evidence import was_live
from backoffice.identity.models import Proof
from backoffice.identity.policy import Means
from backoffice.identity.services import (
    record_card_back_proof,
    record_card_proof,
    record_chip_proof,
    record_face_proof,
)
from backoffice.remembering.services import (
    CAMERA_WIDGET,
    FINGER_CONFIRM,
    FINGER_ENROL,
    FINGER_WIDGET,
    LOOK_ENROL,
    LOOK_RECOGNISE,
)
from backoffice.representation.services import hand_in_papers
from backoffice.signatures.services import sign
from backoffice.uploads.chips import chip_photos
from backoffice.uploads.models import Upload
from backoffice.uploads.services import upload_of

Hear = Callable[[Talk, Draft, Widget, dict[str, Any]], Awaitable[Heard]]
KeepProof = Callable[..., Awaitable[Proof]]
HearPerson = Callable[[Talk, Widget, dict[str, Any]], Awaitable[Heard]]


async def hear_event(talk: Talk) -> Heard:
    """Read an event.

    Raises:
        NotFound: a widget or upload of another visit.
        BadRequest: an event without what its widget needs.
    """
    event = talk.turn.request["event"]
    widget = await widget_of(talk.session, talk.conversation, id=str(event.get("widget", "")))
    if widget.state != "open":
        return Heard("", "inform").happened("widget_closed")
    if event["type"] == "widget_declined":
        return await _declined(talk, widget)
    if widget.kind == "sms_code":
        return await _code(talk, widget, event)
    if (hear := _of_the_person(widget)) is not None:
        heard = await hear(talk, widget, event)
        _close(talk, widget, "done")
        return heard
    if talk.draft is None or talk.draft.application.id != widget.application_id:
        return Heard("", "inform").happened("widget_closed")
    heard = await _DONE[widget.kind](talk, talk.draft, widget, event)
    _close(talk, widget, "done")
    return heard


def _of_the_person(widget: Widget) -> HearPerson | None:
    """What hears a widget that is about whoever stands there, not about an application."""
    return _OF_THE_PERSON.get((widget.kind, widget.target))


def _close(talk: Talk, widget: Widget, state: str) -> None:
    widget.state, widget.done_at = state, talk.now


async def _declined(talk: Talk, widget: Widget) -> Heard:
    _close(talk, widget, "declined")
    if widget.kind == "sms_code":
        talk.focus = None
        if talk.draft is not None:
            talk.draft.remember(sign_in_later=True)
        return Heard("", "inform").happened("sign_in_put_off")
    focus = talk.focus or {}
    if _of_the_person(widget) is not None:
        declined = visitor.DECLINED.get(focus.get("kind", ""))
        if declined is not None:
            return await declined(talk, focus)
        return Heard("", "inform").happened("widget_closed")
    step = talk.step()
    if talk.draft is None or step is None:
        return Heard("", "inform").happened("widget_closed")
    return await decline_widget(talk, talk.draft, step, widget)


async def _code(talk: Talk, widget: Widget, event: dict[str, Any]) -> Heard:
    focus = talk.focus
    if focus is None or focus.get("kind") != "sms_code":
        _close(talk, widget, "done")
        return Heard("", "inform").happened("widget_closed")
    heard = await enter_code(talk, focus, str(event.get("value", "")), "[验证码]")
    if talk.signed_in:
        _close(talk, widget, "done")
    return heard


async def _uploaded(talk: Talk, widget: Widget, event: dict[str, Any]) -> Upload:
    id = event.get("upload_id")
    if not isinstance(id, str):
        raise BadRequest
    upload = await upload_of(talk.session, id, conversation_id=talk.conversation.id)
    if upload.widget_id != widget.id:
        raise BadRequest
    return upload


async def _prove(talk: Talk, draft: Draft, upload: Upload, keep: KeepProof) -> Proof:
    """Keep what a picture proves in this conversation, for this application."""
    return await keep(
        talk.session,
        conversation_id=talk.conversation.id,
        upload_id=upload.id,
        application_id=draft.application.id,
        citizen_id=talk.conversation.citizen_id,
        now=talk.now,
    )


async def _card(talk: Talk, draft: Draft, widget: Widget, event: dict[str, Any]) -> Heard:
    upload = await _uploaded(talk, widget, event)
    await _prove(talk, draft, upload, record_card_proof)
    card, fault = upload.analysis["card"], upload.analysis["id_no_fault"]
    whose = widget.target or ""
    return await _take_card(talk, draft, card, whose, fault=fault, source="id_card")


async def _card_back(talk: Talk, draft: Draft, widget: Widget, event: dict[str, Any]) -> Heard:
    upload = await _uploaded(talk, widget, event)
    proof = await _prove(talk, draft, upload, record_card_back_proof)
    draft.remember(**{back_key(draft): proof.result})
    await talk.proof_given()
    expired = proof.result == "expired"
    return Heard("", "inform").happened("card_not_valid" if expired else "card_back_read")


async def _chip(talk: Talk, draft: Draft, widget: Widget, event: dict[str, Any]) -> Heard:
    """What a device read for this widget; that the page says so counts for nothing."""
    found = await take_reading(
        talk.session, conversation_id=talk.conversation.id, widget_id=widget.id, now=talk.now
    )
    if found is None:
        raise NothingToRead
    content, device_id = found
    card, invalid = as_card(content), validity_fault(content, talk.today)
    fault = number_fault(content, talk.today)
    await record_chip_proof(
        talk.session,
        conversation_id=talk.conversation.id,
        device_id=device_id,
        card=card,
        faults=[one for one in (fault, invalid) if one],
        upload_ids=await chip_photos(talk.session, widget.id),
        application_id=draft.application.id,
        citizen_id=talk.conversation.citizen_id,
        now=talk.now,
    )
    whose = widget.target or ""
    heard = await _take_card(talk, draft, card, whose, fault=fault, source="id_card_chip")
    return heard.happened("card_not_valid") if invalid else heard


async def _take_card(
    talk: Talk,
    draft: Draft,
    card: Mapping[str, Any],
    whose: str,
    *,
    fault: str | None,
    source: str,
) -> Heard:
    heard = Heard("", "inform")
    before = {}
    for part, slug in CARD_FIELDS.items():
        field = whose + slug
        value = card.get(part)
        if not value or draft.item.field(field) is None or (part == "id_no" and fault):
            continue
        earlier = draft.answers.get(field)
        if await take_answer(talk, draft, field, value, source=source):
            before[field] = earlier
        heard.taken.append(field)
    draft.remember(**{f"{whose}card": "done", f"{whose}back": None}, before=before or None)
    await talk.proof_given()
    if not heard.taken:
        return heard.happened("card_not_read" if source == "id_card" else "chip_read")
    talk.focus = {"kind": "confirm_card", "fields": heard.taken, "conflicts": sorted(before)}
    return heard


async def _selfie(talk: Talk, draft: Draft, widget: Widget, event: dict[str, Any]) -> Heard:
    upload = await _uploaded(talk, widget, event)
    proof = await _prove(talk, draft, upload, record_face_proof)
    draft.remember(face=proof.result)
    if proof.result == "different" and was_live(proof):
        await sound(
            talk.session,
            AlarmKind.FACE_DIFFERS,
            now=talk.now,
            conversation_id=talk.conversation.id,
        )
    await talk.proof_given()
    matched = Means.FACE in {one.means for one in draft.evidence}
    return Heard("", "inform").happened("face_matched" if matched else "selfie_taken")


async def _as_answer(talk: Talk, draft: Draft, widget: Widget, event: dict[str, Any]) -> Heard:
    upload = await _uploaded(talk, widget, event)
    field = draft.item.field(widget.target or "")
    if field is None:
        return await _paper(talk, draft, widget, event)
    await take_answer(talk, draft, field.slug, upload.id, source="upload")
    if field.type == "signature":
        await _bind(talk, draft, field.slug, upload)
    code = "signed" if field.type == "signature" else "photo_taken"
    return Heard("", "inform").happened(code, label=field.label)


async def _bind(talk: Talk, draft: Draft, field: str, upload: Upload) -> None:
    """What is signed is what was read back: every value, every paper, and both people."""
    await talk.session.flush()
    shown = [(label, reveal_words(value, draft)) for label, value in review_lines(draft)]
    prefix = "proxy_" if draft.for_other else ""
    signer = draft.answers.get(f"{prefix}id_no")
    await sign(
        talk.session,
        draft.application,
        field=field,
        upload=upload,
        shown=shown,
        signer=str(signer) if signer else None,
        for_other=draft.for_other,
        actor=f"citizen:{talk.conversation.citizen_id or 'unknown'}",
        now=talk.now,
    )
    draft.unsigned.discard(field)


async def _paper(talk: Talk, draft: Draft, widget: Widget, event: dict[str, Any]) -> Heard:
    """All pages uploaded to this widget belong to the paper."""
    await _uploaded(talk, widget, event)
    if widget.target == RELATION_PAPER:
        return await _relation_paper(talk, draft, widget)
    material = draft.item.material(widget.target or "")
    if material is None:
        return Heard("", "inform").happened("widget_closed")
    for page in await _pages(talk, widget):
        put_material(
            talk.session, draft, material=material.slug, state="given", upload_id=page, now=talk.now
        )
    settle_material(draft, material.slug)
    return Heard("", "inform").happened("paper_taken", name=material.name)


async def _pages(talk: Talk, widget: Widget) -> list[str]:
    found = await talk.session.scalars(
        select(Upload.id).where(Upload.widget_id == widget.id).order_by(Upload.created_at)
    )
    return list(found)


async def _relation_paper(talk: Talk, draft: Draft, widget: Widget) -> Heard:
    """What shall prove the relation of the two people; a clerk judges it."""
    if draft.authority is None:
        return Heard("", "inform").happened("widget_closed")
    pages = await _pages(talk, widget)
    await hand_in_papers(talk.session, draft.authority, pages, now=talk.now)
    return Heard("", "inform").happened("paper_taken", name=messages.text("paper.relation"))


async def _consent(talk: Talk, draft: Draft, widget: Widget, event: dict[str, Any]) -> Heard:
    return await answer_consent(talk, draft, granted=event.get("value") in ("agree", "yes", True))


_OF_THE_PERSON: dict[tuple[str, str | None], HearPerson] = {
    (CAMERA_WIDGET, LOOK_RECOGNISE): recognising.hear_look,
    (CAMERA_WIDGET, LOOK_ENROL): remembering.hear_look,
    (FINGER_WIDGET, FINGER_CONFIRM): recognising.hear_press,
    (FINGER_WIDGET, FINGER_ENROL): remembering.hear_press,
    (CARD_WIDGET, recognising.CARD_CONFIRMS): recognising.hear_card,
    (by_video.VIDEO_WIDGET, None): by_video.hear_call,
}
_DONE: dict[str, Hear] = {
    "id_card_front": _card,
    "id_card_back": _card_back,
    "id_card_reader": _chip,
    "selfie": _selfie,
    "photo": _as_answer,
    "document": _as_answer,
    "signature": _as_answer,
    "consent": _consent,
}
