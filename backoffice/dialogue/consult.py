"""Answers about items: what, who, papers, fee, time, steps, place, validity, amounts."""

from collections.abc import Callable, Mapping, Sequence

from backoffice import messages
from backoffice.dialogue import facts
from backoffice.dialogue.talk import Talk
from backoffice.dialogue.wanted import wanted_field
from backoffice.understanding import fields_named
from catalogue.form import Option
from catalogue.loader import Catalogue
from catalogue.schema import Faq, ServiceItem

_OTHER = "other"
_FAQ_LIKENESS = 0.55
"""Shared character pairs (Dice) from which a question counts as a known one; shorter questions
share fewer by chance. Chosen on the item's own questions against each other."""

Answer = Callable[[Talk, ServiceItem], str | None]


async def answer(talk: Talk, act: str, item_code: str | None) -> None:
    """Answer a question. In a form, a question about a field is answered about that field."""
    draft = talk.filling
    named = talk.prepared.get("named", [])
    if draft is not None and act == "ask_what" and named and _say_why(talk, named[0]):
        return
    if act == "ask_place" and item_code in (None, _OTHER):
        talk.say_words(facts.place(talk.knowledge.hall))
        return
    item = _item(talk, item_code)
    if item is None:
        _say_which(talk, act, item_code)
        return
    talk.conversation.item_code = item.code
    faq = _known_question(talk.text, item)
    words = facts.hedged(faq.a, faq.status) if faq else _ANSWERS[act](talk, item)
    if words is None:
        talk.say("consult.no_fact", title=item.title)
        return
    if draft is not None:
        talk.say_words(words)
        return
    talk.say_words(words, buttons=messages.buttons("consult.next", title=item.title))


def _say_why(talk: Talk, slug: str) -> bool:
    assert talk.filling is not None
    field = talk.filling.item.field(slug)
    material = talk.filling.item.material(slug)
    why = (field and field.why) or (material and material.why)
    if not why:
        return False
    talk.say_words(why)
    return True


def _item(talk: Talk, code: str | None) -> ServiceItem | None:
    if code == _OTHER:
        return None
    if code is not None:
        return talk.item(code)
    if talk.filling is not None:
        return talk.filling.item
    return talk.item(talk.conversation.item_code)


def _say_which(talk: Talk, act: str, code: str | None) -> None:
    planned = planned_named(talk, code)
    if planned is not None:
        talk.say("consult.planned", title=planned)
    elif code == _OTHER:
        talk.say("consult.other")
    else:
        talk.say(f"which.{act}", buttons=item_buttons(talk, act))


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
    taught = (item.name, _stem(item.name), *item.aliases) if item is not None else ()
    words = (name, _stem(name), *taught, *catalogue.planned_also.get(code, ()))
    return tuple(one for one in words if one)


def _stem(name: str) -> str:
    """`失业保险金申领（首次）` → `失业保险金`: the part that people say."""
    short = name.split("（")[0].split("、")[0].strip("《》")
    for ending in ("申领", "申请", "认定", "登记", "核发", "备案"):
        short = short.removesuffix(ending) if len(short.removesuffix(ending)) >= 4 else short
    return short


def item_buttons(
    talk: Talk, act: str = "apply_item", items: Sequence[ServiceItem] | None = None
) -> list[dict[str, str]]:
    """The first items (or these) as buttons; pressing one says the act about it."""
    shown = list(talk.knowledge.catalogue.items.values())[:4] if items is None else items
    return [button for one in shown for button in messages.buttons(f"which.{act}", title=one.title)]


def _known_question(text: str, item: ServiceItem) -> Faq | None:
    best, likeness = None, _FAQ_LIKENESS
    for faq in item.faq:
        for question in (faq.q, *faq.also):
            alike = _dice(text, question)
            if alike >= likeness:
                best, likeness = faq, alike
    return best


def _dice(one: str, other: str) -> float:
    pairs = [
        {s[i : i + 2] for i in range(len(s) - 1)}
        for s in (one.rstrip("?？吗呢"), other.rstrip("?？吗呢"))
    ]
    total = len(pairs[0]) + len(pairs[1])
    return 2 * len(pairs[0] & pairs[1]) / total if total else 0.0


def _what(talk: Talk, item: ServiceItem) -> str | None:
    if item.about is None:
        return None
    words, others = item.about.text, _without_own_names(talk.text, item)
    for code, difference in item.about.differs.items():
        if any(word in others for word in _called(talk.knowledge.catalogue, code)):
            words = difference
    return facts.hedged(words, item.about.status)


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
        said = {one.value for one in field.options if _is_mentioned(one, talk.text)}
        if len(said) == 1:
            known.setdefault(field.slug, said.pop())
    return known


def _is_mentioned(option: Option, text: str) -> bool:
    """Whether a question names this option; `extract` takes no answers from questions."""
    return any(word in text for word in (option.label, *option.synonyms))


def _materials(talk: Talk, item: ServiceItem) -> str | None:
    draft = talk.filling
    if draft is not None:
        named = fields_named(talk.text, [wanted_field(one) for one in item.fields])
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
        proxy = messages.text("consult.proxy", proxy=item.applicants.proxy)
        words += "\n" + facts.hedged(proxy, item.applicants.status or item.facts.conditions.status)
    return words


_ANSWERS: Mapping[str, Answer] = {
    "ask_what": _what,
    "ask_conditions": lambda talk, item: facts.conditions(item),
    "ask_materials": _materials,
    "ask_fee": lambda talk, item: facts.hedged(item.fee.text, item.fee.status),
    "ask_time": lambda talk, item: facts.promised_time(item),
    "ask_process": _process,
    "ask_place": lambda talk, item: facts.place(talk.knowledge.hall),
    "ask_amount": lambda talk, item: (
        facts.amounts(item, talk.knowledge.catalogue.figures, talk.today)
        or messages.text("consult.no_amount", title=item.title)
    ),
    "ask_validity": lambda talk, item: facts.hedged(item.validity.text, item.validity.status),
}
