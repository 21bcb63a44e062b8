"""Why a picture or paper cannot be taken. Texts: data/messages/identity.yml."""

from backoffice.errors import CitizenError


class UploadRefused(CitizenError):
    """Nothing of it was kept; something else may be sent in its place."""

    code = "upload.refused"


class TooLarge(UploadRefused):
    """More bytes than allowed. Params: max_mb."""

    code = "upload.too_large"
    status = 413


class Empty(UploadRefused):
    """No bytes at all."""

    code = "upload.empty"


class TooManyPixels(UploadRefused):
    """More pixels than any phone's camera makes; also what a decompression bomb looks like."""

    code = "upload.too_many_pixels"


class TooSmall(UploadRefused):
    """So few pixels that nothing can be seen on it."""

    code = "upload.too_small"


class NotAPicture(UploadRefused):
    """The content is not a picture of a kind we read, whatever its name says."""

    code = "upload.not_a_picture"


class NotAPaper(UploadRefused):
    """The content is neither a picture nor a PDF."""

    code = "upload.not_a_paper"


class Damaged(UploadRefused):
    """Begins like a picture or PDF but cannot be read to its end."""

    code = "upload.damaged"


class PdfLocked(UploadRefused):
    """The PDF is encrypted."""

    code = "upload.pdf_locked"


class PdfActive(UploadRefused):
    """The PDF carries scripts, embedded files or actions."""

    code = "upload.pdf_active"


class PdfTooLong(UploadRefused):
    """More pages than allowed. Params: max_pages."""

    code = "upload.pdf_too_long"


class SignatureEmpty(UploadRefused):
    """Nothing was written in the signature's field."""

    code = "upload.signature_empty"


class CardRefused(UploadRefused):
    """A photographed card that must be taken again; what to do better is in the words.

    Args:
        fault: of `CardReading.faults` or `backoffice.uploads.card_checks`, or `unreadable` (neither
            name nor number), `shows_back`, `shows_front` (the other side was asked for).
    """

    code = "upload.card_unreadable"

    def __init__(self, fault: str) -> None:
        super().__init__()
        self.code = f"upload.card_{fault}"


class FaceRefused(UploadRefused):
    """A picture of a face that must be taken again; what to do better is in the words.

    Args:
        fault: of `FaceInspection.faults`.
    """

    code = "upload.face_none"

    def __init__(self, fault: str) -> None:
        super().__init__()
        self.code = f"upload.face_{fault}"


class ConsentMissing(UploadRefused):
    """A selfie came without consent to comparing faces; it was not looked at."""

    code = "upload.consent_missing"
    status = 403


class TooManyUploads(UploadRefused):
    """More pictures than a visit needs."""

    code = "upload.too_many"
    status = 429


class ReadingDown(UploadRefused):
    """The picture could not be read because our reader is down; the citizen may also type."""

    code = "upload.reading_down"
    status = 503


_LIVE_CODES = {
    "too_few_frames": "upload.live_too_few_frames",
    "timing": "upload.live_timing",
    "no_face": "upload.live_no_face",
    "several_faces": "upload.live_several_faces",
    "other_person": "upload.live_other_person",
    "still": "upload.live_still",
    "no_baseline": "upload.live_no_baseline",
    "wrong_order": "upload.live_wrong_order",
    "replayed": "upload.live_replayed",
}


class LivenessFailed(UploadRefused):
    """The frames do not show the person doing what was asked for; it may be tried once more.

    Args:
        fault: as in `LivenessReading.fault`.
    """

    code = "upload.live_action_missing"

    def __init__(self, fault: str) -> None:
        super().__init__()
        self.code = _LIVE_CODES.get(fault, self.code)
