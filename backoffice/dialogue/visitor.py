"""Questions about whoever stands there, not about an application: one table per thing to do."""

from collections.abc import Awaitable, Callable
from typing import Any

from backoffice.dialogue import by_video, recognising, remembering
from backoffice.dialogue.heard import Heard
from backoffice.dialogue.talk import Talk

Focus = dict[str, Any]

HEAR: dict[str, Callable[[Talk, Focus, str | None], Awaitable[Heard | None]]] = {
    **dict.fromkeys(recognising.KINDS, recognising.hear),
    **dict.fromkeys(remembering.KINDS, remembering.hear),
    **dict.fromkeys(by_video.KINDS, by_video.hear),
}
"""What hears a text, by the focus' kind."""

DECLINED: dict[str, Callable[[Talk, Focus], Awaitable[Heard]]] = {
    **dict.fromkeys(recognising.KINDS, recognising.declined),
    **dict.fromkeys(remembering.KINDS, remembering.declined),
    **dict.fromkeys(by_video.KINDS, by_video.declined),
}
"""What hears that the widget is not wanted."""

ASK: dict[str, Callable[[Talk, Focus], Awaitable[None]]] = {
    **dict.fromkeys(recognising.KINDS, recognising.ask),
    **dict.fromkeys(remembering.KINDS, remembering.ask),
    **dict.fromkeys(by_video.KINDS, by_video.ask),
}
"""What asks the question."""
