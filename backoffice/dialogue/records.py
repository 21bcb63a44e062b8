"""What the hall knows of a citizen, told to that citizen only: progress, results, signing in."""

from backoffice import messages
from backoffice.applications.services import applications_of
from backoffice.applications.states import State
from backoffice.dialogue import remembering
from backoffice.dialogue.applying import ask_withdraw
from backoffice.dialogue.talk import Talk

_SHOWN = 3


async def tell_progress(talk: Talk) -> None:
    """How far the applications are; signing in comes first."""
    if not talk.signed_in:
        talk.focus = {"kind": "sign_in_phone", "then": "progress"}
        talk.say("records.sign_in")
        return
    found = await applications_of(
        talk.session, citizen_id=talk.conversation.citizen_id or "", now=talk.now
    )
    shown = [one for one in found if one.state != State.CANCELLED][:_SHOWN]
    if not shown:
        talk.say("records.none")
        return
    lines = []
    for one in shown:
        item = talk.item(one.item_code)
        appointed = one.state == State.DRAFT and (one.progress or {}).get("appointed")
        status = messages.text("state.appointed" if appointed else f"state.{State(one.state)}")
        number = one.number or messages.text("records.no_number")
        lines.append(f"· {item.title if item else one.item_code}（{number}）：{status}")
    talk.say("records.progress", lines="\n".join(lines))


async def tell_records(talk: Talk) -> None:
    """What is kept of the citizen and where it can be seen."""
    if not talk.signed_in:
        talk.focus = {"kind": "sign_in_phone", "then": "progress"}
        talk.say("records.sign_in")
        return
    await tell_progress(talk)
    talk.say("records.where")


async def after_sign_in(talk: Talk, then: str) -> None:
    """Go on with what signing in interrupted."""
    if then == "progress":
        await tell_progress(talk)
    elif then in (remembering.SEE, remembering.FORGET):
        await remembering.tell_or_ask(talk, then)
    elif then == "pause" and talk.draft is not None:
        talk.say("pause.saved", title=talk.draft.item.title)
    elif then == "resume":
        await talk.load()
        if talk.draft is None:
            talk.say("resume.nothing")
        else:
            talk.say("apply.go_on", title=talk.draft.item.title)
    elif then == "withdraw":
        await ask_withdraw(talk)
