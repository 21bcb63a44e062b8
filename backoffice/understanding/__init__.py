"""Understanding of what citizens say, without any model: pure functions, no database, no network.

Three promises rest on this package: nothing given is lost, no answer lands in the wrong field,
no personal number leaves the back office. Word lists are data: data/lexicon/*.yml.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from backoffice.understanding.types import (
    MAX_CHARACTERS,
    Extraction,
    Fault,
    Found,
    Kind,
    Option,
    Person,
    TextTooLong,
    Wanted,
)

__all__ = [
    "MAX_CHARACTERS",
    "Extraction",
    "Fault",
    "Found",
    "Kind",
    "Option",
    "Person",
    "TextTooLong",
    "Wanted",
    "asks_reason",
    "check",
    "closed_act",
    "extract",
    "fields_named",
    "is_correction",
    "is_question",
    "mask",
    "mask_value",
    "normalise",
]


def normalise(text: str) -> str:
    """NFKC, simplified characters, no control characters, single spaces, no leading "/".

    Raises:
        TextTooLong: more than MAX_CHARACTERS characters.
    """
    raise NotImplementedError


def mask(text: str) -> str:
    """Replaces personal numbers and e-mail addresses by typed placeholders. Idempotent."""
    raise NotImplementedError


def extract(
    text: str,
    wanted: Sequence[Wanted],
    *,
    today: date,
    channel: str = "phone",
    speaker: Person = "applicant",
) -> Extraction:
    """All answers in one sentence.

    Args:
        text: raw or normalised; it is normalised here, spans refer to the normalised text.
        wanted: every field that is open, awaited or filled, in the order of asking; also those
            whose condition is not yet known.
        today: the day in Asia/Shanghai, for "去年三月" and for checks.
        channel: "phone" or "kiosk"; at the kiosk homophones of options are tolerated.
        speaker: whose data "我" announces: "proxy" once it is known that a proxy fills the form.
    Raises:
        TextTooLong: see normalise.
    """
    raise NotImplementedError


def check(wanted: Wanted, value: Any, *, today: date) -> Fault | None:
    """Why `value` (in normal form) cannot be taken for `wanted`, or None."""
    raise NotImplementedError


def closed_act(text: str) -> str | None:
    """The act of an utterance that consists of nothing but one closed expression, or None.

    One of affirm, deny, repeat, ask_human, pause, cancel, resume, goodbye, thank, greet.
    """
    raise NotImplementedError


def is_question(text: str) -> bool:
    """Whether the utterance (or its last part) asks something."""
    raise NotImplementedError


def is_correction(text: str) -> bool:
    """Whether the utterance says that something given earlier is wrong or shall change."""
    raise NotImplementedError


def asks_reason(text: str) -> bool:
    """Whether the utterance asks why something is needed ("为什么要身份证号")."""
    raise NotImplementedError


def fields_named(text: str, wanted: Sequence[Wanted]) -> list[str]:
    """Keys of the fields that the utterance speaks of by name, longest names first."""
    raise NotImplementedError


def mask_value(kind: str, value: Any) -> str:
    """How a value is shown back: 李*, 1101**********002X, 138****8000, 澜石二路***.

    `kind` is a Kind, or "name" for a text that is a person's name.
    """
    raise NotImplementedError
