"""Understanding of what citizens say, without any model: pure functions, no database, no network.

Three promises rest on this package: nothing given is lost, no answer lands in the wrong field,
no personal number leaves the back office. Word lists are data: data/lexicon/*.yml.
"""

from backoffice.understanding.acts import (
    asks_reason,
    closed_act,
    is_correction,
    is_question,
    says_among,
)
from backoffice.understanding.checks import check, ethnic_group
from backoffice.understanding.digits import mask
from backoffice.understanding.extract import extract
from backoffice.understanding.naming import asks_beside_names, fields_named
from backoffice.understanding.normal import normalise
from backoffice.understanding.shown import mask_value
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
    "asks_beside_names",
    "asks_reason",
    "check",
    "closed_act",
    "ethnic_group",
    "extract",
    "fields_named",
    "is_correction",
    "is_question",
    "mask",
    "mask_value",
    "says_among",
    "normalise",
]
