"""Being seen by a clerk in a live call, offered where the policy takes it for the item's level.

The dialogue shows the place to wait (widget `video_call`); the page begins the call and hears what
came of it by `gateway.video`. What counts is the desk's own statement, never what the page says.

Kind of focus: `video_call`.
"""

from typing import Any

from backoffice import messages
from backoffice.applications.draft import Draft
from backoffice.conversations.models import Widget
from backoffice.dialogue.heard import Heard
from backoffice.dialogue.talk import Talk
from backoffice.identity.policy import Means
from backoffice.identity.video import outcome_of
from backoffice.understanding import mask
from integrations.ports import VideoState

VIDEO_WIDGET = "video_call"
KINDS = frozenset({VIDEO_WIDGET})
_OUTCOMES = {
    VideoState.CONFIRMED: "video_confirmed",
    VideoState.NOT_CONFIRMED: "video_not_confirmed",
    VideoState.MISSED: "video_missed",
}


def is_open(talk: Talk, draft: Draft) -> bool:
    """Whether a call helps here: a desk, a way of the policy, and somebody to recognise."""
    level, channel = draft.item.identity_level, talk.conversation.channel
    named = draft.answers.get(f"{draft.acting}name") and draft.acting_id_no
    return (
        talk.knowledge.video_desk
        and bool(named)
        and talk.knowledge.policy.asks(Means.VIDEO, level, channel)
        and not talk.standing(draft).identity.proven
    )


def buttons(talk: Talk, draft: Draft) -> list[dict[str, str]]:
    """The button that offers it, beside others; none where it does not help."""
    return messages.buttons("ask.by_video") if is_open(talk, draft) else []


def begin(talk: Talk) -> Heard:
    """Somebody wants to be seen by video."""
    if talk.filling is None or not is_open(talk, talk.filling):
        return _heard(talk).happened("no_video_here")
    talk.focus = {"kind": VIDEO_WIDGET}
    return _heard(talk)


async def hear(talk: Talk, focus: dict[str, Any], act: str | None) -> Heard | None:
    """A text while the call is awaited, or None when it is about something else."""
    if act == "deny" or any(talk.says(one) for one in ("later", "decline", "not_me")):
        return await declined(talk, focus)
    return _heard(talk) if talk.says("by_video") else None


async def hear_call(talk: Talk, widget: Widget, event: dict[str, Any]) -> Heard:
    """The call is over: what the desk has stated decides, for this draft only."""
    heard = Heard("", "inform")
    state, about = await outcome_of(
        talk.session,
        session_id=str(event.get("value", "")),
        conversation_id=talk.conversation.id,
    )
    if talk.filling is None or about != talk.filling.application.id:
        talk.focus = None
        return heard.happened("widget_closed")
    if state == VideoState.WAITING:
        return heard  # asked again: nobody has come yet
    talk.focus = None
    await talk.proof_given()
    return heard.happened(_OUTCOMES[state])


async def declined(talk: Talk, focus: dict[str, Any]) -> Heard:
    """The other ways are open, without any harm."""
    talk.focus = None
    return _heard(talk).happened("video_left")


async def ask(talk: Talk, focus: dict[str, Any]) -> None:
    """Show the place to wait."""
    talk.say("ask.video_call", widget=await talk.widget(VIDEO_WIDGET))


def _heard(talk: Talk) -> Heard:
    return Heard(mask(talk.text), "inform")
