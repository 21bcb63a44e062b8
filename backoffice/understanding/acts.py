"""What an utterance does, where closed word lists can tell with certainty."""

from __future__ import annotations

import re
from functools import cache

from backoffice.understanding.lexicon import any_of, words
from backoffice.understanding.normal import normalise

_ACTS = (
    "affirm",
    "deny",
    "cancel",
    "pause",
    "resume",
    "repeat",
    "ask_human",
    "goodbye",
    "thank",
    "greet",
)
_PIECES = re.compile(r"[\s,。.!！;；、~…，]+")
# A-not-A: 可不可以, 系唔系, 得唔得, 收不收.
_A_NOT_A = re.compile(r"([一-鿿])[不唔没]\1")
# 唔系,系帮我个仔办: what was taken before is denied, what holds follows.
_NO_BUT = re.compile(r"(?:不是|不对|唔系|唔啱|不|错)[,。 ]+(?:是|系)(?!的|嘅|吗|$)")
_MANY_AGAIN = re.compile(r"([一-鿿a-z])\1+")


@cache
def _act_words() -> dict[str, str]:
    return {word: act for act in reversed(_ACTS) for word in words("acts", act)}


@cache
def _edges(section: str) -> tuple[str, ...]:
    return tuple(sorted(words("acts", section), key=len, reverse=True))


def _act_of_piece(piece: str) -> str | None:
    """The act of one piece, with particles and polite words peeled off one at a time."""
    known, whole = _act_words(), words("acts", "keep_whole")
    for _ in range(8):
        if piece in whole:
            return None
        if piece in known:
            return known[piece]
        once = _MANY_AGAIN.sub(r"\1", piece)
        if once in known:
            return known[once]
        halves = piece[: len(piece) // 2]
        if halves and halves * 2 == piece and halves in known:
            return known[halves]
        shorter = _peel(piece)
        if shorter == piece:
            return None
        piece = shorter
    return None


def _peel(piece: str) -> str:
    for word in _edges("trailing"):
        if piece.endswith(word) and len(piece) > len(word):
            return piece[: -len(word)]
    for word in _edges("leading"):
        if piece.startswith(word) and len(piece) > len(word):
            return piece[len(word) :]
    return piece


def closed_act(text: str) -> str | None:
    """The act of an utterance that consists of nothing but one closed expression, or None.

    One of affirm, deny, repeat, ask_human, pause, cancel, resume, goodbye, thank, greet.
    "是吗" and "不是吗" are neither yes nor no; pieces that disagree ("不，对") are None.
    """
    text = normalise(text).lower()
    if not text or len(text) > 40 or any(mark in text for mark in "?？"):
        return None
    pieces = [piece for piece in _PIECES.split(text) if piece]
    acts = [_act_of_piece(piece) for piece in pieces]
    if not pieces or None in acts:
        return None
    polite = words("acts", "polite")
    weighty = {
        a for a, piece in zip(acts, pieces, strict=True) if piece not in polite and a != "thank"
    }
    if not weighty:
        weighty = set(acts)
        if len(weighty) > 1:
            weighty -= {"thank", "affirm"} if "greet" in weighty else {"thank"}
    if weighty == {"affirm", "goodbye"}:
        return "goodbye"
    if weighty == {"deny", "cancel"}:
        return "cancel"
    if weighty == {"affirm", "resume"}:
        return "resume"
    if weighty in ({"deny", "pause"}, {"affirm", "pause"}):
        return "pause"
    return next(iter(weighty)) if len(weighty) == 1 else None


def says_among(act: str, text: str) -> bool:
    """Whether one piece of the utterance is a closed expression of this act."""
    return any(_act_of_piece(one) == act for one in _PIECES.split(normalise(text).lower()) if one)


def is_question(text: str) -> bool:
    """Whether the utterance (or a part of it) asks something."""
    return any(clause_asks(part) for part in re.findall(r"[^,。!;、 ]+", normalise(text)))


def clause_asks(clause: str) -> bool:
    """Whether one clause, already normalised, asks something."""
    stripped = any_of("questions", "not_questions").sub("", clause)
    if "?" in stripped:
        return True
    stripped = stripped.rstrip(".~… ")
    if stripped.endswith(tuple(words("questions", "endings"))) and not stripped.endswith(
        tuple(words("questions", "not_endings"))
    ):
        return True
    if stripped.endswith("呢") and len(stripped) <= 6 and not re.search(r"\d", stripped):
        return True
    return bool(any_of("questions", "words").search(stripped) or _A_NOT_A.search(stripped))


def is_correction(text: str) -> bool:
    """Whether the utterance says that something given earlier is wrong or shall change."""
    text = normalise(text)
    if any_of("corrections", "marks").search(text) or _NO_BUT.match(text):
        return True
    return bool(
        re.search(
            any_of("corrections", "not_this_but").pattern
            + r"[^,。;!?]{1,30}[,。;! ]\s*(?:我|佢|他|她|就|而|才)?"
            + any_of("corrections", "but").pattern,
            text,
        )
    )


def asks_reason(text: str) -> bool:
    """Whether the utterance asks why something is needed ("为什么要身份证号")."""
    text = normalise(text)
    bare = text.strip("?。.,! 啊呀呢的")
    if bare in words("questions", "bare_reasons"):
        return True
    found = any_of("questions", "reasons").search(text)
    if found is None:
        return False
    return found[0] not in words("questions", "reasons_only_in_questions") or is_question(text)
