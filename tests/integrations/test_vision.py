"""Reading real pictures with the real models, in their own process."""

import asyncio
import io
import multiprocessing
import os
import socket
import time
from collections.abc import Iterator
from datetime import date
from difflib import SequenceMatcher
from pathlib import Path

import pytest
from PIL import Image

from integrations.ports import (
    CardReading,
    FacePurpose,
    FaceTemplate,
    LiveAction,
    LiveFrame,
    Rejected,
    Unavailable,
    Vision,
)
from integrations.registers.people import load_people
from integrations.vision import engine
from integrations.vision.face_rule import MODELS
from integrations.vision.local import LocalVision
from integrations.vision.sandbox import SandboxVision, template_of
from tests.uploads import pictures as p

DEMO = Path(__file__).resolve().parents[2] / "data" / "demo"
NUMBER = "11010519491231002X"


@pytest.fixture(scope="module")
def vision() -> Iterator[LocalVision]:
    local = LocalVision()
    yield local
    local.close()


def turned(name: str, **how: object) -> bytes:
    picture = Image.open(io.BytesIO(p.sample(name))).convert("RGB")
    return p.encoded(picture.rotate(expand=True, fillcolor="#555555", **how), quality=88)


def far_away() -> bytes:
    table = Image.new("RGB", (2400, 1800), "#553322")
    table.paste(Image.open(io.BytesIO(p.sample("front_photo.jpg"))).resize((700, 450)), (900, 800))
    return p.encoded(table, quality=88)


@pytest.mark.parametrize(
    "picture",
    [
        p.sample("front_photo.jpg"),
        p.sample("front_photo_small.jpg"),
        p.encoded(Image.open(io.BytesIO(p.sample("front.png"))).convert("RGB"), quality=88),
        turned("front.png", angle=-20),
        turned("front_photo.jpg", angle=90),
        turned("front_photo.jpg", angle=180),
        far_away(),
    ],
    ids=["photo", "small", "clean", "slanted", "sideways", "upside-down", "far-away"],
)
async def test_a_card_is_read(vision: LocalVision, picture: bytes) -> None:
    read = await vision.read_card(picture)
    assert (read.name, read.sex, read.ethnicity) == ("测试员", "男", "汉")
    assert read.birth == date(1949, 12, 31) and read.id_no == NUMBER
    assert read.address is not None
    # 门 is read as 内 on some; the citizen confirms what was read
    assert read.address.startswith("北京市朝阳区建国") and read.address.endswith(
        "样例小区12号楼3单元401室"
    )


async def test_the_demos_cards_are_read_as_the_demos_people(vision: LocalVision) -> None:
    for person in load_people(DEMO / "people.yml").values():
        read = await vision.read_card((DEMO / "cards" / f"{person.name}.jpg").read_bytes())
        assert (read.name, read.sex, read.id_no) == (person.name, person.sex, person.id_no)
        assert read.ethnicity == person.ethnicity and read.address is not None
        alike = SequenceMatcher(None, read.address, person.hukou_address).ratio()
        assert alike > 0.85, person.name


@pytest.mark.parametrize("name", ["back.png", "person_b_1.jpg"])
async def test_nothing_is_read_off_what_is_no_front(vision: LocalVision, name: str) -> None:
    picture = Image.open(io.BytesIO(p.sample(name))).convert("RGB")
    read = await vision.read_card(p.encoded(picture))
    assert read.name is None and read.id_no is None


async def counted(vision: Vision, picture: bytes) -> int:
    """How many faces of a similar size are seen."""
    return (await vision.inspect_face(picture, FacePurpose.SELFIE)).faces


@pytest.mark.parametrize(
    ("picture", "faces"),
    [
        (p.sample("person_b_1.jpg"), 1),
        (p.sample("person_a_1.jpg"), 1),
        (p.card_with_face("person_b_1.jpg"), 1),
        (p.two_faces(), 2),
        (p.sample("front_photo.jpg"), 0),
    ],
    ids=["portrait", "tiny portrait", "card", "two", "none"],
)
async def test_faces_are_counted(vision: LocalVision, picture: bytes, faces: int) -> None:
    assert await counted(vision, picture) == faces


async def test_the_holder_of_a_card_is_alike_and_another_person_different(
    vision: LocalVision,
) -> None:
    card = p.card_with_face("person_b_1.jpg")
    same = await vision.compare_faces(card, p.sample("person_b_2.jpg"))
    other = await vision.compare_faces(card, p.sample("impostor_1.jpg"))
    assert same is not None and other is not None
    assert same.band == "alike" and other.band == "different"
    assert same.distance < same.thresholds[0] < same.thresholds[1] < other.distance
    assert [score.model for score in same.scores] == list(MODELS)


async def test_a_template_serves_as_well_as_its_picture_and_costs_no_second_look(
    vision: LocalVision, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = p.card_with_face("person_b_1.jpg")
    looked = await vision.inspect_face(card, FacePurpose.CARD)
    assert looked.template is not None and looked.faults == ()
    kept = FaceTemplate.unpack(looked.template.pack())
    pictures = []
    run = vision._process.run

    async def counted(work: object, *given: object) -> object:
        pictures.append(given)
        return await run(work, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(vision._process, "run", counted)
    by_template = await vision.compare_faces(kept, p.sample("person_b_2.jpg"))
    assert pictures == [(p.sample("person_b_2.jpg"),)]
    by_picture = await vision.compare_faces(card, p.sample("person_b_2.jpg"))
    assert by_template == by_picture
    assert await vision.compare_faces(kept, kept) is not None and len(pictures) == 3
    with pytest.raises(Rejected):
        await vision.compare_faces(template_of("x"), kept)


async def test_a_picture_without_a_face_cannot_be_compared(vision: LocalVision) -> None:
    none = p.sample("front_photo.jpg")
    assert await vision.compare_faces(none, p.sample("person_b_2.jpg")) is None
    assert await vision.compare_faces(p.sample("person_b_2.jpg"), none) is None


async def test_the_process_stays_below_its_memory(vision: LocalVision) -> None:
    await vision.read_card(far_away())
    await counted(vision, p.encoded(p.photo(2400, 1800)))
    assert await vision.resident_mb() < 600


async def test_what_is_no_picture_is_an_error_of_ours_and_says_nothing_of_it(
    vision: LocalVision,
) -> None:
    with pytest.raises(Unavailable) as caught:
        await vision.read_card(b"secret words")
    assert "secret" not in repr(caught.value) and caught.value.__suppress_context__


async def test_a_killed_process_is_begun_anew(vision: LocalVision) -> None:
    await vision.warm()
    for child in multiprocessing.active_children():
        if child.pid == vision._process.pid:
            child.kill()
            child.join()
    assert await counted(vision, p.sample("person_b_1.jpg")) == 1


async def test_a_picture_that_kills_twice_is_given_up_and_the_next_one_read() -> None:
    vision = LocalVision()
    try:
        with pytest.raises(Unavailable, match="died twice"):
            await vision._process.run(os._exit, 3)  # type: ignore[arg-type]
        assert await counted(vision, p.sample("person_b_1.jpg")) == 1
    finally:
        vision.close()


async def test_work_without_end_is_ended() -> None:
    vision = LocalVision(timeout_s=1.0)
    try:
        await vision.warm()
        first = vision._process.pid
        with pytest.raises(Unavailable, match="time-out"):
            await vision._process.run(time.sleep, 60)  # type: ignore[arg-type]
        assert await vision.resident_mb() > 0
        assert vision._process.pid != first
    finally:
        vision.close()


async def test_callers_beyond_the_queue_are_told_at_once(
    vision: LocalVision, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vision._process, "_max_waiting", 2)
    picture = p.sample("person_b_1.jpg")
    done = await asyncio.gather(
        *(counted(vision, picture) for _ in range(5)), return_exceptions=True
    )
    assert done.count(1) == 2
    assert sum(isinstance(one, Unavailable) for one in done) == 3


def test_the_models_are_read_from_the_package_and_never_fetched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    engine._reader.cache_clear()
    assert engine.read_card(p.sample("front_photo_small.jpg")).id_no == NUMBER


# —— the sandbox keeps the port's promises ——


async def test_the_sandbox_knows_the_pictures_it_was_shown() -> None:
    card = CardReading("测试员", None, None, None, None, NUMBER)
    box = SandboxVision()
    box.knows(p.card_with_face("person_b_1.jpg"), card=card, faces=1, person="b")
    box.knows(p.sample("person_b_2.jpg"), faces=1, person="b")
    box.knows(p.sample("impostor_1.jpg"), faces=1, person="o")
    smaller = Image.open(io.BytesIO(p.card_with_face("person_b_1.jpg"))).resize((500, 316))
    assert await box.read_card(p.encoded(smaller, quality=60)) == card
    assert (await box.read_card(p.sample("impostor_1.jpg"))).id_no is None
    assert await counted(box, p.encoded(p.photo())) == 0
    same = await box.compare_faces(p.encoded(smaller), p.sample("person_b_2.jpg"))
    other = await box.compare_faces(p.encoded(smaller), p.sample("impostor_1.jpg"))
    assert same is not None and same.band == "alike"
    assert other is not None and other.band == "different"
    assert await box.compare_faces(p.encoded(p.photo()), p.sample("impostor_1.jpg")) is None
    template = template_of("b")
    kept = FaceTemplate.unpack(template.pack())
    assert kept.models == template.models and (kept.vectors == template.vectors).all()
    assert "vectors" not in repr(kept)
    cached = await box.compare_faces(kept, p.sample("person_b_2.jpg"))
    assert cached is not None and cached.band == "alike"
    box.faults.fail_next()
    with pytest.raises(Unavailable):
        await counted(box, p.sample("impostor_1.jpg"))


async def test_the_sandbox_sees_the_actions_it_was_told_of_in_their_order_only() -> None:
    box = SandboxVision()
    straight, left = p.sample("person_b_1.jpg"), p.sample("person_b_2.jpg")
    box.knows(straight, faces=1, person="b")
    box.knows(left, faces=1, person="b", action=LiveAction.TURN_LEFT, faults=("turned",))
    frames = [LiveFrame(left, 0), LiveFrame(straight, 500)]
    seen = await box.check_liveness(frames, [LiveAction.TURN_LEFT])
    assert seen.passed and seen.best_frame == 1 and seen.template is not None
    missing = await box.check_liveness(frames, [LiveAction.BLINK, LiveAction.TURN_LEFT])
    assert not missing.passed and missing.fault == "action_missing"
    box.knows(p.sample("impostor_1.jpg"), faces=1, person="o")
    other = [*frames, LiveFrame(p.sample("impostor_1.jpg"), 900)]
    assert (await box.check_liveness(other, [LiveAction.TURN_LEFT])).fault == "other_person"
