"""What is said of bad pictures of faces and cards, with the real models."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from integrations.ports import FaceInspection, FacePurpose
from integrations.vision import engine, face_quality, faces, looking
from integrations.vision.card_text import Line, looks_like_card
from tests.uploads import pictures as p

Change = Callable[[Image.Image], Image.Image]


def opened(name: str) -> Image.Image:
    return Image.open(io.BytesIO(p.sample(name))).convert("RGB")


def inspected(picture: Image.Image, purpose: FacePurpose = FacePurpose.SELFIE) -> FaceInspection:
    return looking.inspect(looking.look(p.encoded(picture, quality=90)), purpose, [])


def uneven(picture: Image.Image) -> Image.Image:
    pixels = np.asarray(picture).astype(np.float32)
    light = np.where(np.arange(pixels.shape[1]) < 0.52 * pixels.shape[1], 0.25, 1.3)
    return Image.fromarray(np.clip(pixels * light[None, :, None], 0, 255).astype(np.uint8))


def cut(picture: Image.Image) -> Image.Image:
    left, _, width, _ = looking.look(p.encoded(picture)).found[0].box
    return picture.crop((int(left + 0.22 * width), 0, picture.width, picture.height))


CHANGES: dict[str, Change] = {
    "blurred": lambda picture: picture.filter(ImageFilter.GaussianBlur(picture.width / 60)),
    "dark": lambda picture: ImageEnhance.Brightness(picture).enhance(0.2),
    "bright": lambda picture: ImageEnhance.Brightness(picture).enhance(2.4),
    "uneven_light": uneven,
    "tilted": lambda picture: picture.rotate(38, fillcolor="#888888"),
    "too_small": lambda picture: picture.resize((picture.width // 5, picture.height // 5)),
    "cut_off": cut,
}


def test_a_good_portrait_has_no_fault() -> None:
    looked = inspected(opened("person_b_1.jpg"))
    assert looked.faults == () and looked.faces == 1 and looked.bystanders == 0
    assert looked.template is not None and looked.measures["width"] > 90


@pytest.mark.parametrize("fault", CHANGES)
def test_each_fault_is_named(fault: str) -> None:
    looked = inspected(CHANGES[fault](opened("person_b_1.jpg")))
    assert fault in looked.faults, looked


def test_a_second_person_is_a_fault_and_a_small_face_behind_is_only_told() -> None:
    assert inspected(Image.open(io.BytesIO(p.two_faces()))).faults[0] == "several"
    both = Image.new("RGB", (1100, 900), "#777777")
    both.paste(opened("person_b_1.jpg").resize((720, 900)), (0, 0))
    both.paste(opened("impostor_1.jpg").resize((200, 250)), (850, 100))
    looked = inspected(both)
    assert looked.faces == 1 and looked.bystanders == 1 and "several" not in looked.faults


def test_no_face_is_said() -> None:
    assert inspected(p.photo()).faults == ("none",)


def test_a_photographed_card_is_no_selfie_but_good_as_a_card() -> None:
    card = p.card_with_face("person_b_1.jpg")
    assert "photo_of_card" in engine.inspect_face(card, FacePurpose.SELFIE).faults
    assert engine.inspect_face(card, FacePurpose.CARD).faults == ()
    assert (
        "photo_of_card"
        not in engine.inspect_face(p.sample("person_b_1.jpg"), FacePurpose.SELFIE).faults
    )


def line(text: str, left: float, top: float, right: float, bottom: float) -> Line:
    return Line(text, ((left, top), (right, top), (right, bottom), (left, bottom)))


def test_a_card_held_beside_ones_face_is_no_photo_of_a_card() -> None:
    card = [line("姓名测试员", 20, 20, 120, 40), line("住址北京市", 20, 80, 150, 100)]
    printed, own = (200.0, 20.0, 60.0, 80.0), (300.0, 400.0, 300.0, 400.0)
    assert looks_like_card(card, printed)
    below = [line("公民身份号码11010519491231002X", 20, 130, 300, 150)]
    assert looks_like_card(below, (200.0, 20.0, 60.0, 80.0))
    assert not looks_like_card(card, (900.0, 2000.0, 60.0, 80.0))
    assert not looks_like_card([line("今天天气好", 20, 20, 120, 40)], printed)
    assert not looks_like_card(card[:1], printed)
    assert not looks_like_card(below, own)


def test_the_limits_of_a_reference_are_no_looser_than_a_selfies() -> None:
    selfie = face_quality.LIMITS[FacePurpose.SELFIE]
    reference = face_quality.LIMITS[FacePurpose.REFERENCE]
    assert reference.width >= selfie.width and reference.sharpness >= selfie.sharpness
    assert reference.yaw <= selfie.yaw and reference.roll <= selfie.roll


def test_a_big_picture_is_looked_at_in_full_when_its_face_is_small() -> None:
    table = Image.new("RGB", (2400, 1800), "#553322")
    table.paste(opened("person_b_1.jpg").resize((160, 200)), (1200, 900))
    found = looking.look(p.encoded(table)).found
    assert len(found) == 1 and faces.same_size(found) == 1


def test_half_a_picture_stays_an_error_after_the_models_are_loaded() -> None:
    faces.load()
    whole = p.sample("person_b_1.jpg")
    with pytest.raises(OSError):
        faces.pixels_of(whole[: len(whole) // 2])


# —— cards ——


@pytest.mark.parametrize(
    ("name", "change", "fault"),
    [
        ("front_photo.jpg", lambda c: c.filter(ImageFilter.GaussianBlur(6)), "blurred"),
        ("front.png", lambda c: ImageEnhance.Brightness(c).enhance(0.2), "dark"),
        ("front.png", lambda c: c.resize((170, 107)), "too_small"),
        ("front.png", lambda c: c.crop((200, 0, c.width, int(0.8 * c.height))), "cropped"),
    ],
    ids=["blurred", "dark", "too_small", "cropped"],
)
def test_a_bad_photograph_of_a_card_is_told_how_to_do_better(
    name: str, change: Change, fault: str
) -> None:
    read = engine.read_card(p.encoded(change(opened(name)), quality=90))
    assert fault in read.faults, read.faults


def test_glare_over_the_number_is_told() -> None:
    card = opened("front.png")
    ImageDraw.Draw(card).ellipse((250, 430, 950, 640), "white")
    read = engine.read_card(p.encoded(card))
    assert read.id_no is None and "glare" in read.faults


@pytest.mark.parametrize("name", ["front.png", "front_photo.jpg"])
def test_a_good_photograph_of_a_card_has_no_fault(name: str) -> None:
    assert engine.read_card(p.encoded(opened(name), quality=90)).faults == ()
