"""What is known already is not asked for."""

from datetime import timedelta

from sqlalchemy import select

from backoffice.applications.draft import Draft
from backoffice.applications.models import AnswerRow, Application
from backoffice.dialogue.agenda import Kind
from backoffice.dialogue.capture import take_answer
from backoffice.dialogue.people import account_phone_field, known_phone
from backoffice.dialogue.reveal import placeholder
from backoffice.dialogue.talk import Talk
from backoffice.identity.evidence import subject_hash
from backoffice.identity.models import Proof, ProofKind
from backoffice.identity.policy import Means

_LOOKED_THROUGH = 20
"""Earlier applications, newest first."""


async def fill_what_is_known(talk: Talk) -> None:
    """Take what would be asked now and is known, and say so: the phone, and who it is."""
    await _fill_person(talk)
    step, draft = talk.step(), talk.filling
    if draft is None or step is None or step.kind != Kind.FIELD or not talk.signed_in:
        return
    field = draft.item.field(step.key or "")
    if field is None or field.prefill != "login_account" or field.slug in draft.answers:
        return
    if field.slug != account_phone_field(draft):
        return  # the applicant's own number, when somebody else fills it in
    phone = await known_phone(talk)
    if phone is not None:
        await take_answer(talk, draft, field.slug, phone, source="login_account")
        talk.say("heard.from_account", value=placeholder(field.slug))


async def _fill_person(talk: Talk) -> None:
    """Who was recognised and confirmed in this visit says and shows again what a card said before."""
    step, draft = talk.step(), talk.filling
    if draft is None or step is None or step.kind not in (Kind.FIELD, Kind.CARD_OR_FIELD):
        return
    field = draft.item.field(step.key or "")
    if field is None or field.prefill != "id_card" or draft.for_other:
        return
    if draft.item.field("filed_by") is not None and "filed_by" not in draft.answers:
        return
    whose = await _confirmed_person(talk)
    known = await _earlier_answers(talk, draft, whose) if whose is not None else {}
    for slug, value in known.items():
        await take_answer(talk, draft, slug, value, source="remembered")
    if known:
        await talk.proof_given()
        lines = [
            f"{one.label}：{placeholder(one.slug)}"
            for one in draft.item.fields
            if one.slug in known
        ]
        talk.say("heard.known_from_before", lines="\n".join(lines))


async def _confirmed_person(talk: Talk) -> str | None:
    """Whom a face and a second means have shown to stand here, as proofs name people."""
    longest = timedelta(minutes=talk.knowledge.policy.minutes[Means.REMEMBERED])
    return await talk.session.scalar(
        select(Proof.subject_hash)
        .where(
            Proof.kind == ProofKind.REMEMBERED,
            Proof.result == "confirmed",
            Proof.conversation_id == talk.conversation.id,
            Proof.citizen_id == talk.conversation.citizen_id,
            Proof.at >= talk.now - longest,
        )
        .order_by(Proof.id.desc())
        .limit(1)
    )


async def _earlier_answers(talk: Talk, draft: Draft, whose: str) -> dict[str, str]:
    """What a card says of this person, from the newest application in which it was given."""
    wanted = [
        one.slug
        for one in draft.item.fields
        if one.prefill == "id_card" and one.slug not in draft.answers
    ]
    mine = select(Application.id).where(
        Application.citizen_id == talk.conversation.citizen_id,
        Application.id != draft.application.id,
    )
    for id in await talk.session.scalars(
        mine.order_by(Application.created_at.desc()).limit(_LOOKED_THROUGH)
    ):
        rows = await talk.session.scalars(select(AnswerRow).where(AnswerRow.application_id == id))
        answers = {row.field: row.value for row in rows}
        number = answers.get("id_no")
        if number is not None and subject_hash(str(number)) == whose:
            return {slug: answers[slug] for slug in wanted if answers.get(slug)}
    return {}
