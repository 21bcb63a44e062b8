"""Looks through the real models: portraits that are made to move, remembered and found again.

The faces are public pictures; what moving them proves and what not is said in `moving_face`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from backoffice.conversations.models import Conversation, Widget
from backoffice.db import Sessions
from backoffice.errors import CitizenError
from backoffice.identity import liveness
from backoffice.identity.liveness import start_challenge
from backoffice.identity.models import Proof, ProofKind
from backoffice.identity.proofs import record_consent
from backoffice.remembering.directory import FaceDirectory
from backoffice.remembering.errors import AnotherFace, SomebodyBeside
from backoffice.remembering.keeping import RECOGNISE, REMEMBER
from backoffice.remembering.looking import Looker, take_look
from backoffice.remembering.models import FaceLook
from backoffice.uploads import store
from backoffice.uploads.errors import LivenessFailed
from backoffice.uploads.models import Upload
from integrations.ports import LiveAction
from integrations.vision.index import NumpyFaceIndex
from integrations.vision.local import LocalVision
from tests.conversations import pictures
from tests.remembering.conftest import NOW, RULES
from tests.remembering.test_basis import scene

BESIDE = {"next to": 2 / 3, "behind": 1 / 4}
OWN, OWN_LATER, IMPOSTOR = "person_b_1", "person_b_2", "impostor_1"


@pytest.fixture(scope="module")
def vision() -> Iterator[LocalVision]:
    made = LocalVision(timeout_s=120)  # a busy machine is no fault of the picture
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _turns_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked for is what these drawn portraits are known to show; see `moving_face`."""
    turns = (LiveAction.TURN_LEFT, LiveAction.TURN_RIGHT)
    monkeypatch.setattr(liveness, "_random", lambda count: turns[:count])


@pytest.fixture
def looker(hall: Sessions, vision: LocalVision, tmp_path: Path) -> Looker:
    return Looker(hall, vision, FaceDirectory(NumpyFaceIndex()), RULES, tmp_path)


async def proved(looker: Looker) -> str:
    """Somebody who has just been proved by card and live face; the visit."""
    async with looker.sessions.begin() as session:
        await scene(session)
        proof = (await session.scalars(select(Proof).where(Proof.kind == ProofKind.FACE))).one()
        store.write(looker.uploads, "selfie-upload", pictures.selfie(OWN))
        for known in list(await session.scalars(select(Proof))):
            known.upload_ids = [
                {"card": "card-upload", "selfie": "selfie-upload"}[one] for one in known.upload_ids
            ]
        session.add(
            Upload(
                id="selfie-upload", conversation_id="visit", application_id="app", widget_id="w",
                citizen_id="me", kind="selfie", mime="image/jpeg", size=1, digest="", analysis={},
                created_at=NOW, expires_at=NOW,
            )
        )  # fmt: skip
        assert proof.citizen_id == "me"
    return "visit"


async def arrived(looker: Looker) -> str:
    """Somebody at a kiosk who is not signed in; the visit."""
    async with looker.sessions.begin() as session:
        visit = Conversation(
            channel="kiosk", token_hash="k", memory={}, device_id="kiosk", created_at=NOW,
            last_turn_at=NOW,
        )  # fmt: skip
        session.add(visit)
        await session.flush()
        return visit.id


async def look(
    looker: Looker, visit: str, target: str, face: str, *, how: str = "moves"
) -> FaceLook:
    kind = RECOGNISE if target == "recognise" else REMEMBER
    async with looker.sessions.begin() as session:
        conversation = await session.get_one(Conversation, visit)
        await record_consent(
            session, kind=kind, granted=True, conversation_id=visit,
            citizen_id=conversation.citizen_id, now=NOW,
        )  # fmt: skip
        widget = Widget(conversation_id=visit, kind="selfie", target=target, issued_at=NOW)
        session.add(widget)
        await session.flush()
        challenge = await start_challenge(
            session, conversation_id=visit, widget_id=widget.id, now=NOW
        )
    actions = challenge.actions if how != "still" else [LiveAction.LOOK_STRAIGHT] * 3
    frames = pictures.film(face, actions)
    if how in BESIDE:
        frames = [(at, _with_somebody(frame, BESIDE[how])) for at, frame in frames]
    id = await take_look(
        looker, conversation_id=visit, widget_id=widget.id, nonce=challenge.nonce, frames=frames,
        now=NOW,
    )  # fmt: skip
    async with looker.sessions.read() as session:
        return await session.get_one(FaceLook, id)


def _with_somebody(frame: bytes, height_share: float) -> bytes:
    """The frame, with a second face beside the first, of that share of its height."""
    import io

    mine = Image.open(io.BytesIO(frame)).convert("RGB")
    other = Image.open(io.BytesIO(pictures.selfie("person_a_1"))).convert("RGB")
    height = int(mine.height * height_share)
    other = other.resize((other.width * height // other.height, height))
    both = Image.new("RGB", (mine.width + other.width, mine.height), (120, 120, 120))
    both.paste(mine, (0, 0))
    both.paste(other, (mine.width, mine.height - height))
    made = io.BytesIO()
    both.save(made, "JPEG", quality=92)
    return made.getvalue()


async def test_the_proved_face_is_remembered_and_found_again_and_no_other(looker: Looker) -> None:
    visit = await proved(looker)
    with pytest.raises(AnotherFace):
        await look(looker, visit, "enrol", IMPOSTOR)
    assert (await look(looker, visit, "enrol", OWN)).outcome == "enrolled"
    later = await look(looker, await arrived(looker), "recognise", OWN_LATER)
    assert (later.outcome, later.citizen_id) == ("found", "me")
    assert later.detail["band"] == "alike" and set(later.detail) == {
        "distance", "band", "thresholds", "model", "margin"
    }  # fmt: skip
    stranger = await look(looker, await arrived(looker), "recognise", IMPOSTOR)
    assert (stranger.outcome, stranger.citizen_id) == ("not_found", None)
    async with looker.sessions.read() as session:
        kept = list(await session.scalars(select(Upload.id)))
    assert kept == ["selfie-upload"], "no frame may be kept"


@pytest.mark.parametrize(
    ("how", "refusal", "code"),
    [
        ("still", LivenessFailed, "upload.live_still"),
        ("next to", LivenessFailed, "upload.live_several_faces"),
        ("behind", SomebodyBeside, "remembering.somebody_beside"),
    ],
)
async def test_a_photograph_and_a_second_face_are_refused(
    looker: Looker, how: str, refusal: type[CitizenError], code: str
) -> None:
    """A second face as large as the first, and one in the background that a challenge overlooks."""
    visit = await arrived(looker)
    with pytest.raises(refusal) as told:
        await look(looker, visit, "recognise", OWN, how=how)
    assert (type(told.value), told.value.code) == (refusal, code)
    async with looker.sessions.read() as session:
        assert list(await session.scalars(select(FaceLook))) == []
        assert list(await session.scalars(select(Upload))) == []
