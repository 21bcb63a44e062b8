"""Searching among many, and the joint rule."""

from math import inf

import numpy as np
import pytest

from integrations.ports import FaceTemplate, Rejected
from integrations.vision.face_rule import MODELS, FaceRule
from integrations.vision.index import NumpyFaceIndex
from integrations.vision.sandbox import template_of

RANDOM = np.random.default_rng(11)


def template(seed: int, near: float = 0.0) -> FaceTemplate:
    """Somebody's vectors; `near`: how much another picture of them differs."""
    base, other = np.random.default_rng(seed), RANDOM.normal(size=(2, 128))
    vectors = base.normal(size=(2, 128)) + near * other
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[0] *= 0.8  # dlib's vectors are not of length 1
    return FaceTemplate(MODELS, vectors.astype(np.float32))


async def test_the_same_person_is_found_with_a_margin_and_nobody_else() -> None:
    index = NumpyFaceIndex()
    await index.replace((f"p{i}", template(i)) for i in range(600))
    found = await index.search(template(77, near=0.3))
    assert [one.key for one in found] == ["p77"] and found[0].comparison.band == "alike"
    assert 0.3 < found[0].margin < inf
    assert await index.search(template(9_999)) == []


async def test_two_pictures_of_one_person_leave_no_margin() -> None:
    index = NumpyFaceIndex()
    await index.add("a", template(1, near=0.3))
    await index.add("b", template(1, near=0.3))
    found = await index.search(template(1))
    assert {one.key for one in found} == {"a", "b"} and found[0].margin < 0.1
    assert found[0].comparison.distance <= found[1].comparison.distance
    assert len(await index.search(template(1), most=1)) == 1


async def test_what_is_taken_out_is_not_found_and_the_others_still_are() -> None:
    index = NumpyFaceIndex()
    for i in range(300):
        await index.add(f"p{i}", template(i))
    assert await index.remove("p3") and not await index.remove("p3")
    assert await index.remove("p299")
    assert len(index) == 298 and await index.search(template(3)) == []
    assert (await index.search(template(298)))[0].key == "p298"
    await index.add("p5", template(999))
    assert len(index) == 298 and await index.search(template(5)) == []
    assert (await index.search(template(999)))[0].key == "p5"


async def test_an_empty_index_and_foreign_templates() -> None:
    index = NumpyFaceIndex()
    assert await index.search(template(1)) == []
    for call in (index.add("x", template_of("x")), index.search(template_of("x"))):
        with pytest.raises(Rejected):
            await call
    with pytest.raises(Rejected):
        await index.replace([("x", template_of("x"))])


@pytest.mark.parametrize(
    ("dlib", "sface", "band"),
    [
        (0.30, 0.30, "alike"),
        (0.40, 0.47, "alike"),
        (0.30, 0.49, "unsure"),  # SFace objects
        (0.47, 0.20, "unsure"),  # dlib objects
        (0.46, 0.48, "unsure"),  # nobody objects alone, together they do
        (0.90, 0.60, "unsure"),  # only one says different
        (0.60, 1.00, "unsure"),
        (0.69, 0.81, "different"),
    ],
)
def test_the_bands_need_both_models(dlib: float, sface: float, band: str) -> None:
    compared = FaceRule().judge(dlib, sface)
    assert compared.band == band
    assert [score.distance for score in compared.scores] == [dlib, sface]


def test_stricter_thresholds_are_kept() -> None:
    strict = FaceRule(dlib=(0.2, 0.3), sface=(0.2, 0.3), joint=0.3)
    assert strict.judge(0.25, 0.1).band == "unsure" and strict.judge(0.31, 0.31).band == "different"
