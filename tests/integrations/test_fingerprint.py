"""NBIS and NFIQ 2 over drawn prints, and over all that is none."""

import asyncio
import io
import os
import time
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from integrations.fingerprint import engine
from integrations.fingerprint.draw_print import Press
from integrations.fingerprint.local import LocalFingerprints
from integrations.one_process import OneProcess
from integrations.ports import PrintFault, Rejected, Unavailable
from tests.integrations.fingers import PRINTS, demo_print, drawn, png
from tests.uploads import pictures as p

HARD = Press(turn=-14, shift=(-12, 10), stretch=4, dryness=0.3, noise=12)


@pytest.fixture(scope="module")
def prints() -> Iterator[LocalFingerprints]:
    local = LocalFingerprints()
    yield local
    local.close()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP"])
async def test_a_print_is_measured_and_taken(prints: LocalFingerprints, kind: str) -> None:
    found = await prints.quality(png(demo_print("测试员"), kind))
    assert found.acceptable and found.fault is None
    assert found.nfiq2 is not None and found.nfiq2 >= engine.MIN_NFIQ2
    assert found.minutiae >= engine.MIN_MINUTIAE


async def test_the_same_finger_again_matches_and_others_do_not(prints: LocalFingerprints) -> None:
    first, second, other = [
        await prints.template(drawn(seed, how, number))
        for number, (seed, how) in enumerate([(1, Press()), (1, HARD), (2, Press())])
    ]
    assert first.startswith(b"FMR\x00 20\x00") and len(first) < 1000
    same, different = await prints.match(first, second), await prints.match(first, other)
    assert same.same and same.threshold == 40 and same.score > 80
    assert not different.same and different.score < 40


async def test_each_of_the_demos_people_is_far_more_like_themselves_than_like_others() -> None:
    people = sorted(one.name for one in PRINTS.iterdir())[:8]
    first = {who: engine.template(png(demo_print(who, 1)), 500) for who in people}
    again = {who: engine.template(png(demo_print(who, 2)), 500) for who in people}
    for who in people:
        scores = {other: engine.match(first[who], again[other]) for other in people}
        own = scores.pop(who)
        # Drawn fingers are more alike than people's: some reach 40, see docs/fingerprint.md.
        assert own > 100 and own > 2 * max(scores.values())


async def test_other_resolutions_are_scaled_to_the_one_that_is_compared(
    prints: LocalFingerprints,
) -> None:
    small = demo_print("测试员")
    large = small.resize((small.width * 2, small.height * 2), Image.Resampling.LANCZOS)
    plain = await prints.template(png(small))
    scaled = await prints.match(plain, await prints.template(png(large), dpi=1000))
    assert scaled.same
    wrong = await prints.quality(png(large), dpi=500)
    if wrong.acceptable:
        assert not (await prints.match(plain, await prints.template(png(large)))).same


def text_page(step: int) -> bytes:
    page = Image.new("L", (300, 400), 255)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(step)
    for top in range(4, 390, step):
        pen.text((4, top), "residence permit 2026 no fingerprint here at all", fill=0, font=font)
    return png(page)


def waves(what: str) -> bytes:
    y, x = np.mgrid[0:288, 0:256]
    noise = np.random.default_rng(7).normal(0, 1, (288, 256))
    grey = {
        "stripes": 127 + 120 * np.sin(2 * np.pi * x / 9),
        "circles": 127 + 120 * np.sin(2 * np.pi * np.hypot(x - 128, y - 144) / 9),
        "noise": 127 + 60 * noise,
        "blank": np.full((288, 256), 255.0),
        "black": np.zeros((288, 256)),
    }[what]
    return png(Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)))


def cropped(name: str) -> bytes:
    picture = Image.open(io.BytesIO(p.sample(name))).convert("L")
    return png(picture.resize((300, 360)))


@pytest.mark.parametrize(
    "picture",
    [
        *(waves(what) for what in ("stripes", "circles", "noise", "blank", "black")),
        text_page(9),
        text_page(14),
        cropped("person_b_1.jpg"),
        cropped("person_b_2.jpg"),
        cropped("impostor_1.jpg"),
        cropped("front.png"),
        png(p.photo(400, 300).convert("L")),
    ],
    ids=["stripes", "circles", "noise", "blank", "black", "text", "large text"]
    + ["face", "another face", "third face", "card", "landscape"],
)
async def test_what_is_no_print_is_refused(prints: LocalFingerprints, picture: bytes) -> None:
    found = await prints.quality(picture)
    assert not found.acceptable
    assert found.fault in (PrintFault.NOT_A_PRINT, PrintFault.POOR, PrintFault.FEW_POINTS)
    with pytest.raises(Rejected):
        await prints.template(picture)


async def test_a_smeared_print_is_poor_and_a_corner_of_one_too_little(
    prints: LocalFingerprints,
) -> None:
    smeared = await prints.quality(drawn(1, Press(dryness=3.0, noise=70)))
    assert not smeared.acceptable
    corner = Image.new("L", (256, 288), 235)
    corner.paste(demo_print("测试员").crop((90, 100, 150, 160)), (90, 100))
    assert not (await prints.quality(png(corner))).acceptable


@pytest.mark.parametrize(
    ("image", "dpi", "fault"),
    [
        (b"", 500, PrintFault.NOT_A_PICTURE),
        (b"secret words", 500, PrintFault.NOT_A_PICTURE),
        (b"%PDF-1.7", 500, PrintFault.NOT_A_PICTURE),
        (png(demo_print("测试员"))[:3000], 500, PrintFault.NOT_A_PICTURE),
        (png(demo_print("测试员"), "GIF"), 500, PrintFault.NOT_A_PICTURE),
        (png(Image.new("L", (100, 288), 200)), 500, PrintFault.SIZE),
        (png(Image.new("L", (700, 900), 200)), 500, PrintFault.SIZE),
        (png(Image.new("L", (3000, 2000), 200)), 500, PrintFault.SIZE),
        (png(demo_print("测试员")), 72, PrintFault.SIZE),
        (png(demo_print("测试员")), 5000, PrintFault.SIZE),
    ],
)
async def test_what_it_is_decides_not_what_it_is_called(
    prints: LocalFingerprints, image: bytes, dpi: int, fault: PrintFault
) -> None:
    found = await prints.quality(image, dpi=dpi)
    assert (found.nfiq2, found.acceptable, found.fault) == (None, False, fault)
    with pytest.raises(Rejected) as caught:
        await prints.template(image, dpi=dpi)
    assert "secret" not in repr(caught.value)


@pytest.mark.parametrize("how", ["empty", "cut", "longer", "other", "random"])
async def test_only_templates_are_compared(prints: LocalFingerprints, how: str) -> None:
    right = await prints.template(png(demo_print("测试员")))
    wrong = {
        "empty": b"",
        "cut": right[:-7],
        "longer": right + b"x",
        "other": b"FMX" + right[3:],
        "random": os.urandom(300),
    }[how]
    for pair in ((right, wrong), (wrong, right)):
        with pytest.raises(Rejected):
            await prints.match(*pair)


# —— the process ——


async def test_the_event_loop_goes_on_meanwhile(prints: LocalFingerprints) -> None:
    await prints.warm()
    measuring = asyncio.create_task(prints.quality(png(demo_print("测试员"))))
    longest = 0.0
    while not measuring.done():
        before = time.monotonic()
        await asyncio.sleep(0.01)
        longest = max(longest, time.monotonic() - before)
    assert measuring.result().acceptable and longest < 0.25


def nothing() -> None:
    pass


def refuse() -> None:
    raise Rejected("ours")


def blurt() -> None:
    raise ValueError("secret words")


async def test_a_process_that_dies_hangs_or_blurts_harms_nobody_else() -> None:
    process = OneProcess("test", warm=nothing, timeout_s=1.5, max_waiting=2)
    try:
        with pytest.raises(Unavailable, match="died twice"):
            await process.run(os._exit, 3)
        with pytest.raises(Unavailable, match="time-out"):
            await process.run(time.sleep, 60)
        with pytest.raises(Rejected, match="ours"):
            await process.run(refuse)
        with pytest.raises(Unavailable) as caught:
            await process.run(blurt)
        assert "secret" not in repr(caught.value) and caught.value.__suppress_context__
        done = await asyncio.gather(
            *(process.run(abs, -one) for one in range(4)), return_exceptions=True
        )
        assert done[:2] == [0, 1]
        assert all(isinstance(one, Unavailable) for one in done[2:])
    finally:
        process.close()
