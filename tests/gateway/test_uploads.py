"""Uploads that are not what they seem: refused in plain words, and nothing of them is kept."""

import pytest
from sqlalchemy import func, select

from backoffice.uploads.models import Upload
from integrations.ports import CardReading
from tests.gateway.conftest import (
    CANARY,
    CANARY_ZH,
    Hall,
    Visit,
    assert_refused,
)
from tests.uploads import pictures

_HTML = f"<html><script>alert('{CANARY}')</script></html>".encode()
_SVG = f"<svg xmlns='http://www.w3.org/2000/svg'><text>{CANARY}</text></svg>".encode()
_JPEG = pictures.encoded(pictures.photo())

NOT_PICTURES: dict[str, bytes] = {
    "PDF": pictures.pdf(1),
    "HTML": _HTML,
    "SVG": _SVG,
    "text": CANARY_ZH.encode(),
    "ZIP": b"PK\x03\x04" + b"\x00" * 500,
    "program": b"MZ" + b"\x00" * 500,
    "ELF": b"\x7fELF" + b"\x00" * 500,
    "half a JPEG": _JPEG[: len(_JPEG) // 2],
    "only a JPEG's head": _JPEG[:20],
    "JPEG with a broken middle": _JPEG[:300] + b"\xff" * 2000,
    "nothing": b"",
    "one byte": b"\x00",
    "zeros": b"\x00" * 100_000,
    "tiny": pictures.encoded(pictures.photo(10, 10)),
    "bomb": pictures.encoded(pictures.photo(100, 100).resize((9000, 9000)), "PNG"),
    "ICO": b"\x00\x00\x01\x00\x01\x00" + b"\x10" * 200,
    "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n",
}


def _kept(hall: Hall) -> int:
    async def count() -> int:
        async with hall.office.sessions.begin() as session:
            return int(await session.scalar(select(func.count()).select_from(Upload)) or 0)

    files = [one for one in hall.office.settings.uploads_dir.rglob("*") if one.is_file()]
    found = hall.run(count())
    assert found == len(files), "files and rows differ"
    return found


@pytest.mark.parametrize("kind", ["id_card_front", "selfie", "photo", "signature"])
@pytest.mark.parametrize("what", NOT_PICTURES)
def test_what_is_no_picture_is_refused(hall: Hall, visit: Visit, kind: str, what: str) -> None:
    if kind == "selfie":
        visit.agree_to_face()
    before = _kept(hall)
    answer = visit.upload(visit.widget(kind), NOT_PICTURES[what], f"{CANARY}.jpg")
    assert_refused(answer, 400, 413)
    assert _kept(hall) == before


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"data": {"nonce": "n"}},
        {"data": {"nonce": "n", "at": "0,x"}, "files": [("frame", ("f", _JPEG))]},
        {"data": {"nonce": "n", "at": "0,100"}, "files": [("frame", ("f", _JPEG))]},
        {"data": {"at": "0"}, "files": [("frame", ("f", _JPEG))]},
        {"files": [("other", ("f", _JPEG))]},
    ],
)
def test_an_upload_without_its_file_or_frames_is_refused(
    hall: Hall, visit: Visit, parts: dict[str, object]
) -> None:
    visit.agree_to_face()
    before = _kept(hall)
    answer = hall.client.post(
        f"{visit.path}/uploads",
        params={"widget": visit.widget("selfie")},
        headers=visit.headers,
        **parts,  # type: ignore[arg-type]
    )
    assert_refused(answer, 400)
    assert _kept(hall) == before


@pytest.mark.parametrize("trap", ["script", "attachment", "password", "launch", "page script"])
def test_dangerous_pdfs_are_refused(visit: Visit, trap: str) -> None:
    answer = visit.upload(visit.widget("document", "lease"), pictures.pdf(1, trap=trap), "a.pdf")
    assert_refused(answer, 400)


def test_a_card_without_anything_to_read_and_a_selfie_without_a_face_are_refused(
    hall: Hall, visit: Visit
) -> None:
    before = _kept(hall)
    answer = visit.upload(visit.widget("id_card_front"), _JPEG)
    assert_refused(answer, 400, code="upload.card_unreadable")
    visit.agree_to_face()
    assert_refused(visit.upload(visit.widget("selfie"), _JPEG), 400, code="upload.face_none")
    two = pictures.two_faces()
    hall.vision.knows(two, faces=2)
    assert_refused(visit.upload(visit.widget("selfie"), two), 400, code="upload.face_several")
    assert _kept(hall) == before


def test_a_selfie_without_consent_is_not_looked_at(hall: Hall, visit: Visit) -> None:
    face = pictures.sample("person_a_1.jpg") if _has("person_a_1.jpg") else _JPEG
    hall.vision.knows(face, faces=1, person="a")
    answer = visit.upload(visit.widget("selfie"), face)
    assert_refused(answer, 403, code="upload.consent_missing")


def _has(name: str) -> bool:
    return (pictures.FOLDER / name).exists()


def test_a_reader_that_is_down_is_said_and_nothing_is_kept(hall: Hall, visit: Visit) -> None:
    from integrations.ports import Unavailable

    class Down:
        async def read_card(self, image: bytes) -> CardReading:
            raise Unavailable("reader")

        inspect_face = compare_faces = read_card

    before = _kept(hall)
    office = hall.app.ctx.office
    kept = office.vision
    object.__setattr__(office, "vision", Down())
    try:
        assert_refused(visit.upload(visit.widget("id_card_front"), _JPEG), 503)
    finally:
        object.__setattr__(office, "vision", kept)
    assert _kept(hall) == before


def test_too_many_bytes_are_refused(visit: Visit) -> None:
    widget = visit.widget("document", "lease")
    assert_refused(visit.upload(widget, _JPEG + b"\x00" * (10 * 1024 * 1024 + 1)), 413)
    assert_refused(visit.upload(widget, b"\xff" * (13 * 1024 * 1024)), 413)


def test_a_widget_takes_no_more_than_it_needs(visit: Visit) -> None:
    widget = visit.widget("document", "lease")
    statuses = [visit.upload(widget, _JPEG).status_code for _ in range(13)]
    assert statuses == [201] * 12 + [429]


@pytest.mark.parametrize("kind", ["consent", "sms_code"])
def test_widgets_that_take_no_upload_refuse_one(visit: Visit, kind: str) -> None:
    assert_refused(visit.upload(visit.widget(kind), _JPEG), 404)


MULTIPART: dict[str, tuple[str, bytes]] = {
    "no boundary": ("multipart/form-data", b"x"),
    "other boundary": ("multipart/form-data; boundary=a", b"--b\r\n\r\nx\r\n--b--"),
    "no parts": ("multipart/form-data; boundary=a", b"--a--"),
    "never ends": (
        "multipart/form-data; boundary=a",
        b'--a\r\nContent-Disposition: form-data; name="file"; filename="CANARYq7w5"\r\n\r\nx',
    ),
    "no name": ("multipart/form-data; boundary=a", b"--a\r\n\r\nCANARYq7w5\r\n--a--"),
    "bad disposition": (
        "multipart/form-data; boundary=a",
        b"--a\r\nContent-Disposition: \xff\xfe;;;=\r\n\r\nx\r\n--a--",
    ),
    "header without colon": ("multipart/form-data; boundary=a", b"--a\r\nCANARYq7w5\r\n\r\nx\r\n--a--"),
    "path as name": (
        "multipart/form-data; boundary=a",
        b'--a\r\nContent-Disposition: form-data; name="file"; filename="../../../etc/passwd"'
        b"\r\n\r\nx\r\n--a--",
    ),
    "odd charset": (
        "multipart/form-data; boundary=a",
        b'--a\r\nContent-Disposition: form-data; name="file"\r\n'
        b"Content-Type: text/plain; charset=CANARYq7w5\r\n\r\nx\r\n--a--",
    ),
    "odd encoded name": (
        "multipart/form-data; boundary=a",
        b"--a\r\nContent-Disposition: form-data; name=\"file\"; filename*=nope''%ff\r\n\r\nx\r\n--a--",
    ),
    "JSON": ("application/json", b'{"file": "CANARYq7w5"}'),
    "form": ("application/x-www-form-urlencoded", b"file=CANARYq7w5"),
    "raw": ("image/jpeg", _JPEG),
    "bytes": ("multipart/form-data; boundary=\xff", bytes(range(256))),
    "many parts": (
        "multipart/form-data; boundary=a",
        b'--a\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n' * 20_000
        + b"--a--",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", MULTIPART)
def test_odd_multipart_bodies_are_refused(hall: Hall, visit: Visit, what: str) -> None:
    kind, content = MULTIPART[what]
    answer = hall.client.post(
        f"{visit.path}/uploads?widget={visit.widget('photo')}",
        content=content,
        headers=[  # type: ignore[arg-type]
            (b"Authorization", f"Bearer {visit.token}".encode()),
            (b"Content-Type", kind.encode("latin-1")),
        ],
    )
    assert_refused(answer, 400)
