"""Several requests in one sentence: "办居住证要多少钱，要多久"."""

from __future__ import annotations

import re

from backoffice.understanding.acts import clause_asks
from backoffice.understanding.lexicon import any_of
from backoffice.understanding.normal import normalise

_MOST = 3
_SHORTEST = 3
_MARKS = re.compile(r"([。！？!?;；,，、\s]+)")


def requests_in(text: str) -> list[str]:
    """The single requests of a text, in order, at most three; empty when there is one or none.

    What stands before a request and asks for nothing ("我刚搬来，") stays with the request after it;
    what follows the last one is left out.
    """
    found: list[str] = []
    story = ""
    for clause in _clauses(normalise(text)):
        story = f"{story}，{clause}" if story else clause
        if is_request(clause):
            found.append(story)
            story = ""
    return found[:_MOST] if len(found) > 1 else []


def is_request(clause: str) -> bool:
    """Whether the clause asks or wants something."""
    return clause_asks(clause) or any_of("questions", "wishes").search(clause) is not None


def _clauses(text: str) -> list[str]:
    """Between pauses, and before the words that join a further request."""
    pieces: list[str] = []
    for part in _MARKS.split(any_of("questions", "joints").sub("，", text)):
        if _MARKS.fullmatch(part or "，"):
            if pieces and "?" in part:
                pieces[-1] += "?"
        else:
            pieces.append(part)
    return [one for one in pieces if len(one) >= _SHORTEST]
