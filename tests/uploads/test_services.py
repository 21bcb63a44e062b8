"""The way of an upload: whose it is, what is read from it, how it lies on the disk."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from backoffice.applications.models import Application
from backoffice.applications.states import State
from backoffice.conversations.models import Widget
from backoffice.crypto import DecryptionFailed
from backoffice.db import Sessions
from backoffice.errors import NotFound
from backoffice.identity.services import record_consent
from backoffice.uploads import errors, places, store
from backoffice.uploads.models import Upload
from backoffice.uploads.services import (
    delete_upload,
    keep_until,
    load_upload,
    purge_expired,
    receive_upload,
    remove_orphans,
    upload_of,
)
from integrations.ports import CardReading, FaceInspection, FacePurpose, Unavailable
from integrations.vision.sandbox import SandboxVision
from tests.uploads import pictures as p
from tests.uploads.conftest import AddWidget

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
CARD = p.READ
NUMBER = "11010519491231002X"


@pytest.fixture
def vision() -> SandboxVision:
    known = SandboxVision()
    known.knows(p.sample("front_photo.jpg"), card=CARD)
    known.knows(p.card_with_face("person_b_1.jpg"), card=CARD, faces=1, person="b")
    known.knows(p.sample("person_b_2.jpg"), faces=1, person="b")
    known.knows(p.sample("person_a_2.jpg"), faces=1, person="a")
    known.knows(p.two_faces(), faces=2)
    return known


class Desk:
    """Sends uploads of one visit."""

    def __init__(
        self, sessions: Sessions, vision: SandboxVision, folder: Path, add_widget: AddWidget
    ) -> None:
        self.sessions, self.vision, self.folder, self.add_widget = (
            sessions,
            vision,
            folder,
            add_widget,
        )

    async def send(self, kind: str, content: bytes, widget: str | None = None) -> Upload:
        return await receive_upload(
            self.sessions,
            self.vision,
            self.folder,
            conversation_id="mine",
            widget_id=widget or await self.add_widget(kind),
            content=content,
            now=NOW,
        )

    async def agree(self, granted: bool = True) -> None:
        async with self.sessions.begin() as session:
            await record_consent(
                session, kind="face", granted=granted, conversation_id="mine", now=NOW
            )

    async def rows(self) -> list[Upload]:
        async with self.sessions.begin() as session:
            return list(await session.scalars(select(Upload)))

    def files(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file()]


@pytest.fixture
def desk(sessions: Sessions, vision: SandboxVision, folder: Path, add_widget: AddWidget) -> Desk:
    return Desk(sessions, vision, folder, add_widget)


async def test_a_card_is_read_and_kept_encrypted(desk: Desk) -> None:
    kept = await desk.send("id_card_front", p.sample("front_photo.jpg"))
    assert kept.analysis["card"]["id_no"] == NUMBER
    assert kept.analysis["card"]["birth"] == "1949-12-31"
    assert kept.analysis["id_no_fault"] is None
    async with desk.sessions.begin() as session:
        opened = await load_upload(session, desk.folder, kept.id, conversation_id="mine")
    assert opened[:3] == b"\xff\xd8\xff" and len(opened) == kept.size
    (file,) = desk.files()
    assert file == desk.folder / kept.id[:2] / kept.id
    assert opened[200:260] not in file.read_bytes() and b"JFIF" not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0


async def test_nothing_read_from_a_card_stands_in_the_database(desk: Desk) -> None:
    await desk.send("id_card_front", p.sample("front_photo.jpg"))
    async with desk.sessions.begin() as session:
        for row in await session.execute(text("select * from uploads")):
            whole = b"|".join(
                bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in row
            )
            assert NUMBER.encode() not in whole and "测试员".encode() not in whole


@pytest.mark.parametrize(
    ("number", "birth", "fault"),
    [
        ("110105194912310021", None, "checksum"),
        (None, None, "missing"),
        (NUMBER, date(1949, 12, 30), "birth_mismatch"),
        ("911124198108030024", date(1981, 8, 3), None),
    ],
)
async def test_a_number_that_does_not_add_up_is_flagged(
    desk: Desk, number: str | None, birth: date | None, fault: str | None
) -> None:
    card = CardReading("测试员", None, None, birth, None, number)
    desk.vision.knows(p.encoded(p.photo()), card=card)
    kept = await desk.send("id_card_front", p.encoded(p.photo()))
    assert kept.analysis["id_no_fault"] == fault


async def test_a_card_without_name_and_number_is_refused(desk: Desk) -> None:
    with pytest.raises(errors.CardRefused) as caught:
        await desk.send("id_card_front", p.encoded(p.photo()))
    assert caught.value.code == "upload.card_unreadable"
    assert await desk.rows() == [] and desk.files() == []


async def test_a_selfie_is_compared_with_the_newest_card(desk: Desk) -> None:
    await desk.agree()
    await desk.send("id_card_front", p.sample("front_photo.jpg"))
    card = await desk.send("id_card_front", p.card_with_face("person_b_1.jpg"))
    async with desk.sessions.begin() as session:
        (await session.get_one(Upload, card.id)).created_at = NOW + timedelta(seconds=1)
    same = await desk.send("selfie", p.sample("person_b_2.jpg"))
    other = await desk.send("selfie", p.sample("person_a_2.jpg"))
    assert same.analysis["reference"] == card.id
    assert same.analysis["comparison"]["band"] == "alike"
    assert same.analysis["comparison"]["thresholds"] == [0.4, 0.5]
    assert other.analysis["comparison"]["band"] == "different"


async def test_a_selfie_without_a_card_or_a_face_on_it_is_kept_for_the_clerk(desk: Desk) -> None:
    await desk.agree()
    first = await desk.send("selfie", p.sample("person_b_2.jpg"))
    assert first.analysis["not_compared"] == "no_card"
    await desk.send("id_card_front", p.sample("front_photo.jpg"))
    second = await desk.send("selfie", p.sample("person_b_2.jpg"))
    assert second.analysis["not_compared"] == "no_face_on_card"
    assert second.analysis["comparison"] is None


@pytest.mark.parametrize("answers", [[], [False], [True, False]])
async def test_a_selfie_without_consent_is_not_even_looked_at(
    desk: Desk, answers: list[bool]
) -> None:
    for granted in answers:
        await desk.agree(granted)
    desk.vision.faults.fail_next(9)
    with pytest.raises(errors.ConsentMissing):
        await desk.send("selfie", p.sample("person_b_2.jpg"))
    assert desk.files() == []


async def test_consent_withdrawn_while_the_picture_is_read_counts(desk: Desk) -> None:
    await desk.agree()
    inspect = desk.vision.inspect_face

    async def inspect_and_withdraw(image: bytes, purpose: FacePurpose) -> FaceInspection:
        await desk.agree(False)
        return await inspect(image, purpose)

    desk.vision.inspect_face = inspect_and_withdraw  # type: ignore[method-assign]
    with pytest.raises(errors.ConsentMissing):
        await desk.send("selfie", p.sample("person_b_2.jpg"))
    assert await desk.rows() == [] and desk.files() == []


@pytest.mark.parametrize("kind", ["selfie", "photo"])
async def test_exactly_one_face_is_wanted(desk: Desk, kind: str) -> None:
    await desk.agree()
    for picture, code in (
        (p.sample("front_photo.jpg"), "upload.face_none"),
        (p.two_faces(), "upload.face_several"),
    ):
        with pytest.raises(errors.FaceRefused) as caught:
            await desk.send(kind, picture)
        assert caught.value.code == code
    assert desk.files() == []


async def test_a_card_is_refused_and_a_selfie_kept_while_the_reader_is_down(desk: Desk) -> None:
    await desk.agree()
    desk.vision.faults.fail_next()
    with pytest.raises(errors.ReadingDown) as caught:
        await desk.send("id_card_front", p.sample("front_photo.jpg"))
    assert caught.value.status == 503
    desk.vision.faults.fail_next(error=Unavailable("down"))
    kept = await desk.send("selfie", p.sample("person_b_2.jpg"))
    assert kept.analysis["not_compared"] == "reader_down" and kept.analysis["faces"] is None


@pytest.mark.parametrize("state", ["done", "declined"])
async def test_a_closed_widget_takes_nothing(desk: Desk, state: str) -> None:
    widget = await desk.add_widget("document", state=state)
    with pytest.raises(NotFound):
        await desk.send("document", p.pdf(), widget)


async def test_a_widget_of_another_visit_does_not_exist(desk: Desk) -> None:
    widget = await desk.add_widget("document", conversation="theirs")
    for wrong in (widget, "absent", "../../etc/passwd"):
        with pytest.raises(NotFound):
            await desk.send("document", p.pdf(), wrong)


@pytest.mark.parametrize("kind", ["sms_code", "consent"])
async def test_a_widget_that_wants_no_upload_takes_none(desk: Desk, kind: str) -> None:
    with pytest.raises(NotFound):
        await desk.send(kind, p.sample("front_photo.jpg"))


async def test_a_widget_closed_while_the_picture_is_read_takes_nothing(desk: Desk) -> None:
    widget = await desk.add_widget("id_card_front")
    read = desk.vision.read_card

    async def read_and_close(image: bytes) -> CardReading:
        async with desk.sessions.begin() as session:
            (await session.get_one(Widget, widget)).state = "declined"
        return await read(image)

    desk.vision.read_card = read_and_close  # type: ignore[method-assign]
    with pytest.raises(NotFound):
        await desk.send("id_card_front", p.sample("front_photo.jpg"), widget)
    assert await desk.rows() == [] and desk.files() == []


async def test_uploads_are_limited(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MAX_PER_WIDGET", 2)
    monkeypatch.setattr(places, "MAX_PER_CONVERSATION", 3)
    widget = await desk.add_widget("signature")
    for _ in range(2):
        await desk.send("signature", p.signature(), widget)
    with pytest.raises(errors.TooManyUploads):
        await desk.send("signature", p.signature(), widget)
    await desk.send("signature", p.signature())
    with pytest.raises(errors.TooManyUploads):
        await desk.send("signature", p.signature())


async def test_a_paper_in_pdf_keeps_its_pages(desk: Desk) -> None:
    kept = await desk.send("document", p.pdf(3))
    assert kept.mime == "application/pdf" and kept.analysis == {"pages": 3}


async def test_the_event_loop_goes_on_while_a_large_picture_is_cleaned(desk: Desk) -> None:
    content = p.encoded(p.photo(5000, 4000), "PNG", compress_level=1)
    longest, running = 0.0, True

    async def watch() -> None:
        nonlocal longest
        loop = asyncio.get_running_loop()
        while running:
            began = loop.time()
            await asyncio.sleep(0.01)
            longest = max(longest, loop.time() - began)

    watching = asyncio.create_task(watch())
    began = asyncio.get_running_loop().time()
    await desk.send("document", content)
    whole = asyncio.get_running_loop().time() - began
    running = False
    await watching
    assert longest < max(0.25, whole / 2)


async def test_an_upload_belongs_to_its_visit_and_its_citizen(desk: Desk) -> None:
    kept = await desk.send("document", p.pdf())
    async with desk.sessions.begin() as session:
        (await session.get_one(Upload, kept.id)).citizen_id = "c"
    async with desk.sessions.begin() as session:
        assert (await upload_of(session, kept.id)).id == kept.id
        assert (await upload_of(session, kept.id, citizen_id="c")).id == kept.id
        for strange in ({"conversation_id": "theirs"}, {"citizen_id": "d"}):
            with pytest.raises(NotFound):
                await load_upload(session, desk.folder, kept.id, **strange)


async def test_a_file_moved_or_altered_does_not_open(desk: Desk) -> None:
    one = await desk.send("document", p.pdf(1))
    two = await desk.send("document", p.pdf(2))
    path = store.path_of(desk.folder, one.id)
    sealed = path.read_bytes()
    path.write_bytes(store.path_of(desk.folder, two.id).read_bytes())
    with pytest.raises(DecryptionFailed):
        store.read(desk.folder, one.id)
    path.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    with pytest.raises(DecryptionFailed):
        store.read(desk.folder, one.id)


async def test_deleting_takes_the_file_only_when_committed(desk: Desk) -> None:
    kept = await desk.send("document", p.pdf())
    with pytest.raises(RuntimeError):
        async with desk.sessions.begin() as session:
            await delete_upload(session, desk.folder, kept.id)
            raise RuntimeError("the caller fails")
    assert len(desk.files()) == 1
    async with desk.sessions.begin() as session:
        await delete_upload(session, desk.folder, kept.id)
    assert desk.files() == [] and await desk.rows() == []


async def test_what_is_past_its_time_is_deleted(desk: Desk) -> None:
    short = await desk.send("document", p.pdf())
    long = await desk.send("document", p.pdf())
    async with desk.sessions.begin() as session:
        await keep_until(session, [long.id], NOW + timedelta(days=900))
    async with desk.sessions.begin() as session:
        assert await purge_expired(session, desk.folder, now=NOW + timedelta(days=31)) == 1
    assert [row.id for row in await desk.rows()] == [long.id]
    assert [path.name for path in desk.files()] == [long.id]
    assert short.expires_at == NOW + timedelta(days=30)


@pytest.mark.parametrize(
    ("state", "deleted"),
    [
        (State.DRAFT, 1),
        (State.SUBMITTED, 0),
        (State.SUPPLEMENT_DUE, 0),
        (State.ACCEPTED, 0),
        (State.APPROVED, 1),
        (State.WITHDRAWN, 1),
    ],
)
async def test_nothing_is_deleted_while_the_authority_works_on_it(
    desk: Desk, state: State, deleted: int
) -> None:
    kept = await desk.send("document", p.pdf())
    async with desk.sessions.begin() as session:
        session.add(
            Application(
                id="app",
                item_code="residence_permit_apply",
                item_version="1",
                channel="phone",
                state=state,
                progress={},
                created_at=NOW,
                updated_at=NOW,
            )
        )
        (await session.get_one(Upload, kept.id)).application_id = "app"
    async with desk.sessions.begin() as session:
        assert await purge_expired(session, desk.folder, now=NOW + timedelta(days=90)) == deleted
    assert len(desk.files()) == 1 - deleted


async def test_a_selfie_of_no_application_is_kept_a_week_only(desk: Desk) -> None:
    await desk.agree()
    kept = await desk.send("selfie", p.sample("person_b_2.jpg"))
    assert kept.expires_at == NOW + timedelta(days=7)


async def test_files_that_a_crash_left_are_removed(desk: Desk) -> None:
    kept = await desk.send("document", p.pdf())
    store.write(desk.folder, "orphan-orphan-orphan-1", b"x")
    (desk.folder / "or" / "orphan-orphan-orphan-2.part").write_bytes(b"x")
    later = datetime.now(UTC) + timedelta(hours=2)
    async with desk.sessions.begin() as session:
        assert await remove_orphans(session, desk.folder, wall_clock=datetime.now(UTC)) == 0
        assert await remove_orphans(session, desk.folder, wall_clock=later) == 2
    assert [path.name for path in desk.files()] == [kept.id]


@pytest.mark.parametrize("wrong", ["../../../etc/passwd", "", "a/b", "x" * 60])
def test_an_id_cannot_lead_out_of_the_folder(folder: Path, wrong: str) -> None:
    with pytest.raises(ValueError, match="not an upload id"):
        store.path_of(folder, wrong)
