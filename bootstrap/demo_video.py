"""The demonstration's clerk at the online window."""

from datetime import datetime

from bootstrap.container import Office
from integrations.video.sandbox import SandboxVideoDesk


def end_call(office: Office, session_id: str, *, confirmed: bool) -> bool:
    """Let the clerk end a call with this word; False when there is no such call."""
    desk = office.video
    if not isinstance(desk, SandboxVideoDesk) or not desk.knows(session_id):
        return False
    desk.answer(session_id, clerk="demo-clerk", confirmed=confirmed)
    return True


def waiting_calls(office: Office) -> list[tuple[str, datetime]]:
    """Calls that nobody has answered, by their sessions, and since when they wait."""
    desk = office.video
    return desk.waiting() if isinstance(desk, SandboxVideoDesk) else []
