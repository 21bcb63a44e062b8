"""What runs in the fingerprint process: NIST's NBIS and NFIQ 2. Imported there only.

Gates (how they were found: docs/fingerprint.md):

- The picture is scaled to 500 dpi, for which minutiae detection, NFIQ 2 and the matcher are made,
  and must then be 8 to 32 mm wide and up to 40 mm high: one finger.
- SIVV (NISTIR 7599) looks for ridges in the spectrum. Without it a landscape yields 150 minutiae.
- NFIQ 2 and the number of minutiae, for what passes that by chance, such as noise.
"""

import io
from functools import cache

import nbis
from PIL import Image, UnidentifiedImageError

from integrations.ports import FingerQuality, PrintFault, Rejected

DPI = 500
MIN_NFIQ2 = 36
MIN_MINUTIAE = 20

_LOWEST_DPI, _HIGHEST_DPI = 300, 1200
_SMALLEST = (160, 160)
_LARGEST = (640, 800)
_MAX_BYTES = 4_000_000
_MAX_PIXELS = 4_000_000
_FORMATS = ("PNG", "JPEG", "BMP")
_ISO_HEADER = b"FMR\x00 20\x00"
_ISO_LENGTH = slice(8, 12)
_ISO_SMALLEST, _ISO_LARGEST = 28, 4096


class _Refused(Exception):
    def __init__(self, fault: PrintFault) -> None:
        super().__init__(fault)
        self.fault = fault


@cache
def _extractor() -> nbis.NbisExtractor:
    settings = nbis.NbisExtractorSettings(
        min_quality=0.0,
        get_center=False,
        check_fingerprint=True,
        compute_nfiq2=True,
        ppi=float(DPI),
    )
    return nbis.new_nbis_extractor(settings)


def warm() -> None:
    """Load the library and its models."""
    _extractor()


def quality(image: bytes, dpi: int) -> FingerQuality:
    """See `FingerprintMatcher.quality`."""
    return _measure(image, dpi)[0]


def template(image: bytes, dpi: int) -> bytes:
    """See `FingerprintMatcher.template`."""
    found, minutiae = _measure(image, dpi)
    if minutiae is None or not found.acceptable:
        raise Rejected(f"fingerprint: {found.fault}")
    return bytes(minutiae.to_iso_19794_2_2005())


def match(first: bytes, second: bytes) -> int:
    """See `FingerprintMatcher.match`."""
    loaded = [_load(one) for one in (first, second)]
    return int(loaded[0].compare(loaded[1]))


def _measure(image: bytes, dpi: int) -> tuple[FingerQuality, "nbis.Minutiae | None"]:
    try:
        grey = _grey(image, dpi)
    except _Refused as exc:
        return FingerQuality(None, 0, False, exc.fault), None
    try:
        minutiae = _extractor().extract_minutiae(grey)
        measured = minutiae.quality()
    except nbis.NbisError:
        # NFIQ 2 finds no ridges to measure: blank paper, stripes.
        return FingerQuality(None, 0, False, PrintFault.NOT_A_PRINT), None
    count = len(minutiae.get())
    score = measured.score if measured is not None and count else None
    fault = _fault(score, count)
    return FingerQuality(score, count, fault is None, fault), minutiae


def _fault(score: int | None, count: int) -> PrintFault | None:
    if score is None:
        return PrintFault.NOT_A_PRINT
    if score < MIN_NFIQ2:
        return PrintFault.POOR
    return PrintFault.FEW_POINTS if count < MIN_MINUTIAE else None


def _grey(image: bytes, dpi: int) -> bytes:
    """An 8-bit grey PNG of 500 dpi. Raises _Refused."""
    if not _LOWEST_DPI <= dpi <= _HIGHEST_DPI or len(image) > _MAX_BYTES:
        raise _Refused(PrintFault.SIZE)
    try:
        picture = Image.open(io.BytesIO(image), formats=_FORMATS)
        if picture.width * picture.height > _MAX_PIXELS:
            raise _Refused(PrintFault.SIZE)
        grey = picture.convert("L")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise _Refused(PrintFault.NOT_A_PICTURE) from None
    if dpi != DPI:
        size = (round(grey.width * DPI / dpi), round(grey.height * DPI / dpi))
        grey = grey.resize(size, Image.Resampling.LANCZOS)
    fits = all(
        low <= side <= high for low, side, high in zip(_SMALLEST, grey.size, _LARGEST, strict=True)
    )
    if not fits:
        raise _Refused(PrintFault.SIZE)
    made = io.BytesIO()
    grey.save(made, "PNG", compress_level=1)
    return made.getvalue()


def _load(template: bytes) -> "nbis.Minutiae":
    whole = (
        _ISO_SMALLEST <= len(template) <= _ISO_LARGEST
        and template.startswith(_ISO_HEADER)
        and int.from_bytes(template[_ISO_LENGTH], "big") == len(template)
    )
    if not whole:
        raise Rejected("fingerprint: not a template")
    try:
        return _extractor().load_iso_19794_2_2005(template)
    except nbis.NbisError:
        raise Rejected("fingerprint: not a template") from None
