"""What is taken for a picture or a paper, what is refused, and what remains of it."""

import io
import struct
import time
import tracemalloc
import zipfile
import zlib

import pytest
from PIL import Image

from backoffice.messages import has_text
from backoffice.uploads import errors
from backoffice.uploads.content import MAX_BYTES, clean
from tests.uploads import pictures as p


def bomb_png(side: int) -> bytes:
    """A small PNG that says it is side × side pixels and unpacks to that."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    body = zlib.compress(b"\0" * (side // 8 * (side + 1)), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("photo.jpg", b"x")
    return out.getvalue()


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="800" height="800"><script>x</script></svg>'
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n"


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", errors.Empty),
        (b"\0", errors.NotAPicture),
        (p.pdf(), errors.NotAPicture),
        (zipped(), errors.NotAPicture),
        (SVG, errors.NotAPicture),
        (EPS, errors.NotAPicture),
        (b"<html><script>alert(1)</script>", errors.NotAPicture),
        ("身份证".encode() * 100_000, errors.NotAPicture),
        (b"a" * (MAX_BYTES + 1), errors.TooLarge),
        (b"a" * MAX_BYTES, errors.NotAPicture),
        (b"\xff\xd8\xff\xe0" + b"\0" * 2000, errors.NotAPicture),
        (p.encoded(p.photo())[:9000], errors.Damaged),
        (p.encoded(p.photo(), "PNG")[:3000], errors.Damaged),
        (p.encoded(p.photo(30, 30)), errors.TooSmall),
        (bomb_png(12_000), errors.TooManyPixels),
        (bomb_png(40_000), errors.TooManyPixels),
    ],
)
def test_what_is_no_usable_picture_is_refused(
    content: bytes, error: type[errors.UploadRefused]
) -> None:
    with pytest.raises(errors.UploadRefused) as caught:
        clean("id_card_front", content)
    assert type(caught.value) is error


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    content = bomb_png(20_000)  # 400 MB unpacked
    tracemalloc.start()
    began = time.perf_counter()
    with pytest.raises(errors.TooManyPixels):
        clean("selfie", content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000 and time.perf_counter() - began < 2


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_every_usual_picture_becomes_a_jpeg(kind: str, mode: str) -> None:
    kept = clean("photo", p.encoded(p.photo(mode=mode), kind))
    assert kept.mime == "image/jpeg" and kept.data[:3] == b"\xff\xd8\xff"
    assert Image.open(io.BytesIO(kept.data)).size == (800, 600)


def test_a_cmyk_jpeg_is_kept_in_rgb() -> None:
    kept = Image.open(io.BytesIO(clean("photo", p.encoded(p.photo(mode="CMYK"))).data))
    assert kept.mode == "RGB"
    r, g, b = kept.getpixel((300, 225))
    assert r > 120 and g < 90 and b < 90  # the ellipse is still red


def test_a_transparent_picture_gets_a_white_ground() -> None:
    kept = clean("photo", p.encoded(Image.new("RGBA", (100, 100), (0, 0, 0, 0)), "PNG"))
    assert Image.open(io.BytesIO(kept.data)).getpixel((50, 50)) == (255, 255, 255)


def test_place_device_and_comment_do_not_survive() -> None:
    exif = Image.Exif()
    exif[0x010F] = "SECRETPHONE"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (23.0, 1.0, 7.0)
    content = p.encoded(p.photo(), exif=exif, comment=b"SECRETCOMMENT", icc_profile=b"SECRETICC")
    assert b"SECRETPHONE" in content and b"SECRETCOMMENT" in content
    kept = clean("selfie", content).data
    assert b"SECRET" not in kept and b"Exif" not in kept
    assert dict(Image.open(io.BytesIO(kept)).getexif()) == {}


def test_a_picture_taken_sideways_is_kept_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    kept = clean("selfie", p.encoded(p.photo(800, 600), exif=exif))
    assert Image.open(io.BytesIO(kept.data)).size == (600, 800)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_large_photo_is_reduced(kind: str) -> None:
    kept = Image.open(io.BytesIO(clean("photo", p.encoded(p.photo(6000, 4000), kind)).data))
    assert kept.size == (2400, 1600)


@pytest.mark.parametrize("tail", [zipped(), p.pdf(), b"<?php system($_GET[0]); ?>", SVG])
def test_what_is_appended_to_a_picture_does_not_survive(tail: bytes) -> None:
    kept = clean("document", p.encoded(p.photo()) + tail)
    assert kept.mime == "image/jpeg"
    assert tail[:12] not in kept.data


def test_a_pdf_is_kept_as_a_paper() -> None:
    kept = clean("document", p.pdf(3))
    assert (kept.mime, kept.pages) == ("application/pdf", 3)


def test_bytes_before_a_pdfs_head_do_not_survive() -> None:
    kept = clean("document", b"GIF89a<script>" + p.pdf())
    assert kept.data.startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (p.pdf(trap="script"), errors.PdfActive),
        (p.pdf(trap="page script"), errors.PdfActive),
        (p.pdf(trap="attachment"), errors.PdfActive),
        (p.pdf(trap="launch"), errors.PdfActive),
        (p.pdf(trap="password"), errors.PdfLocked),
        (p.pdf(21), errors.PdfTooLong),
        (p.pdf(0), errors.Damaged),
        (p.pdf()[:200], errors.Damaged),
        (b"%PDF-1.7\n" + b"\0" * 5000, errors.Damaged),
        (
            b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 1 0 R>>endobj trailer<</Root 1 0 R>>",
            errors.Damaged,
        ),
        (zipped(), errors.NotAPaper),
        (SVG, errors.NotAPaper),
    ],
)
def test_a_paper_that_is_dangerous_or_unreadable_is_refused(
    content: bytes, error: type[errors.UploadRefused]
) -> None:
    with pytest.raises(errors.UploadRefused) as caught:
        clean("document", content)
    assert type(caught.value) is error


@pytest.mark.parametrize("transparent", [True, False])
def test_a_signature_stays_a_png(transparent: bool) -> None:
    kept = clean("signature", p.signature(transparent=transparent))
    assert kept.mime == "image/png" and kept.data.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "content",
    [
        p.signature(strokes=False),
        p.signature(strokes=False, transparent=False),
        p.encoded(Image.new("RGB", (400, 160), "black"), "PNG"),
    ],
)
def test_an_empty_or_filled_field_is_no_signature(content: bytes) -> None:
    with pytest.raises(errors.SignatureEmpty):
        clean("signature", content)


def test_every_refusal_has_a_text() -> None:
    kinds = [v for v in vars(errors).values() if isinstance(v, type)]
    assert all(
        has_text(f"error.{kind.code}") for kind in kinds if issubclass(kind, errors.UploadRefused)
    )
