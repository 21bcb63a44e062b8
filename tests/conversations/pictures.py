"""Pictures for conversations: a drawn card with somebody's face, a selfie, a paper, a signature.

The people do not exist; the faces' sources are in `tests/fixtures/pictures/CREDITS.md`.
"""

import io
import secrets
from collections.abc import Sequence
from datetime import date
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from backoffice.understanding.identity_numbers import birth_date
from integrations.ports import LiveAction
from integrations.registers.people import DemoPerson
from integrations.vision.draw_card import draw_back, period_of
from tests.integrations import moving_face

FACES = Path(__file__).resolve().parents[1] / "fixtures" / "pictures"
_SIZE, _PHOTO_AT, _PHOTO_SIZE = (1011, 638), (700, 90), (251, 340)
_BLUE, _INK, _PAPER = (62, 108, 158), (20, 20, 20), (226, 234, 240)
_ADDRESS_LINE = 12
LOOKALIKE, WITH_OTHERS = "impostor_1", "person_a_2"
"""For the sandbox: a picture of somebody who looks exactly like person_b, and one with somebody
beside person_b."""
_MOVES = {
    LiveAction.TURN_LEFT: moving_face.LEFT,
    LiveAction.TURN_RIGHT: moving_face.RIGHT,
    LiveAction.OPEN_MOUTH: moving_face.MOUTH,
    LiveAction.BLINK: moving_face.BLINK,
}
_TURNS = {
    LiveAction.TURN_LEFT: Image.Transpose.ROTATE_90,
    LiveAction.TURN_RIGHT: Image.Transpose.ROTATE_270,
    LiveAction.OPEN_MOUTH: Image.Transpose.FLIP_TOP_BOTTOM,
    LiveAction.BLINK: Image.Transpose.TRANSVERSE,
}


@cache
def card(person: DemoPerson, face: str) -> bytes:
    """The front of the person's card (layout of GA 461) with the photo `face`."""
    picture = Image.new("RGB", _SIZE, _PAPER)
    draw = ImageDraw.Draw(picture)
    birth = birth_date(person.id_no)
    assert birth is not None
    for top, label in ((80, "姓名"), (155, "性别"), (230, "出生"), (305, "住址")):
        draw.text((70, top), label, _BLUE, _font(30))
    draw.text((290, 155), "民族", _BLUE, _font(30))
    draw.text((70, 550), "公民身份号码", _BLUE, _font(30))
    draw.text((170, 75), person.name, _INK, _font(38))
    draw.text((170, 150), person.sex, _INK, _font(34))
    draw.text((380, 150), person.ethnicity, _INK, _font(34))
    spoken = f"{birth.year} 年 {birth.month} 月 {birth.day} 日"
    draw.text((170, 225), spoken, _INK, _font(34))
    for row in range(0, len(person.hukou_address), _ADDRESS_LINE):
        line = person.hukou_address[row : row + _ADDRESS_LINE]
        draw.text((170, 300 + 50 * (row // _ADDRESS_LINE)), line, _INK, _font(34))
    draw.text((330, 545), person.id_no, _INK, _font(44))
    photo = Image.open(FACES / f"{face}.jpg").convert("RGB")
    picture.paste(_cover(photo), _PHOTO_AT)
    return _bytes(picture, "PNG")


def period(person: DemoPerson, *, expired: bool) -> tuple[date, int | None]:
    """What the back says; `expired`: the card that they got at 18."""
    birth = birth_date(person.id_no)
    assert birth is not None
    return (date(birth.year + 18, 5, 20), 10) if expired else period_of(person)


@cache
def card_back(person: DemoPerson, *, expired: bool = False) -> bytes:
    """The other side of the person's card; the old card is held upside down."""
    picture = draw_back(*period(person, expired=expired))
    return _bytes(picture.rotate(180) if expired else picture, "PNG")


@cache
def blurred(person: DemoPerson, face: str) -> bytes:
    """The card out of focus, and upside down: the sandbox tells pictures by light and dark."""
    picture = Image.open(io.BytesIO(card(person, face)))
    return _bytes(picture.filter(ImageFilter.GaussianBlur(9)).rotate(180), "PNG")


@cache
def two_people() -> bytes:
    """A selfie with somebody else in it."""
    both = Image.new("RGB", (1000, 600))
    for at, face in enumerate(("person_a_2", "person_b_1")):
        one = Image.open(FACES / f"{face}.jpg").convert("RGB")
        both.paste(one.resize((480, 600)), (500 * at, 0))
    return _bytes(both, "JPEG")


def _cover(photo: Image.Image) -> Image.Image:
    """The middle of the photo, in the shape of the card's."""
    width, height = photo.size
    wanted = _PHOTO_SIZE[0] / _PHOTO_SIZE[1]
    cut = min(width, int(height * wanted))
    left = (width - cut) // 2
    return photo.crop((left, 0, left + cut, min(height, int(cut / wanted)))).resize(_PHOTO_SIZE)


@cache
def selfie(face: str) -> bytes:
    """A picture of a face."""
    return (FACES / f"{face}.jpg").read_bytes()


@cache
def frame(face: str, action: LiveAction) -> bytes:
    """A frame of a challenge as the sandbox is shown it: another picture for every action."""
    picture = Image.open(FACES / f"{face}.jpg").convert("RGB")
    turned = _TURNS.get(action)
    return _bytes(picture if turned is None else picture.transpose(turned), "JPEG")


def shown(face: str, actions: Sequence[LiveAction]) -> list[tuple[int, bytes]]:
    """Frames of a challenge for the sandbox, as `film`."""
    pictures = [frame(face, one) for one in actions for _ in range(3)]
    return [(300 * n, _taken_now(one)) for n, one in enumerate(pictures)]


def film(face: str, actions: Sequence[LiveAction]) -> list[tuple[int, bytes]]:
    """Frames of a challenge for the real models: the portrait is made to move.

    Returns:
        Milliseconds since the first, and the picture.
    """
    poses = list(moving_face.STRAIGHT[:2])
    for action in actions:
        poses += [*_MOVES.get(action, moving_face.STRAIGHT[:2]), *moving_face.STRAIGHT[:2]]
    return [(one.at_ms, _taken_now(one.image)) for one in _moving(face).film(poses)]


def _taken_now(frame: bytes) -> bytes:
    """The frame as a camera would take it: never twice the same to the bit."""
    picture = Image.open(io.BytesIO(frame)).convert("RGB")
    noise = secrets.token_bytes(3 * 64)
    for n in range(64):
        at = (n % picture.width, picture.height - 1 - n // picture.width)
        picture.putpixel(at, (noise[3 * n], noise[3 * n + 1], noise[3 * n + 2]))
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=95)
    return target.getvalue()


@cache
def _moving(face: str) -> moving_face.MovingFace:
    return moving_face.MovingFace(selfie(face))


@cache
def paper() -> bytes:
    """A photographed paper."""
    picture = Image.new("RGB", (900, 1200), (250, 250, 246))
    draw = ImageDraw.Draw(picture)
    draw.text((250, 100), "房屋租赁合同", _INK, _font(60))
    for line in range(20):
        draw.text((80, 240 + 40 * line), "样例文字 " * 6, _INK, _font(24))
    return _bytes(picture, "JPEG")


@cache
def signature() -> bytes:
    """Something written by hand."""
    picture = Image.new("RGBA", (600, 240), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    draw.line([(60, 60), (200, 180), (260, 50), (380, 190), (540, 70)], fill=(0, 0, 0), width=7)
    return _bytes(picture, "PNG")


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    spec = find_spec("pylopdf_fonts_zh_cn")
    assert spec is not None and spec.origin is not None
    return ImageFont.truetype(str(Path(spec.origin).parent / "NotoSansSC-Regular.otf"), size)


def _bytes(picture: Image.Image, kind: str) -> bytes:
    target = io.BytesIO()
    picture.save(target, kind)
    return target.getvalue()
