"""Answers about items: what, who, papers, fee, time, steps, place, validity, amounts."""

from collections.abc import Callable, Mapping

from backoffice import messages
from backoffice.conversations.services import previous_bubbles
from backoffice.dialogue import facts
from backoffice.dialogue.choosing import (
    OTHER,
    SHORT,
    ask_topic,
    is_asking,
    item_meant,
)
from backoffice.dialogue.questions import SURE_LIKENESS, known_question
from backoffice.dialogue.situations import say_plan
from backoffice.dialogue.talk import Talk
from backoffice.dialogue.wanted import wanted_field
from backoffice.understanding import fields_named
from backoffice.understanding.lexicon import any_of
from catalogue.form import Option
from catalogue.loader import Catalogue
from catalogue.names import names_of, stem
from catalogue.schema import ServiceItem

Answer = Callable[[Talk, ServiceItem], str | None]


async def answer(talk: Talk, act: str, item_code: str | None) -> None:
    """Answer a question. In a form, a question about a field is answered about that field."""
    draft = talk.filling
    named = talk.prepared.get("named", [])
    if draft is not None and act == "ask_what" and named and _say_why(talk, named[0]):
        return
    item = item_meant(talk, act, item_code)
    if is_asking(talk):
        return
    if item is None and item_code != OTHER:
        if act == "ask_place":
            talk.say_words(facts.place(talk.knowledge.hall))
            return
        item = draft.item if draft is not None else talk.item(talk.conversation.item_code)
    if item is None:
        _say_without_item(talk, act, item_code)
        return
    answer_about(talk, act, item)
    if act == "ask_conditions":
        await _not_the_same_twice(talk)


async def _not_the_same_twice(talk: Talk) -> None:
    """Somebody's own case ("那我可以吗") gets the list of conditions once, then who decides."""
    if not any_of("questions", "about_me").search(talk.asked) or not talk.bubbles:
        return
    earlier = await previous_bubbles(talk.session, talk.turn)
    if any(one["text"] == talk.bubbles[-1]["text"] for one in earlier):
        talk.bubbles[-1]["text"] = messages.text("consult.as_before")


def answer_about(talk: Talk, act: str, item: ServiceItem) -> None:
    """Answer a question about this item: a known question in its own words, else by the act."""
    told = _is_clear_which(talk, act, item)
    talk.conversation.item_code = item.code
    words = _words_about(talk, act, item)
    if words is None:
        talk.say("consult.no_fact", title=item.title)
        return
    if not told:
        words = messages.text("consult.about", title=item.title, words=words)
    if talk.filling is not None:
        talk.say_words(words)
        return
    talk.say_words(words, buttons=messages.buttons("consult.next", title=item.title))


def _is_clear_which(talk: Talk, act: str, item: ServiceItem) -> bool:
    """Whether who asks knows that the answer is about this item: it was spoken of or is named.

    "刚生完宝宝，什么人能领" names none; conditions of something unnamed tell nothing.
    """
    spoken_of = talk.filling.item.code if talk.filling else talk.conversation.item_code
    named = talk.knowledge.catalogue.names.named_in(talk.asked)
    own_words = talk.prepared.get("item") == item.code  # a button, or the answer to our question
    return act == "ask_place" or own_words or item.code in (spoken_of, *named)


def _words_about(talk: Talk, act: str, item: ServiceItem) -> str | None:
    """The answer: a known question's own, who may come instead, or the fact that the act names."""
    faq = known_question(talk.asked, [item])
    if faq is not None:
        return facts.hedged(faq.a, faq.status)
    if any_of("questions", "by_another").search(talk.asked) and item.applicants.proxy:
        return _proxy(item)
    words = _ANSWERS[act](talk, item)
    if words and act == "ask_conditions" and any_of("questions", "own_case").search(talk.asked):
        words += "\n" + messages.text("consult.own_case")
    return words


def _proxy(item: ServiceItem) -> str:
    words = messages.text("consult.proxy", proxy=item.applicants.proxy)
    return facts.hedged(words, item.applicants.status or item.facts.conditions.status)


def _say_why(talk: Talk, slug: str) -> bool:
    assert talk.filling is not None
    field = talk.filling.item.field(slug)
    material = talk.filling.item.material(slug)
    why = (field and field.why) or (material and material.why)
    if not why:
        return False
    talk.say_words(why)
    if field is not None and talk.mentions("must_fill"):
        talk.say("fill.must" if field.required else "fill.need_not", label=field.label)
    return True


def _say_without_item(talk: Talk, act: str, code: str | None) -> None:
    """No item is named: a known question, another office, a situation, or "which one?"."""
    planned = planned_named(talk, code)
    if planned is not None:
        talk.say("consult.planned", title=planned)
    elif say_known(talk) or say_elsewhere(talk):
        return
    elif code == OTHER:
        talk.say("consult.other")
    elif not say_plan(talk):
        ask_topic(talk, act)


def say_known(talk: Talk) -> bool:
    """Answer a question that some item knows in these words, though no item was recognised.

    Once an item is spoken of, a short question ("补卡要多少钱") gets another one's answer only
    with that item's name in it.
    """
    catalogue = talk.knowledge.catalogue
    about = [talk.conversation.item_code, *catalogue.names.named_in(talk.asked)]
    items = [one for code in about if (one := talk.item(code)) is not None]
    if not items or len(talk.asked) > SHORT:
        items = list(catalogue.items.values())
    faq = known_question(talk.asked, items, SURE_LIKENESS)
    if faq is None:
        return False
    if talk.filling is None:  # "要带什么" next is asked about the same
        talk.conversation.item_code = next(one.code for one in items if faq in one.faq)
    talk.say_words(facts.hedged(faq.a, faq.status))
    return True


def say_lost_about(talk: Talk, item: ServiceItem, key: str = "small.lost_about") -> None:
    """Not understood, but it is known what was spoken of: its next steps as buttons."""
    buttons = messages.buttons("consult.next", title=item.title) + messages.buttons("ask.person")
    talk.say(key, title=item.title, buttons=buttons)


def say_told_about(talk: Talk, item: ServiceItem) -> None:
    """Something was told that nobody asked for; the form asks for it in its turn."""
    say_lost_about(talk, item, "small.told_about")


def say_elsewhere(talk: Talk) -> bool:
    """Say where other government business is done, when the text names it."""
    other = talk.knowledge.catalogue.guides.elsewhere_in(talk.text)
    if other is None:
        return False
    key = "elsewhere.where" if other.status == "verified" else "elsewhere.where_or_ask"
    buttons = [] if talk.filling else messages.buttons("elsewhere.where")
    talk.say(key, where=other.where, buttons=buttons)
    return True


def planned_named(talk: Talk, code: str | None) -> str | None:
    """The name of a business that is known but not taught yet, when the text names it."""
    catalogue = talk.knowledge.catalogue
    if code in catalogue.planned:
        return catalogue.planned[code or ""]
    called = [
        (word, name)
        for one, name in catalogue.planned.items()
        for word in _called(catalogue, one)
        if word in talk.text
    ]
    return max(called, key=lambda pair: len(pair[0]), default=(None, None))[1]


def _called(catalogue: Catalogue, code: str) -> tuple[str, ...]:
    """All that people may call an item that is not taught yet, or another item."""
    name = catalogue.name_of(code) or ""
    item = catalogue.find(code)
    taught = (*names_of(item), stem(item.name)) if item is not None else ()
    words = (name, stem(name), *taught, *catalogue.planned_also.get(code, ()))
    return tuple(one for one in words if one)


def _what(talk: Talk, item: ServiceItem) -> str | None:
    if item.about is None:
        return None
    words, others = item.about.text, _without_own_names(talk.asked, item)
    for code, difference in item.about.differs.items():
        if any(word in others for word in _called(talk.knowledge.catalogue, code)):
            words = "\n".join(dict.fromkeys([difference, *_the_other_way(talk, item, code)]))
    return facts.hedged(words, item.about.status)


def _the_other_way(talk: Talk, item: ServiceItem, code: str) -> list[str]:
    """How the other item says that it differs from this one: a comparison has two sides."""
    other = talk.item(code)
    said = other.about.differs.get(item.code) if other is not None and other.about else None
    return [said] if said else []


def _without_own_names(text: str, item: ServiceItem) -> str:
    """居住证签注 is not a mention of 居住证: an item's own names may contain another item's."""
    own = {item.name, item.title, *item.aliases, *(one.text for one in item.wrong_names)}
    for name in sorted(own, key=len, reverse=True):
        text = text.replace(name, "")
    return text


def known_of(talk: Talk, item: ServiceItem) -> Mapping[str, object]:
    """The answers given so far, and the choices that the question itself mentions ("租房要…")."""
    known: dict[str, object] = dict(talk.draft.answers) if talk.draft is not None else {}
    for field in item.fields:
        said = {one.value for one in field.options if _is_mentioned(one, talk.asked)}
        if len(said) == 1:
            known.setdefault(field.slug, said.pop())
    return known


def _is_mentioned(option: Option, text: str) -> bool:
    """Whether a question names this option; `extract` takes no answers from questions."""
    return any(word in text for word in (option.label, *option.synonyms))


def _materials(talk: Talk, item: ServiceItem) -> str | None:
    draft = talk.filling
    if draft is not None:
        named = fields_named(talk.asked, [wanted_field(one) for one in item.fields])
        field = item.field(named[0]) if named else None
        if field is not None and field.type in ("photo", "document") and field.ask_again:
            return field.ask_again
    same = draft if draft is not None and draft.item.code == item.code else None
    return facts.materials(item, known_of(talk, item), same)


def _process(talk: Talk, item: ServiceItem) -> str | None:
    if item.process is None:
        return None
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate(item.process.steps, 1))
    words = facts.hedged(messages.text("consult.process", steps=steps), item.process.status)
    if item.applicants.proxy:
        words += "\n" + _proxy(item)
    return words


def _fee(talk: Talk, item: ServiceItem) -> str | None:
    """What it costs. Asked "多少钱" of what is paid out, people mean what they receive."""
    fee = facts.hedged(item.fee.text, item.fee.status)
    if item.fee.yuan != 0 or not item.amounts or any_of("questions", "paying").search(talk.asked):
        return fee
    received = facts.amounts(item, talk.knowledge.catalogue.figures, talk.today)
    return f"{received}\n{fee}"


_ANSWERS: Mapping[str, Answer] = {
    "ask_what": _what,
    "ask_conditions": lambda talk, item: facts.conditions(item),
    "ask_materials": _materials,
    "ask_fee": _fee,
    "ask_time": lambda talk, item: facts.promised_time(item),
    "ask_process": _process,
    "ask_place": lambda talk, item: facts.place(talk.knowledge.hall),
    "ask_amount": lambda talk, item: (
        facts.amounts(item, talk.knowledge.catalogue.figures, talk.today)
        or messages.text("consult.no_amount", title=item.title)
    ),
    "ask_validity": lambda talk, item: facts.hedged(item.validity.text, item.validity.status),
}
ANSWERED = frozenset(_ANSWERS)
"""Acts that ask something about an item."""
