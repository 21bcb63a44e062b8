"""A citizen who proves to be herself, and somebody else who would like to be her; all through HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy import func, select

from backoffice.applications.draft import Draft, load_draft
from backoffice.applications.models import AnswerRow, Application
from backoffice.conversations.models import Conversation
from backoffice.identity.alarms import AlarmKind, IdentityAlarm
from backoffice.identity.models import Proof
from backoffice.identity.policy import Means
from bootstrap.container import DEMO_PEOPLE
from integrations.ports import CardReading, LiveAction
from integrations.registers.people import DemoPerson, load_people
from tests.conversations import pictures
from tests.gateway.conftest import Hall, Visit, _quiet_log, hall, visit  # noqa: F401

Frames = list[tuple[int, bytes]]
FACES = {"mei": "person_b_2", "thief": "person_a_1"}


@dataclass
class Somebody:
    """One person on one phone, with an application of their own begun."""

    visit: Visit
    identity: DemoPerson
    face: str
    application: str

    @property
    def hall(self) -> Hall:
        return self.visit.hall

    def widget(self, kind: str) -> str:
        """Let the dialogue ask for something."""
        return self.visit.widget(kind)

    def done(self, widget: str, upload: str | None = None, **more: object) -> httpx.Response:
        """Tell the dialogue that a widget was used."""
        event = {"type": "widget_done", "widget": widget, **more}
        if upload is not None:
            event["upload_id"] = upload
        return self.visit.say(event=event)

    def card(self, of: DemoPerson | None = None, face: str | None = None) -> bytes:
        return pictures.card(of or self.identity, face or self.face)

    def show_card(self, picture: bytes | None = None) -> str:
        """Photograph a card and say so; returns the upload."""
        widget = self.widget("id_card_front")
        answer = self.visit.upload(widget, picture or self.card())
        assert answer.status_code == 201, answer.text
        upload = str(answer.json()["upload_id"])
        assert self.done(widget, upload).status_code == 200
        return upload

    def challenged(self, widget: str) -> httpx.Response:
        return self.hall.client.post(
            f"{self.visit.path}/liveness", params={"widget": widget}, headers=self.visit.headers
        )

    def send(self, widget: str, nonce: str, frames: Frames) -> httpx.Response:
        return self.hall.client.post(
            f"{self.visit.path}/uploads",
            params={"widget": widget},
            data={"nonce": nonce, "at": ",".join(str(at) for at, _ in frames)},
            files=[("frame", ("f", one)) for _, one in frames],
            headers=self.visit.headers,
        )

    def live(self, face: str | None = None) -> tuple[httpx.Response, Frames, str]:
        """Do what is asked for in front of the camera."""
        widget = self.widget("selfie")
        begun = self.challenged(widget)
        assert begun.status_code == 201, begun.text
        frames = pictures.shown(face or self.face, wanted(begun))
        return self.send(widget, begun.json()["nonce"], frames), frames, widget

    def prove(self) -> Frames:
        """Card and living face, as the conversation wants them; returns the film."""
        self.show_card()
        answer, frames, widget = self.live()
        assert answer.status_code == 201, answer.text
        assert self.done(widget, answer.json()["upload_id"]).status_code == 200
        assert Means.FACE in self.evidence()
        return frames

    def draft(self) -> Draft:
        async def load() -> Draft:
            async with self.hall.office.sessions.begin() as session:
                found = await session.get_one(Application, self.application)
                item = self.hall.office.catalogue.items[found.item_code]
                return await load_draft(session, found, item)

        return self.hall.run(load())

    def evidence(self) -> set[Means]:
        """What counts as proved of whoever this application names."""
        return {one.means for one in self.draft().evidence}

    def proofs(self) -> int:
        async def count() -> int:
            async with self.hall.office.sessions.begin() as session:
                mine = Proof.application_id == self.application
                return (
                    await session.scalar(select(func.count()).select_from(Proof).where(mine)) or 0
                )

        return self.hall.run(count())


def wanted(begun: httpx.Response) -> Sequence[LiveAction]:
    return [LiveAction(one["action"]) for one in begun.json()["actions"]]


class Office:
    """Makes people, and reads what was counted."""

    def __init__(self, hall: Hall) -> None:  # noqa: F811
        self.hall = hall
        self.people = {one.name: one for one in load_people(DEMO_PEOPLE).values()}

    def somebody(self, name: str, face: str, phone: str | None = None) -> Somebody:
        """Sign in as this person and begin a residence permit."""
        identity = self.people[name]
        self._show(identity, face)
        mine = self.hall.visit().sign_in(phone or identity.phone)
        mine.agree_to_face()
        return Somebody(mine, identity, face, self.hall.run(self._begin(mine, identity)))

    def _show(self, identity: DemoPerson, face: str) -> None:
        reading = CardReading(
            identity.name, identity.sex, identity.ethnicity, None, identity.hukou_address,
            identity.id_no,
        )  # fmt: skip
        vision, person = self.hall.vision, face.rsplit("_", 1)[0]
        vision.knows(pictures.card(identity, face), card=reading, faces=1, person=person)
        for action in LiveAction:
            vision.knows(pictures.frame(face, action), faces=1, person=person, action=action)

    async def _begin(self, mine: Visit, identity: DemoPerson) -> str:
        now = self.hall.now()
        async with self.hall.office.sessions.begin() as session:
            one = Application(
                item_code="residence_permit_apply", item_version="1", citizen_id=mine.citizen_id,
                conversation_id=mine.id, channel="phone", progress={}, created_at=now,
                updated_at=now,
            )  # fmt: skip
            session.add(one)
            await session.flush()
            given = {"filed_by": "self", "name": identity.name, "id_no": identity.id_no}
            for field, value in given.items():
                session.add(
                    AnswerRow(
                        application_id=one.id, field=field, value=value, source="typed", at=now
                    )
                )
            conversation = await session.get_one(Conversation, mine.id)
            conversation.application_id = one.id
            return one.id

    def alarms(self) -> dict[AlarmKind, int]:
        """How many of each kind were counted so far."""

        async def count() -> dict[AlarmKind, int]:
            async with self.hall.office.sessions.begin() as session:
                rows = await session.execute(
                    select(IdentityAlarm.kind, func.count()).group_by(IdentityAlarm.kind)
                )
                return {AlarmKind(kind): int(many) for kind, many in rows}

        return self.hall.run(count())


@pytest.fixture
def office(hall: Hall) -> Office:  # noqa: F811
    return Office(hall)


@pytest.fixture
def mei(office: Office) -> Somebody:
    """Who is to be robbed of her identity."""
    return office.somebody("李小梅", FACES["mei"])


@pytest.fixture
def thief(office: Office) -> Somebody:
    """On his own phone, with an application in her name: her number, his face."""
    return office.somebody("李小梅", FACES["mei"], phone="13911110000")
