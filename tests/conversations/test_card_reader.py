"""A visit at a kiosk whose card reader is simulated byte by byte: daemon, server and dialogue."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image
from sqlalchemy import select

from backoffice.conversations.models import Conversation
from backoffice.devices import services, signing
from backoffice.devices.models import DeviceReading
from backoffice.identity.accounts import citizen_with_number
from backoffice.identity.evidence import subject_hash
from backoffice.identity.models import Proof, ProofKind
from backoffice.identity.proofs import record_consent
from backoffice.remembering.keeping import REMEMBER, enrol_face
from backoffice.uploads.models import Upload
from bootstrap.container import DEMO_PEOPLE
from devices.card_desk import CardDesk
from devices.server import Server
from integrations.devices.samv.cards import demo_chip
from integrations.devices.samv.driver import SamvReader, Timing
from integrations.devices.samv.reader import SerialIdCardReader
from integrations.devices.samv.simulator import CardReaderSimulator
from integrations.devices.wlt import NoWltDecoder
from integrations.ports import WltPhotoDecoder
from integrations.registers.people import load_people
from integrations.vision.sandbox import template_of
from tests.conversations.script import Understood
from tests.conversations.stage import Stage, Visit, stored

ITEM = "residence_permit_apply"
PATIENCE_S = 20
QUIET_S = 2.5
"""Long enough for a card to be read that must not be read."""


class DrawnPhoto:
    """A decoder that makes the same grey picture of every photo."""

    async def decode(self, wlt: bytes) -> bytes | None:
        out = BytesIO()
        Image.new("RGB", (102, 126), "grey").save(out, "BMP")
        return out.getvalue()


@dataclass
class Kiosk:
    """A kiosk in the hall: its page, its daemon, its reader."""

    stage: Stage
    client: httpx.AsyncClient
    reader: CardReaderSimulator
    pairing: str
    device_id: str
    replies: list[dict[str, Any]] = field(default_factory=list)
    visit: Visit | None = None

    async def arrive(self) -> None:
        """Somebody steps up and begins to apply; up to the question for the card."""
        answer = await self.client.post(
            "/api/v1/conversations/", json={"channel": "kiosk", "device": self.pairing}
        )
        assert answer.status_code == 201, answer.text
        self.visit = Visit(self.client, **answer.json())
        await self.say(text="我要办居住证")
        for _ in range(8):
            if self.widgets():
                return
            await self.say(text=self.replies[-1]["buttons"][0]["value"])
        raise AssertionError(f"never asked for the card: {self.replies}")

    async def say(self, **what: Any) -> None:
        assert self.visit is not None and self.stage.engine is not None
        self.stage.engine.expected = Understood.model_validate({"做": "apply_item", "事项": ITEM})
        answer = await self.visit.turn(**what)
        assert answer.status_code == 200, answer.text
        self.replies = answer.json()["messages"]

    def widgets(self) -> list[str]:
        return [one["widget"]["kind"] for one in self.replies if "widget" in one]

    def widget(self) -> str:
        return str(next(one["widget"]["id"] for one in self.replies if "widget" in one))

    async def answers(self) -> dict[str, Any]:
        assert self.visit is not None
        return (await stored(self.stage, self.visit.id)).answers

    async def reads(self, name: str) -> dict[str, Any]:
        """Wait until the form holds this name; returns all answers."""

        async def read() -> dict[str, Any] | None:
            found = await self.answers()
            return found if found.get("name") == name else None

        return await eventually(read)

    async def proofs(self) -> list[Proof]:
        async with self.stage.office.sessions.read() as session:
            found = select(Proof).where(Proof.kind == ProofKind.ID_CARD).order_by(Proof.id)
            return list(await session.scalars(found))


async def eventually(look: Callable[[], Awaitable[Any]]) -> Any:
    """What `look` gives as soon as it gives anything."""
    async with asyncio.timeout(PATIENCE_S):
        while not (found := await look()):
            await asyncio.sleep(0.1)
        return found


@pytest.fixture
def decoder() -> WltPhotoDecoder:
    return NoWltDecoder()


@pytest.fixture
async def kiosk(
    quick_stage: Stage, tmp_path: Path, decoder: WltPhotoDecoder
) -> AsyncIterator[Kiosk]:
    key = Ed25519PrivateKey.generate()
    office = quick_stage.office
    async with office.sessions.begin() as session:
        device, pairing = await services.register_device(
            session,
            public_key=signing.public_bytes(key).hex(),
            name="1号机",
            now=office.clock.now(),
        )
    server = Server(quick_stage.base_url, key)
    with CardReaderSimulator(tmp_path / "idcard") as simulator:
        driver = SamvReader(str(simulator.link), timing=Timing(short_s=0.3, reading_s=0.6))
        reader = SerialIdCardReader(driver)
        desk = asyncio.create_task(CardDesk(reader, decoder, server, wait_s=2).run())
        async with httpx.AsyncClient(
            base_url=quick_stage.base_url, timeout=30, trust_env=False
        ) as client:
            made = Kiosk(quick_stage, client, simulator, pairing, device.id)

            async def offered() -> bool:
                async with office.sessions.read() as session:
                    now = office.clock.now()
                    return await services.card_reader_at(session, device.id, now=now)

            await eventually(offered)
            yield made
        desk.cancel()
        await asyncio.gather(desk, return_exceptions=True)
        reader.close()
        await server.close()
        await asyncio.sleep(1)  # the server's side of the long polling ends before its database


async def test_a_card_laid_on_fills_the_form_and_proves_its_chip(kiosk: Kiosk) -> None:
    await kiosk.arrive()
    assert kiosk.widgets() == ["id_card_reader"]
    kiosk.reader.lay_on(demo_chip("韦秀兰"))
    answers = await kiosk.reads("韦秀兰")
    assert answers["id_no"] == "450105199501221023"
    assert answers["ethnicity"] == "壮族"
    assert answers["hukou_address"] == "广西壮族自治区南宁市江南区样例大道66号"
    (proof,) = await kiosk.proofs()
    assert proof.result == "read_chip"
    assert proof.device == kiosk.device_id
    assert "韦" not in str(proof.detail)
    assert kiosk.visit is not None

    async def asked_to_confirm() -> bool:
        assert kiosk.visit is not None
        told = await kiosk.visit.messages()
        return any("韦" in one["text"] and "对吗" in one["text"] for one in told)

    assert await eventually(asked_to_confirm)
    async with kiosk.stage.office.sessions.read() as session:
        assert await session.scalar(select(DeviceReading.id)) is None  # taken, so deleted


async def test_what_went_wrong_on_the_line_is_made_good(kiosk: Kiosk) -> None:
    await kiosk.arrive()
    kiosk.reader.fail("checksum", "garbage", "cut", "silent")
    kiosk.reader.lay_on(demo_chip("韦秀兰"))
    assert (await kiosk.reads("韦秀兰"))["id_no"] == "450105199501221023"


async def test_a_card_left_lying_is_not_read_for_the_next_visitor(kiosk: Kiosk) -> None:
    await kiosk.arrive()
    kiosk.reader.lay_on(demo_chip("韦秀兰"))
    await kiosk.reads("韦秀兰")
    await kiosk.arrive()
    await asyncio.sleep(QUIET_S)
    assert "name" not in await kiosk.answers()
    kiosk.reader.unplug()  # which lets a reader find the same card again
    await asyncio.sleep(0.5)
    kiosk.reader.plug()
    await asyncio.sleep(QUIET_S + 2)
    assert "name" not in await kiosk.answers()
    kiosk.reader.take_off()
    await asyncio.sleep(1)
    kiosk.reader.lay_on(demo_chip("李小梅"))
    assert (await kiosk.reads("李小梅"))["id_no"] == "430121199207154022"


async def test_a_card_that_lay_there_before_the_question_is_not_read(kiosk: Kiosk) -> None:
    kiosk.reader.lay_on(demo_chip("韦秀兰"))
    await asyncio.sleep(4)
    await kiosk.arrive()
    await asyncio.sleep(QUIET_S)
    assert "name" not in await kiosk.answers()
    kiosk.reader.take_off()
    await asyncio.sleep(1)
    kiosk.reader.lay_on(demo_chip("韦秀兰"))
    await kiosk.reads("韦秀兰")


async def test_a_page_that_claims_a_reading_gets_none(kiosk: Kiosk) -> None:
    await kiosk.arrive()
    assert kiosk.visit is not None
    for value in (None, "11010519491231002X"):
        event = {"type": "widget_done", "widget": kiosk.widget(), "value": value}
        answer = await kiosk.visit.turn(event=event)
        assert answer.status_code == 409, answer.text
        assert answer.json()["error"]["code"] == "device.nothing_read"
    assert await kiosk.proofs() == []
    kiosk.reader.lay_on(demo_chip("韦秀兰"))  # the question is still open
    await kiosk.reads("韦秀兰")


async def test_the_address_added_after_moving_is_the_one_filled_in(kiosk: Kiosk) -> None:
    await kiosk.arrive()
    kiosk.reader.lay_on(replace(demo_chip("韦秀兰"), address="广西南宁市青秀区样例路9号"))
    answers = await kiosk.reads("韦秀兰")
    assert answers["hukou_address"] == "广西南宁市青秀区样例路9号"


async def test_photographing_and_typing_stay_possible(kiosk: Kiosk) -> None:
    await kiosk.arrive()
    await kiosk.say(event={"type": "widget_declined", "widget": kiosk.widget()})
    assert kiosk.widgets() == ["id_card_front"]
    await kiosk.say(text="打字")
    assert kiosk.widgets() == []
    await kiosk.arrive()
    await kiosk.say(text="拍照")
    assert kiosk.widgets() == ["id_card_front"]
    assert "没听明白" not in str(kiosk.replies) and "拍照" in kiosk.replies[0]["text"]


async def test_without_a_reader_that_answers_a_photo_is_asked_for(kiosk: Kiosk) -> None:
    kiosk.reader.unplug()

    async def gone() -> bool:
        office = kiosk.stage.office
        async with office.sessions.read() as session:
            now = office.clock.now()
            return not await services.card_reader_at(session, kiosk.device_id, now=now)

    await eventually(gone)
    await kiosk.arrive()
    assert kiosk.widgets() == ["id_card_front"]


async def test_an_expired_card_fills_the_form_and_proves_nobody(kiosk: Kiosk) -> None:
    await kiosk.arrive()
    kiosk.reader.lay_on(demo_chip("过期的身份证"))
    assert (await kiosk.reads("测试员"))["id_no"] == "11010519491231002X"
    (proof,) = await kiosk.proofs()
    assert (proof.result, proof.detail["faults"]) == ("doubtful", ["expired"])

    async def told() -> bool:
        assert kiosk.visit is not None
        return any("不在有效期" in one["text"] for one in await kiosk.visit.messages())

    assert await eventually(told)


@pytest.mark.parametrize("name", ["港澳台居民陈样例", "新版外国人样例"])
async def test_other_kinds_of_card_are_taken(kiosk: Kiosk, name: str) -> None:
    await kiosk.arrive()
    kiosk.reader.lay_on(demo_chip(name))
    answers = await kiosk.reads({"港": "陈样例", "新": "样例珍妮"}[name[0]])
    assert answers["id_no"][:2] in ("81", "91")
    assert "ethnicity" not in answers
    assert [one.result for one in await kiosk.proofs()] == ["read_chip"]


class TestWithADecoder:
    """The makers' library decodes the chip's photo."""

    @pytest.fixture
    def decoder(self) -> WltPhotoDecoder:
        return DrawnPhoto()

    async def test_the_photo_is_kept_for_comparing_faces(self, kiosk: Kiosk) -> None:
        await kiosk.arrive()
        kiosk.reader.lay_on(demo_chip("韦秀兰"))
        await kiosk.reads("韦秀兰")
        (proof,) = await kiosk.proofs()
        async with kiosk.stage.office.sessions.read() as session:
            upload = await session.get_one(Upload, proof.upload_ids[0])
        assert (upload.kind, upload.mime) == ("id_card_chip", "image/jpeg")
        assert upload.analysis["card"]["name"] == "韦秀兰"


async def remember(kiosk: Kiosk, name: str, face: str) -> str:
    """As if this person had asked the hall to remember them; their account."""
    office = kiosk.stage.office
    rules, now = office.knowledge.remembering, office.clock.now()
    assert rules is not None
    person = next(one for one in load_people(DEMO_PEOPLE).values() if one.name == name)
    async with office.sessions.begin() as session:
        citizen = await citizen_with_number(session, person.id_no, now=now)
        await session.flush()
        consent = await record_consent(
            session, kind=REMEMBER, granted=True, conversation_id="earlier",
            citizen_id=citizen.id, words="同意书", channel="kiosk", now=now,
        )  # fmt: skip
        await enrol_face(
            session, citizen_id=citizen.id, subject_hash=subject_hash(person.id_no),
            template=template_of(face), consent=consent, rules=rules, now=now, device=None,
        )  # fmt: skip
        return citizen.id


async def propose(kiosk: Kiosk, face: str) -> None:
    """Step up, let the camera look, and choose to confirm by card."""
    kiosk.visit = await Visit.begin(kiosk.client, "kiosk", kiosk.pairing)
    await kiosk.say(text="刷脸")
    await kiosk.say(text="开始刷脸")
    widget = kiosk.widget()
    sent = await kiosk.visit.upload_live(widget, face, real=False)
    assert sent.status_code == 201, sent.text
    done = {"type": "widget_done", "widget": widget, "upload_id": sent.json()["upload_id"]}
    await kiosk.say(event=done)
    assert "刷身份证" in [one["title"] for one in kiosk.replies[-1]["buttons"]]
    await kiosk.say(text="刷身份证")
    assert kiosk.widgets() == ["id_card_reader"]


async def told(kiosk: Kiosk, words: str) -> str:
    """Wait until this is said; everything that was said in the visit."""

    async def look() -> str | None:
        assert kiosk.visit is not None
        said = "\n".join(one["text"] for one in await kiosk.visit.messages())
        return said if words in said else None

    return str(await eventually(look))


async def signed_in_as(kiosk: Kiosk) -> str | None:
    assert kiosk.visit is not None
    async with kiosk.stage.office.sessions.read() as session:
        return (await session.get_one(Conversation, kiosk.visit.id)).citizen_id


async def test_a_card_confirms_whom_the_face_proposed(kiosk: Kiosk) -> None:
    me = await remember(kiosk, "韦秀兰", "person_b")
    await propose(kiosk, "person_b_1")
    assert await signed_in_as(kiosk) is None
    kiosk.reader.lay_on(demo_chip("韦秀兰"))
    await told(kiosk, "确认是您，欢迎回来")
    assert await signed_in_as(kiosk) == me
    async with kiosk.stage.office.sessions.read() as session:
        kinds = select(Proof.kind).where(Proof.conversation_id == kiosk.visit.id)  # type: ignore[union-attr]
        assert {ProofKind.ID_CARD, ProofKind.REMEMBERED} <= set(await session.scalars(kinds))


@pytest.mark.parametrize("card", ["李小梅", "过期的身份证"])
async def test_another_card_or_an_expired_one_confirms_nobody(kiosk: Kiosk, card: str) -> None:
    # the expired one is 测试员's own
    await remember(kiosk, "测试员" if card == "过期的身份证" else "韦秀兰", "person_b")
    await propose(kiosk, "person_b_1")
    kiosk.reader.lay_on(demo_chip(card))
    said = await told(kiosk, "这次没认出来")
    assert await signed_in_as(kiosk) is None
    for name in ("韦", "测试", "李小"):
        assert name not in said
    async with kiosk.stage.office.sessions.read() as session:
        kinds = set(await session.scalars(select(Proof.kind)))
        assert ProofKind.REMEMBERED not in kinds
    await kiosk.say(text="按指纹")
    assert await signed_in_as(kiosk) is None
