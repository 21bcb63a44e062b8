"""Questions that interrupt: a code, a phone to call back, "really cancel?", which field is wrong.

The conversation's focus is `{"kind": …, "then"?: …}`. Kinds:
`sign_in_phone`, `sms_code` (then: what was wanted before signing in), `callback_phone` (about),
`confirm_cancel`, `confirm_withdraw` (application), `confirm_switch` (item), `confirm_card`,
`choose_draft` (application), `confirm_other` and
`whose_answers` (see `switching`), `correct_which`, `which_item` and `which_topic` (act; see `choosing`),
`queue_business`, `queue_priority` and `confirm_leave_queue` (see `queueing`), `slot_business` and
`queue_slot` (see `appointing`).
"""

from collections.abc import Awaitable, Callable
from typing import Any

from backoffice.applications.draft import load_draft
from backoffice.applications.models import Application
from backoffice.applications.services import (
    adopt,
    application_of,
    cancel,
    record_answer,
    take_over,
    unfinished_of,
    withdraw,
)
from backoffice.applications.states import State
from backoffice.dialogue import appointing
from backoffice.dialogue.buttons import field_to_change
from backoffice.dialogue.capture import reopen
from backoffice.dialogue.choosing import hear_choice
from backoffice.dialogue.heard import Heard
from backoffice.dialogue.people import hall_words, open_call_back
from backoffice.dialogue.queueing import hear_business, hear_leave, hear_priority
from backoffice.dialogue.switching import hear_confirm_other, hear_whose, same_people
from backoffice.dialogue.talk import Talk
from backoffice.dialogue.wanted import asked, wanted_of
from backoffice.errors import CitizenError
from backoffice.identity.models import ProofKind
from backoffice.identity.services import FACE_CONSENT, confirm_sign_in, consent_of, start_sign_in
from backoffice.remembering.services import confirm
from backoffice.representation.rules import Step
from backoffice.representation.services import may_do
from backoffice.understanding import extract, fields_named, is_question, mask, normalise
from backoffice.understanding.lexicon import any_of

Focus = dict[str, Any]
Hear = Callable[[Talk, Focus, str | None], Awaitable[Heard | None]]


async def hear_focus(talk: Talk, act: str | None) -> Heard | None:
    """The answer to the interrupting question, or None when the text is none."""
    focus = talk.focus
    if focus is None:
        return None
    return await _HEAR[focus["kind"]](talk, focus, act)


def _heard(talk: Talk) -> Heard:
    return Heard(mask(talk.text), "inform")


async def _sign_in_phone(talk: Talk, focus: Focus, act: str | None) -> Heard | None:
    if talk.says("no_phone"):
        return _no_phone(talk, focus)
    if act == "deny" or talk.says("later"):
        return _put_off(talk, focus)
    found = extract(talk.text, asked("phone", "phone", "手机号"), today=talk.today)
    phone = found.value("phone")
    if phone is None:
        return _refused(talk, found.refused)
    await send_code(talk, phone=str(phone), then=focus.get("then"))
    return Heard(found.safe_text, "inform")


def _refused(talk: Talk, refused: Any) -> Heard | None:
    if not refused:
        return None
    heard = _heard(talk)
    heard.refused = [{"field": key, "code": f.code, "params": dict(f.params)} for key, f in refused]
    return heard


def _no_phone(talk: Talk, focus: Focus) -> Heard:
    """Another way is open: by card at the kiosk, or with a number at the window."""
    talk.focus = None
    if focus.get("then") == "draft" and talk.draft is not None:
        talk.draft.remember(no_phone=True)
        return _heard(talk).happened("no_phone")
    return _heard(talk).happened("no_phone_here", **hall_words(talk))


def _put_off(talk: Talk, focus: Focus) -> Heard:
    talk.focus = None
    if focus.get("then") == "draft" and talk.draft is not None:
        if talk.draft.progress.get("sign_in_later"):
            return _heard(talk).happened("sign_in_needed")
        talk.draft.remember(sign_in_later=True)
    return _heard(talk).happened("sign_in_put_off")


async def send_code(talk: Talk, *, phone: str, then: str | None, proposed: bool = False) -> None:
    """Send a code and wait for it; a limit is told, and an earlier code still works.

    Args:
        proposed: it is the phone of whoever a face proposed, of which nothing may be said.
    """
    talk.focus = {"kind": "sms_code", "phone": phone, "then": then, "proposed": proposed}
    try:
        await start_sign_in(
            talk.session,
            phone=phone,
            conversation_id=talk.conversation.id,
            now=talk.now,
            limits=talk.knowledge.code_limits,
        )
        talk.focus = {**talk.focus, "sent": True}
    except CitizenError as exc:
        talk.focus = {**talk.focus, "fault": {"code": exc.code, "params": exc.params}}


async def _sms_code(talk: Talk, focus: Focus, act: str | None) -> Heard | None:
    if talk.says("resend"):
        await send_code(
            talk,
            phone=focus["phone"],
            then=focus.get("then"),
            proposed=focus.get("proposed", False),
        )
        return _heard(talk).happened("code_again") if talk.focus.get("sent") else _heard(talk)  # type: ignore[union-attr]
    if talk.says("no_phone"):
        return _no_phone(talk, focus)
    if talk.says("other_phone"):
        talk.focus = {"kind": "sign_in_phone", "then": focus.get("then")}
        return _heard(talk)
    if act == "deny" or talk.says("later"):
        return _put_off(talk, focus)
    if _names_another_phone(talk, focus["phone"]):
        return await _sign_in_phone(talk, {**focus, "kind": "sign_in_phone"}, None)
    found = extract(talk.text, asked("code", "sms_code", "验证码"), today=talk.today)
    code = found.value("code")
    if code is None:
        return _refused(talk, found.refused)
    return await enter_code(talk, focus, str(code), found.safe_text)


def _names_another_phone(talk: Talk, used: str) -> bool:
    """Whether the code shall go elsewhere: a number in a side question is somebody else's."""
    number = extract(talk.text, asked("phone", "phone", "手机号"), today=talk.today).value("phone")
    if number is None or number == used:
        return False
    if not is_question(talk.text):
        return True
    return any_of("cues", "send_to_phone").search(normalise(talk.text)) is not None


async def enter_code(talk: Talk, focus: Focus, code: str, safe: str) -> Heard:
    """Try the code; on success the visit and its draft belong to the citizen."""
    heard = Heard(safe, "inform")
    tried = await confirm_sign_in(
        talk.session, conversation_id=talk.conversation.id, code=code, now=talk.now
    )
    if tried.citizen is None:
        fault = tried.fault
        assert fault is not None  # exactly one of the two is set
        heard.refused = [{"field": "code", "code": f"error.{fault.code}", "params": fault.params}]
        if fault.code != "identity.wrong_code":
            talk.focus = {**focus, "closed": True}
        return heard
    await adopt(talk.session, talk.conversation, tried.citizen.id)
    talk.focus = None
    heard.happened("signed_in")
    if focus.get("proposed") and talk.knowledge.remembering is not None:
        await confirm(
            talk.session,
            talk.conversation,
            by=ProofKind.SMS,
            rules=talk.knowledge.remembering,
            now=talk.now,
        )
    await settle_sign_in(talk, focus.get("then"), heard)
    await talk.proof_given()
    return heard


async def settle_sign_in(talk: Talk, then: str | None, heard: Heard) -> None:
    citizen = talk.conversation.citizen_id or ""
    refusal = await consent_of(talk.session, kind=FACE_CONSENT, citizen_id=citizen)
    if talk.draft is not None:
        talk.draft.application.citizen_id = citizen
        if refusal is not None and not refusal.granted and "face" not in talk.draft.progress:
            talk.draft.remember(face="declined")
    heard.then = then
    if then == "draft" and talk.draft is not None:
        older = await _older_draft(talk)
        if older is not None:
            talk.focus = {"kind": "choose_draft", "application": older.id}
    elif then == "resume":
        resume_latest(talk, await unfinished_of(talk.session, citizen_id=citizen))


async def _older_draft(talk: Talk) -> Application | None:
    assert talk.draft is not None and talk.conversation.citizen_id is not None
    mine = talk.draft.application
    for one in await unfinished_of(talk.session, citizen_id=talk.conversation.citizen_id):
        if one.id == mine.id or one.item_code != mine.item_code:
            continue
        older = await load_draft(talk.session, one, talk.draft.written)
        if same_people(older, talk.draft):
            return one
    return None


def resume_latest(talk: Talk, unfinished: list[Application]) -> bool:
    """Go on with the newest unfinished application; False when there is none."""
    if not unfinished:
        return False
    take_over(unfinished[0], talk.conversation, now=talk.now)
    unfinished[0].progress = {
        k: v for k, v in (unfinished[0].progress or {}).items() if k != "paused"
    }
    return True


async def _callback_phone(talk: Talk, focus: Focus, act: str | None) -> Heard | None:
    if act == "deny" or talk.says("later"):
        talk.focus = None
        return _heard(talk).happened("callback_dropped")
    found = extract(talk.text, asked("phone", "phone", "手机号"), today=talk.today)
    phone = found.value("phone")
    if phone is None:
        return _refused(talk, found.refused)
    talk.focus = None
    heard = Heard(found.safe_text, "inform")
    code, params = await open_call_back(
        talk, phone=str(phone), about=focus.get("about", "question")
    )
    return heard.happened(code, **params)


async def _confirm_cancel(talk: Talk, focus: Focus, act: str | None) -> Heard | None:
    # "没问题" was ready for what is asked in the form, not for losing it
    going_on = any(talk.says(one) for one in ("go_on", "begin", "submit"))
    keeps = going_on or act in ("deny", "resume")
    if act in ("affirm", "cancel") and not keeps:
        talk.focus = None
        if talk.draft is not None:
            await cancel(talk.session, talk.draft.application, now=talk.now)
            talk.draft, talk.conversation.application_id = None, None
        return _heard(talk).happened("cancelled")
    if keeps:
        talk.focus = None
        return _heard(talk).happened("not_cancelled")
    if act == "pause":
        talk.focus = None
        return Heard(mask(talk.text), "pause")
    return None


async def _confirm_withdraw(talk: Talk, focus: Focus, act: str | None) -> Heard | None:
    if act not in ("affirm", "deny", "withdraw", "cancel"):
        return None
    talk.focus = None
    if act == "deny":
        return _heard(talk).happened("not_withdrawn")
    application = await application_of(
        talk.session,
        id=focus["application"],
        citizen_id=talk.conversation.citizen_id or "",
        now=talk.now,
    )
    mine = talk.conversation.citizen_id or ""
    if not await may_do(talk.session, application.id, Step.WITHDRAW, citizen_id=mine):
        return _heard(talk).happened("withdraw_by_person", number=application.number or "")
    await withdraw(talk.session, application, now=talk.now)
    if talk.draft is not None and talk.draft.application.id == application.id:
        talk.draft, talk.conversation.application_id = None, None  # it was being corrected
    return _heard(talk).happened("withdrawn", number=application.number or "")


async def _confirm_switch(talk: Talk, focus: Focus, act: str | None) -> Heard | None:
    if act == "affirm" and talk.draft is not None:
        talk.focus = None
        talk.draft.remember(paused=True)
        talk.remember(start_item=focus["item"])
        return Heard(mask(talk.text), "apply_item").happened("put_aside")
    if act == "deny" or talk.says("go_on"):
        talk.focus = None
        return _heard(talk).happened("not_switched")
    return None


async def _confirm_card(talk: Talk, focus: Focus, act: str | None) -> Heard | None:
    if act == "affirm":
        talk.focus = None
        return _heard(talk).happened("card_confirmed")
    if act == "deny":
        talk.focus = {"kind": "correct_which"}
        return _heard(talk)
    # Whatever else is said means that the reading is not objected to; corrections are heard.
    talk.focus = None
    return None


async def _choose_draft(talk: Talk, focus: Focus, act: str | None) -> Heard | None:
    if act in ("affirm", "resume") or talk.says("continue_old"):
        talk.focus = None
        await _merge_into(talk, focus["application"])
        return _heard(talk).happened("old_draft_taken")
    if act == "deny" or talk.says("start_over"):
        talk.focus = None
        return _heard(talk).happened("new_draft_kept")
    return None


async def _merge_into(talk: Talk, id: str) -> None:
    """Go on with the older draft; what was given in this visit counts over what is in it."""
    older = await application_of(
        talk.session, id=id, citizen_id=talk.conversation.citizen_id or "", now=talk.now
    )
    item = talk.item(older.item_code)
    if item is None:
        return
    kept = await load_draft(talk.session, older, item)
    kept.remember(paused=None)
    newer = talk.draft
    if newer is not None and newer.application.id != older.id:
        for field, value in newer.answers.items():
            await record_answer(
                talk.session, kept, field=field, value=value, source=newer.sources[field],
                turn_id=talk.turn.turn_id, now=talk.now,
            )  # fmt: skip
        if newer.application.state == State.DRAFT:
            await cancel(talk.session, newer.application, now=talk.now)
        kept.remember(reviewed=None, sign_in_later=None)
    take_over(older, talk.conversation, now=talk.now)
    talk.draft = kept


async def _correct_which(talk: Talk, focus: Focus, act: str | None) -> Heard | None:
    draft = talk.filling
    if draft is None or act in ("deny", "affirm"):
        talk.focus = None
        return None if draft is None else _heard(talk)
    wanted = wanted_of(draft, None)
    if (pressed := field_to_change(talk, draft)) is not None:
        talk.focus = None
        reopen(draft, pressed)
        return _heard(talk).happened("reopened")
    found = extract(talk.text, wanted, today=talk.today)
    if any(one.certain for one in found.found):
        talk.focus = None
        return None  # "地址是澜石二路9号": the form hears it with its new value
    named = [one for one in fields_named(talk.text, wanted) if one in draft.answers]
    if not named:
        return None
    talk.focus = None
    for one in reversed(named):
        reopen(draft, one)
    return _heard(talk).happened("reopened")


_HEAR: dict[str, Hear] = {
    "sign_in_phone": _sign_in_phone,
    "sms_code": _sms_code,
    "callback_phone": _callback_phone,
    "confirm_cancel": _confirm_cancel,
    "confirm_withdraw": _confirm_withdraw,
    "confirm_switch": _confirm_switch,
    "confirm_card": _confirm_card,
    "choose_draft": _choose_draft,
    "correct_which": _correct_which,
    "confirm_other": hear_confirm_other,
    "whose_answers": hear_whose,
    "which_item": hear_choice,
    "which_topic": hear_choice,
    "queue_business": hear_business,
    "queue_priority": hear_priority,
    "confirm_leave_queue": hear_leave,
    **dict.fromkeys(appointing.KINDS, appointing.hear),
}
