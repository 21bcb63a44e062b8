"""For whom it is, when that changes in the middle: two people's data are never mixed.

Answers, papers and register answers belong to one person. When the person changes they are taken
back; what the speaker told of themselves goes with the speaker. What was proved stays in the record
and counts for nobody else, since every proof bears the number it is about.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete

from backoffice import messages
from backoffice.applications.draft import Draft
from backoffice.applications.models import CheckRow, MaterialRow
from backoffice.applications.services import forget_answer
from backoffice.dialogue.acting import (
    ABOUT_SPEAKER,
    holds_back,
    kin_of,
    may_be_child,
    waits_for_consent,
    whom,
)
from backoffice.dialogue.capture import take_answer
from backoffice.dialogue.heard import Heard
from backoffice.dialogue.talk import Talk
from backoffice.representation.services import end_open
from backoffice.understanding import mask
from backoffice.understanding.kin import Kin, acted_for, kin_called, own_instead, own_too

KINDS = ("confirm_other", "whose_answers")
"""The questions that interrupt, asked here."""
_OWN = ("name", "id_no", "phone")
"""What the speaker's own fields and the proxy's fields have in common."""
_IDENTIFYING = ("name", "id_no")


async def hear_other_person(talk: Talk, draft: Draft) -> Heard | None:
    """The sentence says that it is for somebody else than the form is filled in for."""
    if draft.for_other and own_too(talk.text):
        draft.remember(paused=True)
        talk.remember(start_item=draft.item.code, start_for="self")
        return Heard(mask(talk.text), "apply_item", item=draft.item.code)
    if draft.item.field("filed_by") is None or draft.supplementing:
        return None
    if draft.for_other and own_instead(talk.text):
        await _to_oneself(talk, draft)
        return Heard(mask(talk.text), "inform").happened("now_for_self")
    kin = acted_for(talk.text)
    if kin is None:
        return None
    if draft.answers.get("filed_by") == "self":
        return await _self_to_other(talk, draft, kin)
    known = kin_of(draft)
    if known is not None and known.called != kin.called and _told_of_person(draft):
        before, after = whom(draft), messages.text("whom.kin", kin=kin.called)
        talk.focus = {"kind": "confirm_other", "kin": kin.called, "before": before, "whom": after}
        return Heard(mask(talk.text), "inform")
    return None


def hear_own_too(talk: Talk) -> Heard | None:
    """After one for somebody else is done: "我自己的也办一件"."""
    item = talk.item(talk.conversation.item_code)
    if item is None or not own_too(talk.text):
        return None
    talk.remember(start_item=item.code, start_for="self")
    return Heard(mask(talk.text), "apply_item", item=item.code)


async def take_kin(talk: Talk, draft: Draft, heard: Heard) -> Heard:
    """What "帮我妈" in the sentence answers, beside the rest of it."""
    if talk.focus is None and not draft.supplementing:
        heard.taken += await note_kin(talk, draft)
        if heard.taken and heard.act is None:
            heard.act = "inform"
    return heard


async def ask(talk: Talk, focus: dict[str, Any]) -> None:
    """Ask one of them."""
    talk.say(f"ask.{focus['kind']}", whom=focus.get("whom", ""), before=focus.get("before", ""))


async def note_kin(talk: Talk, draft: Draft) -> list[str]:
    """Remember how the speaker calls the person; returns the fields that this answers."""
    kin = acted_for(talk.text)
    if kin is None or draft.item.field("filed_by") is None:
        return []
    before = set(draft.answers)
    if "filed_by" not in draft.answers:
        await take_answer(talk, draft, "filed_by", "proxy", source="typed")
    if draft.for_other and (kin_of(draft) is None or not _told_of_person(draft)):
        await _note(talk, draft, kin)
    return [one for one in draft.answers if one not in before]


def not_to_be_taken(talk: Talk, draft: Draft, key: str) -> bool:
    """Whether this tells of a person whom the speaker may not act for, or of a child too soon.

    Of a child nothing is taken before the guardian has consented.
    """
    if key.startswith(ABOUT_SPEAKER):
        return False
    if talk.standing(draft).acting.not_allowed is not None:
        return True
    field = draft.item.field(key)
    if field is not None and waits_for_consent(draft, field):
        return True
    rules, kin = talk.knowledge.acting, acted_for(talk.text)
    relation = rules.relations.get(kin.relation or "") if kin is not None else None
    if relation is not None and relation.for_child and not draft.progress.get("child_consent"):
        return draft.item.field(rules.consent.asked_by) is not None
    return may_be_child(draft, rules) or holds_back(draft, rules, talk.today)


async def answer_filed_by_changed(talk: Talk, draft: Draft, before: str | None) -> None:
    """The answer to `filed_by` itself was changed, by a button or a correction."""
    now = draft.answers.get("filed_by")
    if before is None or before == now:
        return
    if now == "self":
        await _to_oneself(talk, draft)
    elif not await _whose(talk, draft):
        await _leave_to_person(talk, draft)


async def hear_whose(talk: Talk, focus: dict[str, Any], act: str | None) -> Heard | None:
    """Whose the name and number are that were given before it was said to be for another."""
    draft = talk.draft
    if draft is None:
        return None
    mine = talk.says("my_own") or act == "affirm"
    if not mine and not talk.says("the_others") and act != "deny":
        return None
    talk.focus = None
    if mine:
        await _to_other(talk, draft)
        return Heard(mask(talk.text), "inform").happened("kept_as_own", whom=whom(draft))
    await _leave_to_person(talk, draft)
    return Heard(mask(talk.text), "inform").happened("kept_as_theirs", whom=whom(draft))


async def hear_confirm_other(talk: Talk, focus: dict[str, Any], act: str | None) -> Heard | None:
    """Whether it is really for another person now."""
    draft, kin = talk.draft, kin_called(focus["kin"])
    if draft is None or kin is None:
        return None
    if act == "affirm" or acted_for(talk.text) == kin:
        talk.focus = None
        await forget_person(talk, draft)
        asked_by = talk.knowledge.acting.consent.asked_by
        await forget(talk, draft, ["proxy_relation", "proxy_letter", asked_by])
        await _note(talk, draft, kin)
        return Heard(mask(talk.text), "inform").happened("now_for_other", whom=whom(draft))
    if act == "deny":
        talk.focus = None
        return Heard(mask(talk.text), "inform").happened("person_stays", whom=whom(draft))
    return None


async def _self_to_other(talk: Talk, draft: Draft, kin: Kin) -> Heard:
    await take_answer(talk, draft, "filed_by", "proxy", source="typed")
    draft.remember(kin=kin.called)
    heard = Heard(mask(talk.text), "inform")
    if not await _whose(talk, draft):
        await _leave_to_person(talk, draft)
        heard.happened("now_for_other", whom=whom(draft))
    await _note(talk, draft, kin)
    return heard


async def _whose(talk: Talk, draft: Draft) -> bool:
    """Ask whose the name and number are, if there are any and nobody has proved it."""
    if not any(one in draft.answers for one in _IDENTIFYING):
        return False
    talk.focus = {"kind": "whose_answers", "whom": whom(draft)}
    return True


async def _to_other(talk: Talk, draft: Draft) -> None:
    """What was told so far is the speaker's own: it becomes the proxy's; of the person nothing."""
    own = {one: draft.answers[one] for one in _OWN if one in draft.answers}
    sources = {one: draft.sources.get(one, "typed") for one in own}
    card, back = draft.progress.get("card"), draft.progress.get("back")
    await forget_person(talk, draft)
    draft.remember(proxy_card=card, proxy_back=back)
    for one, value in own.items():
        if draft.item.field(f"proxy_{one}") is not None:
            await take_answer(talk, draft, f"proxy_{one}", value, source=sources[one])
    await talk.proof_given()


async def _leave_to_person(talk: Talk, draft: Draft) -> None:
    """What was told is the person's, but for the phone that the speaker has signed in with."""
    if draft.sources.get("phone") == "login_account" or talk.signed_in:
        await forget(talk, draft, ["phone"])
    face = draft.progress.get("face")
    draft.remember(face=face if face == "declined" else None)
    await talk.proof_given()


async def _to_oneself(talk: Talk, draft: Draft) -> None:
    """The speaker's own affair after all: the person's data goes, the speaker's own is used."""
    own = {one: draft.answers[f"proxy_{one}"] for one in _OWN if f"proxy_{one}" in draft.answers}
    sources = {one: draft.sources.get(f"proxy_{one}", "typed") for one in own}
    card, back = draft.progress.get("proxy_card"), draft.progress.get("proxy_back")
    await forget_person(talk, draft)
    await forget(talk, draft, [one for one in draft.answers if one.startswith("proxy_")])
    await take_answer(talk, draft, "filed_by", "self", source="typed")
    draft.remember(kin=None, card=card, back=back, proxy_card=None, proxy_back=None)
    for one, value in own.items():
        if draft.item.field(one) is not None:
            await take_answer(talk, draft, one, value, source=sources[one])
    await talk.proof_given()


async def forget_person(talk: Talk, draft: Draft) -> None:
    """Take back everything about the person: answers, papers, what registers said, the authority."""
    id = draft.application.id
    await forget(talk, draft, [one for one in draft.answers if not one.startswith(ABOUT_SPEAKER)])
    for table in (MaterialRow, CheckRow):
        await talk.session.execute(delete(table).where(table.application_id == id))
    draft.materials.clear()
    draft.checks.clear()
    actor = f"citizen:{talk.conversation.citizen_id or 'unknown'}"
    await end_open(talk.session, id, by=actor, now=talk.now)
    declined = draft.progress.get("face") == "declined"
    draft.remember(
        face="declined" if declined else draft.progress.get("face") if draft.acting else None,
        child_consent=None, child_refused=None, reviewed=None, review_shown=None, skipped=None,
        partial=None, attempts=None, reopened=None, recent=None, go_on=None, go_on_checked=None,
        unfit_told=None, before=None, card=None, back=None,
    )  # fmt: skip
    talk.conversation.focus = None


async def forget(talk: Talk, draft: Draft, fields: Iterable[str]) -> None:
    """Take answers back."""
    for one in list(fields):
        if one in draft.answers:
            await forget_answer(talk.session, draft, one)
    await talk.session.flush()  # what is taken next in such a field is a row of its own


async def _note(talk: Talk, draft: Draft, kin: Kin) -> None:
    draft.remember(kin=kin.called)
    field = draft.item.field("proxy_relation")
    if field is None or kin.relation is None or field.option(kin.relation) is None:
        return
    if draft.for_other and "proxy_relation" not in draft.answers:
        await take_answer(talk, draft, "proxy_relation", kin.relation, source="typed")


def same_people(one: Draft, other: Draft) -> bool:
    """Whether two drafts may be of the same person by the same hand: only then are they joined."""
    for key in ("filed_by", "proxy_id_no", "id_no", "proxy_name", "name", "proxy_relation"):
        first, second = one.answers.get(key), other.answers.get(key)
        if first is not None and second is not None and first != second:
            return False
    first, second = one.progress.get("kin"), other.progress.get("kin")
    return first is None or second is None or first == second


def _told_of_person(draft: Draft) -> bool:
    return any(one in draft.answers for one in (*_IDENTIFYING, "hukou_address", "birth_date"))
