"""Makes more training sentences out of the written ones.

From data/nlu/words come names of businesses, things said around a request, and parts of answers.
Everything is drawn with fixed seeds: the same files always make the same sentences. A sentence
and what is made of it share a group, so that no fold of a cross-validation knows the answer.

A question with a story around it is still the question: sentences that only tell of a need are put
before questions and wishes of the same business, with the label of what is asked.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, Dict, Iterator, List, Optional, Tuple
from zlib import crc32

import yaml

from bot_server.acts import ACTS_WITH_ITEM, NO_ITEM
from bot_server.nlu.homophones import Homophones

SEED = 20181214
#: The business whose sentences are patterns for others, and how the sentences name it.
PATTERN_ITEM, PATTERN_NAME = "residence_permit_apply", "居住证"
#: Sentences that compare or explain the pattern's name are no patterns for other names.
_NO_PATTERN = ("暂住证", "居住登记", "身份证", "新市民", "签注", "续", "年审", "房东")
BARE_ANSWERS = 1400
#: How often each kind of variant is made of one sentence.
OTHER_ITEM_SHARE, ELSEWHERE_SHARE, PLACE_SHARE = 0.6, 0.6, 0.15
AROUND_SHARE, STORY_SHARE, SECOND_SHARE, SPOKEN_SHARE = 0.15, 0.1, 0.05, 0.06
MISHEARD_SHARE, DROPPED_SHARE = 0.12, 0.06
#: How often a question or wish of at most so many characters is also asked at the end of a story.
#: Measured on sentences by other hands.
TOLD_SHARE, TOLD_LONGEST = 0.4, 30
_PARTICLES = "吗呢啊呀吧嘛的了个?？,，"
_PUNCTUATION = "，,。!！?？、；;"
_TURNS = ("", "", "", "我想问", "想问一下", "请问", "那", "就想知道", "到底")


@dataclass(frozen=True)
class Labelled:
    """A training sentence: its text, act, item label, and the group it was made in.

    is_name: whether it is nothing but the name of an item.
    told: the group of the sentence that is told before it.
    """

    text: str
    act: str
    item: str
    group: int
    is_name: bool = False
    told: Optional[int] = None


class Words:
    """The lists of data/nlu/words."""

    def __init__(self, lists: Dict[str, Any]):
        self._lists = lists
        self.names = [(c, n) for c, names in lists.get("names", {}).items() for n in names]

    @classmethod
    def read(cls, folder: Path) -> "Words":
        """All lists of the folder's YAML files; none of them when there is no such folder."""
        lists: Dict[str, Any] = {}
        for path in sorted(folder.glob("*.yml")) if folder.is_dir() else []:
            lists.update(yaml.safe_load(path.read_text("utf-8")))
        return cls(lists)

    def __bool__(self) -> bool:
        return bool(self._lists)

    def __getitem__(self, name: str) -> List[str]:
        return self._lists[name]


def with_variants(sentences: List[Labelled], words: Words) -> List[Labelled]:
    """The sentences, each followed by its variants, and bare answers at the end."""
    if not words:
        return sentences
    homophones = Homophones(s.text for s in sentences)
    seconds = [s.text for s in sentences if s.act in ACTS_WITH_ITEM and s.item == NO_ITEM]
    made: List[Labelled] = []
    for sentence in sentences:
        # of its own, so that a sentence added or mended leaves all others' variants as they are
        random = Random(f"{SEED} {sentence.text}")
        renamed = [sentence, *_renamed(sentence, words, random)]
        made += renamed
        for one in renamed:
            made += _with_more_said(one, words, seconds, random)
            made += _misspoken(one, words, homophones, random)
    answers = _answers(words, Random(SEED), first_group=len(sentences))
    return _without_doubles(made + list(_after_stories(sentences)) + answers)


def _renamed(s: Labelled, words: Words, random: Random) -> Iterator[Labelled]:
    """The same request about other businesses: of this hall, of others, of other places."""
    if s.item != PATTERN_ITEM or s.text.count(PATTERN_NAME) != 1:
        return
    if s.act == "describe_need" or any(word in s.text for word in _NO_PATTERN):
        return
    if random.random() < OTHER_ITEM_SHARE:
        code, name = random.choice(words.names)
        yield replace(s, text=s.text.replace(PATTERN_NAME, name), item=code)
    if random.random() < ELSEWHERE_SHARE:
        text = s.text.replace(PATTERN_NAME, random.choice(words["elsewhere"]))
        yield replace(s, text=text, act="out_of_scope", item=NO_ITEM)
    if random.random() < PLACE_SHARE:
        place = random.choice(words["places"]) + random.choice(["", "的"])
        name = random.choice([PATTERN_NAME, random.choice(words.names)[1]])
        text = s.text.replace(PATTERN_NAME, place + name)
        yield replace(s, text=text, act="out_of_scope", item=NO_ITEM)


def _with_more_said(
    s: Labelled, words: Words, seconds: List[str], random: Random
) -> Iterator[Labelled]:
    """The same request with talk around it, or with a second one after it: the first is the act."""
    if s.act not in ACTS_WITH_ITEM or s.act == "describe_need":
        return
    if random.random() < AROUND_SHARE:
        opening, ending = random.choice(words["openings"]), random.choice(words["endings"])
        kind = random.random()
        text = s.text if kind < 0.3 else opening + s.text
        yield replace(s, text=text if kind > 0.7 else text + ending)
    if random.random() < STORY_SHARE:
        told = random.choice(words["asides"])
        if random.random() < 0.4:
            told += random.choice(words["asides"])
        first = random.random() < 0.75
        yield replace(s, text=told + s.text if first else f"{s.text}，{told[:-1]}")
    if random.random() < SECOND_SHARE:
        link = random.choice(words["links"])
        yield replace(s, text=s.text + link + random.choice(seconds))


def _after_stories(sentences: List[Labelled]) -> Iterator[Labelled]:
    """Questions and wishes asked at the end of a story of the same business."""
    stories: Dict[str, List[Labelled]] = defaultdict(list)
    for s in sentences:
        if s.act == "describe_need" and s.item != NO_ITEM:
            stories[s.item].append(s)
    every = [story for of_item in stories.values() for story in of_item]
    for s in sentences:
        random = Random(f"{SEED} told {s.text}")
        if s.act not in ACTS_WITH_ITEM or s.act == "describe_need" or s.is_name or not every:
            continue
        if len(s.text) > TOLD_LONGEST or random.random() >= TOLD_SHARE:
            continue
        one = _drawn(stories.get(s.item) or every, s.text)
        told = one.text.rstrip(_PUNCTUATION)
        text = told + random.choice("，，，。") + random.choice(_TURNS) + s.text
        yield replace(s, text=text, told=one.group)


def _drawn(stories: List[Labelled], text: str) -> Labelled:
    """The text's story: the same as before when others are added, unless one of them is drawn."""
    return min(stories, key=lambda story: crc32(f"{story.text}|{text}".encode()))


def _misspoken(
    s: Labelled, words: Words, homophones: Homophones, random: Random
) -> Iterator[Labelled]:
    """The same thing without marks, misheard, or with particles dropped."""
    if len(s.text) >= 8 and random.random() < SPOKEN_SHARE:
        yield replace(s, text=_spoken(s.text, words["spoken"], random))
    if random.random() < MISHEARD_SHARE:
        yield replace(s, text=homophones.misheard(s.text, random))
    if len(s.text) >= 5 and random.random() < DROPPED_SHARE:
        kept = [c for c in s.text if c not in _PARTICLES or random.random() < 0.4]
        yield replace(s, text="".join(kept))


def _spoken(text: str, fillers: List[str], random: Random) -> str:
    """As a speech recogniser writes it: no punctuation, a filler here and there."""
    if "[" in text:
        return text
    text = "".join(c for c in text if c not in _PUNCTUATION)
    for _ in range(random.randint(1, 2)):
        place = random.randint(0, len(text))
        text = text[:place] + random.choice(fillers) + text[place:]
    return text


def _answers(words: Words, random: Random, first_group: int) -> List[Labelled]:
    """Bare answers to the form's questions: names, work, kin, places, rooms, times, and so on."""
    kinds = _answer_kinds(words, random)
    made = []
    for number in range(BARE_ANSWERS):
        text = kinds[number % len(kinds)]()
        made.append(Labelled(text, "inform", NO_ITEM, first_group + number))
    return made


def _answer_kinds(words: Words, random: Random) -> Tuple[Any, ...]:
    def one(name: str) -> str:
        return random.choice(words[name])

    def lead() -> str:
        return one("leads")

    def firm() -> str:
        return one("brands") + one("trades") + one("firms")

    return (
        lambda: one("surnames") + one("given"),
        lambda: lead() + one("surnames") + one("given"),
        firm,
        lambda: random.choice(["在", "我在", ""]) + random.choice([firm(), one("places_of_work")]),
        lambda: one("brands") + random.choice([one("trades"), one("firms")]),
        lambda: random.choice(["在", "我在", ""]) + one("places_of_work") + random.choice(
            ["上班", "做" + one("jobs"), "当" + one("jobs"), "打工", "返工"]),
        lambda: random.choice(["我做", "做", "当", "我是", "", "以前做"]) + one("jobs")
        + random.choice(["", "的", "那种"]),
        lambda: random.choice(["", "我", "我的", "是我", "他是我", "系我"]) + one("kin"),
        lambda: random.choice(["帮", "替", "给"]) + random.choice(["", "我"]) + one("kin")
        + random.choice(["", "办", "办的", "填的", "来的"]),
        lambda: lead() + one("regions") + random.choice(["", "", "的", "人", one("counties")]),
        lambda: lead() + one("villages") + one("place_ends"),
        lambda: one("villages") + one("place_ends") + one("rooms"),
        lambda: lead() + one("rooms") + random.choice(["", "", "住", "的"]),
        lambda: lead() + random.choice([one("nations"), one("schooling"), one("states")]),
        lambda: one("times") + one("time_ends"),
        lambda: random.choice(["大概", "应该是", "好像", ""]) + one("times") + one("time_ends"),
        lambda: lead() + one("homes") + random.choice(["", "", "，" + one("rooms"), "，没合同"]),
        lambda: random.choice(["", "我", "这个"]) + one("unable")
        + random.choice(["", one("things"), "这个"]),
        lambda: one("things") + random.choice(["", "我", "这个"]) + one("unable"),
        lambda: random.choice(["[姓名]", "[单位]", "[地址]", "[日期]", "[手机号]", "[号码]"])
        + random.choice(["，", " ", ""]) + random.choice(
            [one("homes"), one("jobs"), one("kin"), "是我" + one("kin"), one("times"), firm()]),
    )


def _without_doubles(sentences: List[Labelled]) -> List[Labelled]:
    """Each text once, with the label it had first: what people wrote comes before what is made."""
    seen: Dict[str, Labelled] = {}
    for s in sentences:
        if s.text.strip():
            seen.setdefault(s.text, s)
    return list(seen.values())
