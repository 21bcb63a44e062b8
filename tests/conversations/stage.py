"""Where a conversation is played: an installation behind its HTTP interface, and its back office.

Both depths use the same: HTTP for everything the citizen does, the back office's own services for
what a clerk decides and for looking at what was stored.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import httpx
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.draft import Draft, load_draft
from backoffice.applications.models import Application
from backoffice.applications.states import State
from backoffice.conversations.models import Conversation
from backoffice.identity.models import Consent
from bootstrap.container import Office
from integrations.ports import LiveAction
from tests.conversations import pictures
from tests.conversations.rule_engine import RuleEngine


class SetClock(Protocol):
    """Moves an installation's clock."""

    def __call__(self, moment: datetime) -> None: ...


@dataclass
class Stage:
    """One running installation.

    Attributes:
        base_url: where its gateway listens.
        office: its back office: the same database, keys and clock.
        deliver: makes sure that the worker has delivered everything.
        set_clock: moves the clock of all its processes.
        engine: the rule engine of the quick depth; None when the real bot answers.
        pairing: with which a page begins visits at the kiosk that has the fingerprint sensor.
    """

    base_url: str
    office: Office
    deliver: Callable[[], Awaitable[None]]
    set_clock: SetClock
    engine: RuleEngine | None = None
    pairing: str = ""

    def pass_time(self, by: timedelta) -> None:
        """Let time pass."""
        self.set_clock(self.office.clock.now() + by)

    async def newest_code(self, phone: str) -> str:
        """The newest code sent to the phone."""
        await self.deliver()
        for message in await self.office.sms.messages(100):  # type: ignore[attr-defined]
            if message["to"] == phone and "code" in message["params"]:
                return str(message["params"]["code"])
        raise AssertionError(f"没有给这个手机号发过验证码（尾号 {phone[-4:]}）")

    async def templates_sent(self) -> list[str]:
        """Templates of all messages, oldest first."""
        await self.deliver()
        newest = await self.office.sms.messages(100)  # type: ignore[attr-defined]
        return [str(one["template"]) for one in reversed(newest)]


@dataclass
class Visit:
    """One visit: a conversation id with its token, spoken to over HTTP."""

    client: httpx.AsyncClient
    id: str
    token: str
    turns: int = 0

    @classmethod
    async def begin(
        cls, client: httpx.AsyncClient, channel: str, pairing: str | None = None
    ) -> "Visit":
        """Open a conversation."""
        asked = {"channel": channel, "device": pairing}
        answer = await client.post("/api/v1/conversations/", json=asked)
        assert answer.status_code == 201, answer.text
        return cls(client, **answer.json())

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def _path(self) -> str:
        return f"/api/v1/conversations/{self.id}"

    async def turn(self, *, again: bool = False, **what: Any) -> httpx.Response:
        """Say or tell something; `again` sends it with the turn id of the turn before."""
        self.turns += not again
        body = {**what, "turn_id": f"turn-{self.turns}"}
        return await self.client.post(f"{self._path}/messages", json=body, headers=self._headers)

    async def upload(self, widget: str, content: bytes) -> httpx.Response:
        """Upload for a widget."""
        return await self.client.post(
            f"{self._path}/uploads",
            params={"widget": widget},
            files={"file": ("picture", content)},
            headers=self._headers,
        )

    async def press(self, widget: str) -> httpx.Response:
        """Let the kiosk's sensor wait for the finger that lies there."""
        return await self.client.post(
            f"{self._path}/fingers", params={"widget": widget}, headers=self._headers
        )

    async def call(self) -> str:
        """Ask for a clerk by video; the session."""
        answer = await self.client.post(f"{self._path}/video", headers=self._headers)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["session"])

    async def outcome(self, session: str) -> str:
        """What came of the call."""
        answer = await self.client.get(
            f"{self._path}/video", params={"session": session}, headers=self._headers
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["state"])

    async def clerk_says(self, session: str, *, confirmed: bool) -> None:
        """Let the demonstration's clerk end the call with this word."""
        said = {"session": session, "confirmed": confirmed}
        answer = await self.client.post("/demo/video", json=said)
        assert answer.status_code == 200, answer.text

    async def upload_live(
        self, widget: str, face: str, *, real: bool, still: bool = False
    ) -> httpx.Response:
        """Do what is asked for in front of the camera, and send the frames.

        Args:
            real: the models look at it, not the sandbox.
            still: a photograph is held up instead, which does nothing.
        """
        begun = await self.client.post(
            f"{self._path}/liveness", params={"widget": widget}, headers=self._headers
        )
        assert begun.status_code == 201, begun.text
        challenge = begun.json()
        wanted = [LiveAction(one["action"]) for one in challenge["actions"]]
        if still:
            wanted = [LiveAction.LOOK_STRAIGHT] * len(wanted)
        frames = pictures.film(face, wanted) if real else pictures.shown(face, wanted)
        return await self.client.post(
            f"{self._path}/uploads",
            params={"widget": widget},
            data={
                "nonce": challenge["nonce"],
                "at": ",".join(str(at) for at, _ in frames),
            },
            files=[("frame", ("frame", picture)) for _, picture in frames],
            headers=self._headers,
        )

    async def messages(self) -> list[dict[str, Any]]:
        """Everything said so far, notices included."""
        answer = await self.client.get(f"{self._path}/messages", headers=self._headers)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["messages"])


@dataclass
class Stored:
    """What the back office holds at one moment of a conversation."""

    draft: Draft | None
    about: str | None = None
    face_refused: bool = False
    remember_refused: bool = False

    @property
    def answers(self) -> dict[str, Any]:
        return dict(self.draft.answers) if self.draft is not None else {}

    def may_be_asked(self, slug: str) -> bool:
        """Whether an answered field may be asked for: somebody wants it changed."""
        if self.draft is None:
            return True
        wanted = {one.get("field") for one in self.draft.wanted}
        return slug in self.draft.progress.get("reopened", []) or slug in wanted


async def stored(stage: Stage, conversation_id: str) -> Stored:
    """Look into the database."""
    async with stage.office.sessions.begin() as session:
        conversation = await session.get_one(Conversation, conversation_id)
        refused = set(
            await session.scalars(
                select(Consent.kind).where(
                    Consent.conversation_id == conversation_id, Consent.granted.is_(False)
                )
            )
        )
        draft = await _draft(session, stage.office, conversation.application_id)
    return Stored(
        draft,
        about=conversation.item_code,
        face_refused="face" in refused,
        remember_refused="remember" in refused,
    )


async def _draft(session: AsyncSession, office: Office, id: str | None) -> Draft | None:
    application = await session.get(Application, id) if id else None
    if application is None:
        return None
    return await load_draft(session, application, office.catalogue.items[application.item_code])


async def all_applications(stage: Stage) -> list[Draft]:
    """Every application that was not given up, oldest first."""
    async with stage.office.sessions.begin() as session:
        rows = await session.scalars(select(Application).order_by(Application.created_at))
        found = [await _draft(session, stage.office, row.id) for row in rows]
    return [one for one in found if one and one.application.state != State.CANCELLED]


async def until(condition: Callable[[], Awaitable[bool]], timeout_s: float = 20) -> None:
    """Wait until something is so."""
    deadline = asyncio.get_running_loop().time() + timeout_s
    while not await condition():
        assert asyncio.get_running_loop().time() < deadline, "waited in vain"
        await asyncio.sleep(0.1)
