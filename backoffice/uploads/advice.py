"""What to tell a citizen about a picture that is not good enough, by the reader's fault codes."""

from backoffice import messages
from integrations.ports import LiveAction


def face_advice(fault: str) -> str:
    """For a fault of `FaceInspection.faults`."""
    return messages.text(f"face.{fault}")


def card_advice(fault: str) -> str:
    """For a fault of `CardReading.faults` or of `backoffice.uploads.card_checks`."""
    return messages.text(f"card.{fault}")


def live_advice(fault: str) -> str:
    """For `LivenessReading.fault`."""
    return messages.text(f"live.{fault}")


def live_prompt(action: LiveAction) -> str:
    """What to ask for."""
    return messages.text(f"live.{action.value}")
