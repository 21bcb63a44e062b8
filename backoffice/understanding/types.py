"""The words in which understanding speaks with the rest: what is wanted, what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal[
    "text",
    "id_number",
    "phone",
    "date",
    "choice",
    "address",
    "region",
    "number",
    "photo",
    "document",
    "signature",
    "sms_code",
    "yes_no",
]
"""How a field is answered. Photos, documents and signatures are never answered by words."""

Person = Literal["applicant", "proxy", "landlord", "host", "child", "spouse", "other"]
Precision = Literal["day", "month", "year"]

MAX_CHARACTERS = 2000
"""Longest citizen's text that is understood; the gateway refuses more."""


class TextTooLong(ValueError):
    """The text has more than MAX_CHARACTERS characters. Carries no part of the text."""


@dataclass(frozen=True)
class Option:
    """One possible answer to a choice.

    synonyms: other words for it, any dialect, unmistakable in any sentence.
    short_answers: words that mean it only as an answer to the question ("自己的"). A word of
        several options narrows the answer down to them.
    topics: what it is about ("社保"); where the topic of other options is spoken of, its vague
        words do not count.
    at_least_months, less_than_months: how long its topic must have lasted to be the answer.
    also_after: words whose durations count too once its topic is named.
    assumed: a duration said of nothing in particular is said of this.
    outweighs: options that do not count beside this one.
    """

    value: str
    label: str
    synonyms: tuple[str, ...] = ()
    short_answers: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    at_least_months: int | None = None
    less_than_months: int | None = None
    also_after: tuple[str, ...] = ()
    assumed: bool = False
    outweighs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fault:
    """Why a value cannot be taken. `code` has a text in data/messages/faults.yml.

    `params` fill the text's {places}; they never hold what the citizen said.
    """

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Wanted:
    """A field that an answer may go to.

    key: the field's slug. cues: words that announce an answer ("房东电话", "搬来").
    names: what people call the field ("手机号", "电话"). rules: the catalogue field's `validate`.
    awaited: this is what was just asked. filled: there is already a value; it is overwritten
    only by an explicit correction (or while awaited). person: whose data it is.
    current: the value so far, to complete a partial one (an address without its room, a surname
    without the given name) and for "the same as" another field.
    other_topics: words that show that a choice was answered with something else;
    other_topics_reply: what to say then.
    """

    key: str
    kind: Kind
    label: str
    cues: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    rules: Mapping[str, Any] = field(default_factory=dict)
    awaited: bool = False
    filled: bool = False
    person: Person | None = None
    multiple: bool = False
    current: Any = None
    other_topics: tuple[str, ...] = ()
    other_topics_reply: str = ""


@dataclass(frozen=True)
class Found:
    """One answer. `start`/`end` are places in the normalised text.

    value: normal form. Date: ISO day; phone: 11 digits; ID number: 18 characters, X upper-case;
    choice: the option's value, or a tuple of values when `multiple`; yes_no: bool; number: int or
    float; region and address: text as given without what other fields took.
    certain: False when the whole sentence was taken as free text for the awaited field.
    corrected: the sentence says that this replaces an earlier value.
    precision: for dates, how exactly the citizen said it; below "day" the value is the first day
    of the span, or its last day for a field that ends something: read it back to be confirmed.
    fault: set when the value is worth keeping but not complete (an address without its room).
    """

    key: str
    value: Any
    start: int
    end: int
    certain: bool = True
    corrected: bool = False
    precision: Precision | None = None
    fault: Fault | None = None


@dataclass(frozen=True)
class Extraction:
    """Everything understood in one sentence.

    found: in the order of the sentence, spans never overlap, each key at most once.
    safe_text: the sentence with every answer and every masked number replaced by its placeholder;
    the only form of the sentence that may leave for the engine.
    rest: the safe sentence without the answers, to see whether it also asks something.
    refused: what was meant as an answer and cannot be taken, with the reason; not in `found`.
    """

    found: tuple[Found, ...]
    safe_text: str
    rest: str
    refused: tuple[tuple[str, Fault], ...] = ()

    def value(self, key: str) -> Any:
        """The value found for `key`, or None."""
        return next((one.value for one in self.found if one.key == key), None)
