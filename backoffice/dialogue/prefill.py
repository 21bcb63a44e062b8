"""What is known already is not asked for."""

from backoffice.dialogue.agenda import Kind
from backoffice.dialogue.capture import take_answer
from backoffice.dialogue.people import account_phone_field, known_phone
from backoffice.dialogue.reveal import placeholder
from backoffice.dialogue.talk import Talk


async def fill_what_is_known(talk: Talk) -> None:
    """Take the phone of whoever has signed in where it would be asked now, and say so."""
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
