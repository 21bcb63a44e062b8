"""The pictures of a challenge: how much may be sent, and what becomes of it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from backoffice.db import Sessions
from backoffice.identity.liveness import ChallengeGone, TooManyChallenges, start_challenge
from backoffice.identity.models import LivenessChallenge
from backoffice.identity.services import record_consent, record_face_proof
from backoffice.uploads import errors, live
from backoffice.uploads.content import MAX_SCANS, clean
from backoffice.uploads.models import Upload
from backoffice.uploads.services import receive_live_selfie, receive_upload
from integrations.ports import LiveAction
from integrations.vision.sandbox import SandboxVision
from tests.conversations.pictures import frame, shown
from tests.uploads import pictures as p
from tests.uploads.conftest import AddWidget

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
FACE = "person_b_2"
Frames = list[tuple[int, bytes]]


class Booth:
    """Somebody before the camera, whose card was photographed before."""

    def __init__(
        self, sessions: Sessions, vision: SandboxVision, folder: Path, widget: str
    ) -> None:
        self.sessions, self.vision, self.folder, self.widget = sessions, vision, folder, widget

    async def asked(self) -> tuple[str, tuple[LiveAction, ...]]:
        async with self.sessions.begin() as session:
            begun = await start_challenge(
                session, conversation_id="mine", widget_id=self.widget, now=NOW
            )
        return begun.nonce, begun.actions

    async def send(self, nonce: str, frames: Frames) -> Upload:
        return await receive_live_selfie(
            self.sessions, self.vision, self.folder, conversation_id="mine",
            widget_id=self.widget, nonce=nonce, frames=frames, now=NOW,
        )  # fmt: skip

    async def kept(self) -> list[Upload]:
        async with self.sessions.begin() as session:
            return list(await session.scalars(select(Upload).where(Upload.kind == "selfie")))

    async def unused(self, nonce: str) -> bool:
        async with self.sessions.begin() as session:
            return (await session.get_one(LivenessChallenge, nonce)).used_at is None


@pytest.fixture
async def booth(sessions: Sessions, folder: Path, add_widget: AddWidget) -> Booth:
    vision = SandboxVision()
    vision.knows(p.card_with_face("person_b_1.jpg"), faces=1, person="b", card=p.READ)
    for action in LiveAction:
        vision.knows(frame(FACE, action), faces=1, person="b", action=action)
        vision.knows(frame("person_a_1", action), faces=1, person="a", action=action)
    async with sessions.begin() as session:
        await record_consent(session, kind="face", granted=True, conversation_id="mine", now=NOW)
    await receive_upload(
        sessions, vision, folder, conversation_id="mine",
        widget_id=await add_widget("id_card_front"),
        content=p.card_with_face("person_b_1.jpg"), now=NOW,
    )  # fmt: skip
    return Booth(sessions, vision, folder, await add_widget("selfie"))


def still() -> Frames:
    return [(300 * n, frame(FACE, LiveAction.LOOK_STRAIGHT)) for n in range(9)]


async def test_who_does_what_is_asked_is_compared_alive(booth: Booth) -> None:
    nonce, actions = await booth.asked()
    upload = await booth.send(nonce, shown(FACE, actions))
    async with booth.sessions.begin() as session:
        proof = await record_face_proof(
            session, conversation_id="mine", upload_id=upload.id, now=NOW
        )
    assert proof.result == "alike" and proof.detail["liveness"]["passed"] is True
    (only,) = await booth.kept()
    assert only.id == upload.id, "of all the pictures one is kept"


async def test_somebody_else_alive_is_not_alike(booth: Booth) -> None:
    nonce, actions = await booth.asked()
    upload = await booth.send(nonce, shown("person_a_1", actions))
    assert upload.analysis["liveness"]["passed"] is True
    assert upload.analysis["comparison"]["band"] == "different"


async def test_a_still_face_fails_and_the_second_time_a_clerk_gets_the_picture(
    booth: Booth,
) -> None:
    nonce, _ = await booth.asked()
    with pytest.raises(errors.LivenessFailed):
        await booth.send(nonce, still())
    assert await booth.kept() == []
    nonce, _ = await booth.asked()
    upload = await booth.send(nonce, still())
    assert upload.analysis["liveness"]["passed"] is False
    with pytest.raises(TooManyChallenges):
        await booth.asked()


async def test_the_same_pictures_again_are_worth_nothing(booth: Booth) -> None:
    nonce, actions = await booth.asked()
    frames = shown(FACE, actions)
    await booth.send(nonce, frames)
    with pytest.raises(ChallengeGone):
        await booth.send(nonce, frames)


def large(width: int, height: int) -> bytes:
    return p.encoded(p.photo(width, height))


@pytest.mark.parametrize(
    ("frames", "error"),
    [
        ([(0, b"x")] * (live.FEWEST_FRAMES - 1), errors.LivenessFailed),
        ([(0, b"x")] * (live.MOST_FRAMES + 1), errors.LivenessFailed),
        ([(0, b"\0" * (live.MAX_BYTES_TOGETHER // 10 + 1))] * 10, errors.TooLarge),
        (
            [(n, large(1000, 800)) for n in range(8)] + [(9, large(1600, 1000))],
            errors.TooManyPixels,
        ),
        ([(n, large(1200, 1200)) for n in range(20)], errors.TooManyPixels),
        ([(n, p.encoded(p.photo(), "PNG")) for n in range(9)], errors.NotAPicture),
        ([(n, p.pdf()) for n in range(9)], errors.NotAPicture),
    ],
    ids=["too few", "too many", "bytes", "one too large", "pixels together", "PNG", "PDF"],
)
async def test_too_much_is_refused_before_anything_is_decoded_or_used_up(
    booth: Booth, monkeypatch: pytest.MonkeyPatch, frames: Frames, error: type[Exception]
) -> None:
    def decoded(*_: object) -> None:
        raise AssertionError("a picture was decoded")

    monkeypatch.setattr(live, "clean", decoded)
    nonce, _ = await booth.asked()
    with pytest.raises(error):
        await booth.send(nonce, frames)
    assert await booth.unused(nonce)
    assert await booth.kept() == []


def test_the_pictures_that_the_page_takes_are_within_the_bounds() -> None:
    live.check_size([(300 * n, large(540, 720)) for n in range(live.MOST_FRAMES)])
    # a webcam's picture as wide as it comes
    live.check_size([(300 * n, large(720, 720)) for n in range(live.MOST_FRAMES)])


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    """Each scan costs a pass over the whole picture, and there is room for thousands of them."""
    picture = p.encoded(p.photo(), progressive=True)
    last = picture[picture.rindex(b"\xff\xda") : -2]
    assert clean("photo", picture)
    with pytest.raises(errors.Damaged):
        clean("photo", picture[:-2] + last * MAX_SCANS + picture[-2:])
