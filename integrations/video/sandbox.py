"""The online window of the demonstration: no pictures, but the same promises.

Whoever plays the clerk says `answer(…)`; the statement is signed with the sandbox's own key.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from integrations.faults import Faults
from integrations.ports import Named, Rejected, VideoSession, VideoState, VideoStatement
from integrations.registers.people import is_id_number

SESSION_LIFE = timedelta(minutes=15)


@dataclass
class _Call:
    session: VideoSession
    subject: str
    signed: str | None = None


class SandboxVideoDesk:
    """The `VideoDesk` port without a call."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.faults = Faults()
        self._now = now
        self._key = Ed25519PrivateKey.generate()
        self._salt = secrets.token_bytes(16)
        self._calls: dict[str, _Call] = {}
        self._by_key: dict[str, str] = {}

    def subject_of(self, person: Named) -> str:
        """See `VideoDesk.subject_of`."""
        told = f"{person.name}\0{person.id_no.upper()}".encode()
        return hashlib.sha256(self._salt + told).hexdigest()

    async def open(self, *, person: Named, key: str) -> VideoSession:
        """See `VideoDesk.open`."""
        if not person.name.strip() or not is_id_number(person.id_no):
            raise Rejected("video: not a person")
        self.faults.strike()
        if key not in self._by_key:
            session = VideoSession(secrets.token_urlsafe(16), self._now() + SESSION_LIFE)
            self._by_key[key] = session.id
            self._calls[session.id] = _Call(session, self.subject_of(person))
        return self._calls[self._by_key[key]].session

    def knows(self, session_id: str) -> bool:
        """Whether there is such a session."""
        return session_id in self._calls

    def waiting(self) -> list[tuple[str, datetime]]:
        """Sessions that nobody has answered and that are still open, and since when they wait."""
        return [
            (id, call.session.expires_at - SESSION_LIFE)
            for id, call in self._calls.items()
            if call.signed is None and self._now() < call.session.expires_at
        ]

    def answer(self, session_id: str, *, clerk: str, confirmed: bool) -> None:
        """The clerk's word at the end of the call; the first one stands."""
        call = self._calls[session_id]
        if call.signed is not None or self._now() >= call.session.expires_at:
            return
        state = VideoState.CONFIRMED if confirmed else VideoState.NOT_CONFIRMED
        call.signed = self._sign(call, state, clerk)

    async def outcome(self, session_id: str) -> VideoStatement | None:
        """See `VideoDesk.outcome`."""
        self.faults.strike()
        call = self._calls.get(session_id)
        if call is None:
            raise Rejected("video: no such session")
        if call.signed is None and self._now() >= call.session.expires_at:
            call.signed = self._sign(call, VideoState.MISSED, "")
        return self._read(call.signed) if call.signed is not None else None

    def _sign(self, call: _Call, state: VideoState, clerk: str) -> str:
        said = {
            "session": call.session.id,
            "state": str(state),
            "subject": call.subject,
            "clerk": clerk,
            "at": self._now().isoformat(),
        }
        text = json.dumps(said, sort_keys=True, separators=(",", ":"))
        return f"{text}\n{base64.b64encode(self._key.sign(text.encode())).decode()}"

    def _read(self, signed: str) -> VideoStatement:
        text, _, signature = signed.rpartition("\n")
        try:
            self._key.public_key().verify(base64.b64decode(signature), text.encode())
        except (InvalidSignature, ValueError):
            raise Rejected("video: the statement's signature does not fit") from None
        said = json.loads(text)
        return VideoStatement(
            session_id=said["session"],
            state=VideoState(said["state"]),
            subject=said["subject"],
            clerk=said["clerk"],
            at=datetime.fromisoformat(said["at"]),
            signed=signed,
        )
