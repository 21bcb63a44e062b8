"""What to tell a citizen about a picture that is not good enough, by the reader's fault codes."""

from backoffice import messages


def face_advice(fault: str) -> str:
    """For a fault of `FaceInspection.faults`."""
    return messages.text(f"error.upload.face_{fault}")


def card_advice(fault: str) -> str:
    """For a fault of `CardReading.faults` or of `backoffice.uploads.card_checks`."""
    return messages.text(f"error.upload.card_{fault}")
