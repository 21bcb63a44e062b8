"""Where the conversation stands, for the page beside the chat."""

from collections.abc import Sequence
from typing import Any

from backoffice.applications.draft import Draft, load_draft
from backoffice.applications.models import Application
from backoffice.applications.states import OPEN_FOR_ANSWERS
from backoffice.dialogue.agenda import next_step
from backoffice.dialogue.talk import Talk


async def worked_on(talk: Talk) -> Draft | None:
    """The application of this visit, also when this very turn submitted or closed it."""
    if talk.draft is not None:
        return talk.draft
    if talk.conversation.application_id is None:
        return None
    application = await talk.session.get(Application, talk.conversation.application_id)
    item = talk.item(application.item_code) if application is not None else None
    if application is None or item is None or application.conversation_id != talk.conversation.id:
        return None
    return await load_draft(talk.session, application, item)


def state_of(
    talk: Talk,
    draft: Draft | None,
    *,
    act: str,
    items: Sequence[str],
    also: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    """`{"act", "items", "also"?, "draft"?}` of the chat interface."""
    known = [one for one in items if talk.item(one) is not None]
    state: dict[str, Any] = {"act": act, "items": known}
    if also:
        state["also"] = list(also)
    if draft is not None:
        fields = [one for one in draft.open_fields() if one.required]
        filled = sum(one.slug in draft.answers for one in fields)
        state["draft"] = {
            "id": draft.application.id,
            "status": str(draft.application.state),
            "awaiting": _awaiting(talk, draft),
            "filled": filled,
            "total": len(fields),
        }
    return state


def _awaiting(talk: Talk, draft: Draft) -> str | None:
    if talk.focus is not None:
        return str(talk.focus["kind"])
    if draft.application.state not in OPEN_FOR_ANSWERS or draft.progress.get("paused"):
        return None
    step = next_step(draft, talk.standing(draft))
    return step.key or str(step.kind)
