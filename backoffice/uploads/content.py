"""What bytes really are, and a harmless version of them. Pure; slow, so not for an event loop.

A name or type that came with the bytes is never looked at. Pictures are decoded and encoded
anew, so that neither metadata (place, device) nor anything appended survives.
"""

import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import puremagic
from PIL import Image, ImageOps, UnidentifiedImageError
from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from backoffice.uploads.errors import (
    Damaged,
    Empty,
    NotAPaper,
    NotAPicture,
    PdfActive,
    PdfLocked,
    PdfTooLong,
    SignatureEmpty,
    TooLarge,
    TooManyPixels,
    TooSmall,
)

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
LONGEST_SIDE = 2400
SHORTEST_SIDE = 64
MAX_SCANS = 100
"""A progressive JPEG has about ten; every one more costs a pass over the whole picture."""
MAX_PAGES = 20
_MAX_PDF_OBJECTS = 20_000
_JPEG_QUALITY = 88
_SCAN = b"\xff\xda"  # in a JPEG only where a scan starts: in its data 0x00 follows 0xFF
_INK_PIXELS = 40

PICTURE_KINDS = frozenset({"id_card_front", "id_card_back", "selfie", "photo"})
PAPER_KINDS = frozenset({"document", "material"})
KINDS = PICTURE_KINDS | PAPER_KINDS | {"signature"}

# Decoders we allow; Pillow has many more, each of them attack surface.
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
_PDF_HEAD_WITHIN = 1024
# Everything pypdf was seen to raise over broken or hostile files.
_PDF_FAULTS = (PyPdfError, ArithmeticError, AttributeError, LookupError, MemoryError, OSError,
               RecursionError, TypeError, ValueError)  # fmt: skip
_ACTIVE_KEYS = frozenset(
    {"/JS", "/JavaScript", "/EmbeddedFiles", "/EmbeddedFile", "/EF", "/RichMedia", "/XFA", "/AA"}
)
_ACTIVE_ACTIONS = frozenset(
    {"/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/Rendition"}
)


@dataclass(frozen=True)
class Clean:
    """Bytes as they are kept. `pages`: of a PDF."""

    mime: str
    data: bytes
    pages: int | None = None


def clean(kind: str, content: bytes) -> Clean:
    """Check bytes for a kind of widget and return what is to be kept.

    Raises:
        UploadRefused: one of its kinds; the text says what to send instead.
    """
    if not content:
        raise Empty
    if len(content) > MAX_BYTES:
        raise TooLarge(max_mb=MAX_BYTES // 1024 // 1024)
    if kind == "signature":
        return _clean_signature(content)
    if kind in PAPER_KINDS and looks_like_pdf(content):
        return _clean_pdf(content)
    picture = _decode(content, NotAPaper if kind in PAPER_KINDS else NotAPicture)
    return Clean("image/jpeg", _as_jpeg(picture))


def looks_like_pdf(content: bytes) -> bool:
    """Whether a PDF header stands where readers look for it."""
    return b"%PDF-" in content[:_PDF_HEAD_WITHIN]


def sniffed_type(content: bytes) -> str:
    """The content's MIME type by its magic numbers, for the log; `unknown` when there is none."""
    try:
        return str(puremagic.from_string(content[:4096], mime=True)) or "unknown"
    except (puremagic.PureError, ValueError):
        return "unknown"


def jpeg_size(content: bytes) -> tuple[int, int]:
    """Width and height as a JPEG's head says, without decoding it. Raises NotAPicture."""
    picture = _opened(content, NotAPicture, ("JPEG",))
    return picture.width, picture.height


def _opened(
    content: bytes, not_one: type[NotAPaper] | type[NotAPicture], formats: Sequence[str]
) -> Image.Image:
    with warnings.catch_warnings():
        # Pillow's own bomb warning starts above our limit and would only reach the log.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            return Image.open(io.BytesIO(content), formats=list(formats))
        except Image.DecompressionBombError as exc:
            raise TooManyPixels from exc
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as exc:
            raise not_one() from exc


def _decode(content: bytes, not_one: type[NotAPaper] | type[NotAPicture]) -> Image.Image:
    """The picture upright, at most LONGEST_SIDE, in RGB on white."""
    picture = _opened(content, not_one, _FORMATS)
    if content.count(_SCAN) > MAX_SCANS and picture.format in ("JPEG", "MPO"):
        raise Damaged
    if picture.width * picture.height > MAX_PIXELS:
        raise TooManyPixels
    if min(picture.size) < SHORTEST_SIDE:
        raise TooSmall
    try:
        # JPEG only: decodes straight to a smaller size, an eighth of the memory for a large photo
        picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        picture.load()
        upright = ImageOps.exif_transpose(picture)
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        return _flat(upright)
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, MemoryError) as exc:
        raise Damaged from exc


def _flat(picture: Image.Image) -> Image.Image:
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layered = picture.convert("RGBA")
        white = Image.new("RGB", layered.size, "white")
        white.paste(layered, mask=layered.getchannel("A"))
        return white
    return picture.convert("RGB")


def _as_jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    # A copy without `info`: profiles, comments and EXIF would otherwise be written again.
    bare = Image.frombytes("RGB", picture.size, picture.tobytes())
    bare.save(out, "JPEG", quality=_JPEG_QUALITY, optimize=True)
    return out.getvalue()


def _clean_signature(content: bytes) -> Clean:
    picture = _decode(content, NotAPicture)
    grey = picture.convert("L")
    ink = sum(grey.histogram()[:128])
    # A field filled all over is as little a signature as an empty one.
    if ink < _INK_PIXELS or ink > grey.width * grey.height // 2:
        raise SignatureEmpty
    out = io.BytesIO()
    grey.save(out, "PNG", optimize=True)
    return Clean("image/png", out.getvalue())


def _clean_pdf(content: bytes) -> Clean:
    try:
        reader = PdfReader(io.BytesIO(content), strict=False)
        if reader.is_encrypted:
            raise PdfLocked
        pages = len(reader.pages)
        active = _is_active(reader)
    except _PDF_FAULTS as exc:
        raise Damaged from exc
    if pages == 0:
        raise Damaged
    if pages > MAX_PAGES:
        raise PdfTooLong(max_pages=MAX_PAGES)
    if active:
        raise PdfActive
    return Clean("application/pdf", content[content.index(b"%PDF-") :], pages)


def _is_active(reader: PdfReader) -> bool:
    """Whether anything reachable from the trailer would act, or carries another file."""
    seen: set[tuple[int, int]] = set()
    waiting: list[object] = [reader.trailer]
    looked_at = 0
    while waiting:
        thing = waiting.pop()
        looked_at += 1
        if looked_at > _MAX_PDF_OBJECTS:
            raise Damaged
        if isinstance(thing, IndirectObject):
            place = (thing.idnum, thing.generation)
            if place not in seen:
                seen.add(place)
                waiting.append(thing.get_object())
        elif isinstance(thing, ArrayObject):
            waiting.extend(thing)
        elif isinstance(thing, DictionaryObject):
            if _acts(thing):
                return True
            waiting.extend(dict.values(thing))
    return False


def _acts(thing: DictionaryObject) -> bool:
    if not _ACTIVE_KEYS.isdisjoint(thing):
        return True
    return any(str(thing.get(key)) in _ACTIVE_ACTIONS for key in ("/S", "/Type"))
