"""Every fault that the reader can name has words for the citizen."""

import re

import pytest

from backoffice import messages
from backoffice.uploads import advice
from backoffice.uploads.errors import LivenessFailed
from integrations import ports
from integrations.ports import LiveAction


def named(kind: type) -> set[str]:
    """The fault codes that a port's description promises."""
    words = (kind.__doc__ or "").partition("fault")[2]
    return set(re.findall(r"`([a-z_]+)`", words))


def live_words(fault: str) -> str:
    refused = LivenessFailed(fault)
    assert fault in refused.code
    return messages.text(f"error.{refused.code}")


CARD_CHECKS = {
    "unread", "expired", "not_yet_valid", "period", "age",
    "number_kind", "birth_mismatch", "sex_mismatch", "unreadable", "shows_back", "shows_front",
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "say", "least"),
    [
        (ports.FaceInspection, advice.face_advice, "photo_of_card"),
        (ports.CardReading, advice.card_advice, "glare"),
        (ports.LivenessReading, live_words, "still"),
    ],
)
def test_every_fault_has_advice(kind: type, say: object, least: str) -> None:
    faults = named(kind) - {"passed"}
    assert least in faults
    for fault in faults:
        assert len(say(fault)) > 10  # type: ignore[operator]


def test_every_disagreement_of_a_card_and_every_action_has_words() -> None:
    assert all(advice.card_advice(fault) for fault in CARD_CHECKS)
    assert all(messages.text(f"live.do_{action}") for action in LiveAction)
