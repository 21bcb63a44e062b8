"""Several requests in one sentence: "办居住证要多少钱，要多久"."""

from __future__ import annotations

import re
from functools import cache

from backoffice.understanding.acts import clause_asks, says_among
from backoffice.understanding.lexicon import alternation, any_of, words
from backoffice.understanding.normal import normalise

_MOST = 3
_SHORTEST = 3
_HALT = re.compile(r"(?P<halt>[^。！？!?;；,，、\s]{1,6})[。！!;；,，、\s]+(?P<rest>.+)", re.DOTALL)
_JOINT = "\n"
_MARKS = re.compile(r"([。！？!?;；,，、\s]+)")


def requests_in(text: str) -> list[str]:
    """The single requests of a text, in order, at most three; empty when there is one or none.

    What stands before a request and asks for nothing ("我刚搬来，") stays with the request after it;
    what follows the last one is left out.
    """
    found: list[str] = []
    story = ""
    clauses = _clauses(normalise(text))
    for number, (clause, _) in enumerate(clauses):
        story = f"{story}，{clause}" if story else clause
        further = clauses[number + 1] if number + 1 < len(clauses) else None
        if is_request(clause) or (_says_what_to_do(clause) and not _is_asked_about(further)):
            found.append(story)
            story = ""
    return found[:_MOST] if len(found) > 1 else []


def without_halt(text: str) -> str:
    """等等，我想先问问…: what follows the halt, if it asks or wants something; else all of it."""
    found = _HALT.match(text)
    if found and says_among("pause", found["halt"]) and is_request(normalise(found["rest"])):
        return found["rest"]
    return text


def is_request(clause: str) -> bool:
    """Whether the clause asks or wants something."""
    return clause_asks(clause) or any_of("questions", "wishes").search(clause) is not None


def _says_what_to_do(clause: str) -> bool:
    """注销个体户; 先办执照; 帮小孩买医保; 食品证也一起办; but not 办了, 换过."""
    return bool(_begins_with_doing().match(clause) or _ends_as_well().search(clause))


def _is_asked_about(further: tuple[str, bool] | None) -> bool:
    """开早餐店办食品证，平面图要自己画吗: what shall be done is only what the question is about."""
    return further is not None and not further[1] and clause_asks(further[0])


@cache
def _begins_with_doing() -> re.Pattern[str]:
    doing = alternation(words("questions", "doings"))
    return re.compile(
        rf"(?:我|先|再|来|去|就|还|也|[帮替给].{{1,4}}?){{0,3}}{doing}(?![了过咗好完])"
    )


@cache
def _ends_as_well() -> re.Pattern[str]:
    return re.compile(rf"{alternation(words('questions', 'as_well'))}[了吧啊理]?$")


def _clauses(text: str) -> list[tuple[str, bool]]:
    """Between pauses, and before the words that join a further request; whether one joins it."""
    pieces: list[tuple[str, bool]] = []
    joined = False
    for part in _MARKS.split(any_of("questions", "joints").sub(_JOINT, text)):
        if _MARKS.fullmatch(part or "，"):
            joined = joined or _JOINT in part
            if pieces and "?" in part:
                pieces[-1] = (pieces[-1][0] + "?", pieces[-1][1])
        elif len(part) >= _SHORTEST:
            pieces.append((part, joined))
            joined = False
    return pieces
