"""The whole way with the real reader: photographed card and selfie."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from PIL.ImageFilter import GaussianBlur

from backoffice.db import Sessions
from backoffice.identity.services import record_card_proof, record_consent, record_face_proof
from backoffice.uploads import errors
from backoffice.uploads.services import receive_upload
from integrations.vision.local import LocalVision
from tests.uploads import pictures as p
from tests.uploads.conftest import NOW, AddWidget


@pytest.fixture
def vision() -> Iterator[LocalVision]:
    local = LocalVision(timeout_s=60)
    yield local
    local.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_card_and_selfie_become_proofs_a_clerk_can_weigh(
    sessions: Sessions, folder: Path, add_widget: AddWidget, vision: LocalVision
) -> None:
    async def send(kind: str, content: bytes) -> str:
        kept = await receive_upload(
            sessions,
            vision,
            folder,
            conversation_id="mine",
            widget_id=await add_widget(kind),
            content=content,
            now=NOW,
        )
        return kept.id

    async with sessions.begin() as session:
        await record_consent(session, kind="face", granted=True, conversation_id="mine", now=NOW)
    blurred = Image.open(io.BytesIO(p.sample("front_photo.jpg"))).filter(GaussianBlur(7))
    for kind, picture, code in (
        ("id_card_front", p.sample("back.png"), "card_shows_back"),
        ("id_card_front", p.encoded(blurred), "card_blurred"),
        ("id_card_back", p.sample("front_photo.jpg"), "card_shows_front"),
        ("selfie", p.sample("front_photo.jpg"), "face_none"),
        ("selfie", p.two_faces(), "face_several"),
        ("selfie", p.card_with_face("person_b_1.jpg"), "face_photo_of_card"),
        ("selfie", p.sample("person_a_1.jpg"), "face_too_small"),
    ):
        with pytest.raises(errors.UploadRefused) as caught:
            await send(kind, picture)
        assert caught.value.code == f"upload.{code}"
    card = await send("id_card_front", p.card_with_face("person_b_1.jpg"))
    selfie = await send("selfie", p.sample("person_b_2.jpg"))
    async with sessions.begin() as session:
        read = await record_card_proof(session, conversation_id="mine", upload_id=card, now=NOW)
        face = await record_face_proof(session, conversation_id="mine", upload_id=selfie, now=NOW)
    assert read.result == "read" and face.result == "alike"
    assert face.upload_ids == [card, selfie]
    assert 0 < face.detail["distance"] < face.detail["thresholds"][0]
