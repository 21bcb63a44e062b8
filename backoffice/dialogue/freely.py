"""What is said while nothing is awaited: what needs no model, and the text made safe for it."""

import re

from backoffice.dialogue import switching
from backoffice.dialogue.buttons import meaning_of
from backoffice.dialogue.choosing import begun_with
from backoffice.dialogue.heard import Heard
from backoffice.dialogue.questions import known_question
from backoffice.dialogue.talk import Talk, bare
from backoffice.dialogue.wanted import volunteered
from backoffice.understanding import closed_act, extract, is_question, mask
from backoffice.understanding.clauses import requests_in
from backoffice.understanding.lexicon import any_of, words


def hear_freely(talk: Talk, act: str | None) -> Heard:
    """Nothing is awaited: only make the text safe. Names and addresses go too, where known."""
    if (meaning := meaning_of(talk)) is not None:
        return Heard(mask(talk.text), meaning.act, item=meaning.item)
    if (own := switching.hear_own_too(talk)) is not None:
        return own
    if act is None and talk.knowledge.catalogue.only_elsewhere(talk.text) is not None:
        return Heard(mask(talk.text), "out_of_scope")
    if act is None and (known := known_question_about(talk)) is not None:
        return known
    if talk.says("begin") or _begins_and_tells(talk):  # what was spoken of, or it is asked which
        return Heard(mask(talk.text), "apply_item", item=begun_with(talk))
    if act is None and _wants_what_it_names(talk):
        return Heard(mask(talk.text), "apply_item")
    if _asks_for_a_paper(talk):
        return Heard(mask(talk.text), "ask_materials")
    about = talk.item(talk.conversation.item_code)
    about = about or next(iter(talk.knowledge.catalogue.items.values()), None)
    if about is None or act is not None:
        return Heard(mask(talk.text), act)
    found = extract(talk.text, volunteered(about), today=talk.today)
    if found.value("filed_by") and not found.rest.strip() and talk.conversation.item_code:
        return Heard(mask(talk.text), "apply_item", item=talk.conversation.item_code)
    # "我要办居住证，我叫李梅": what is wanted is in the rest; the answers are taken once it is begun.
    return Heard(found.rest if found.found and found.rest.strip() else found.safe_text)


def _begins_and_tells(talk: Talk) -> bool:
    """ "行 直接申请 我43岁 男的": of the item spoken of, and some answers at once."""
    pieces = [bare(one) for one in re.split(r"[\s,。!;、]+", talk.text) if one]
    while pieces and closed_act(pieces[0]) == "affirm":
        del pieces[0]
    begins = len(pieces) > 1 and pieces[0] in words("dialogue", "begin")
    if not begins or is_question(talk.text) or talk.item(talk.conversation.item_code) is None:
        return False
    return not talk.knowledge.catalogue.names.named_in(talk.text)


def _wants_what_it_names(talk: Talk) -> bool:
    """ "办4050": nothing but "begin" and the name of an item."""
    said = talk.knowledge.catalogue.names.without(bare(talk.text))
    return said != bare(talk.text) and said in words("dialogue", "begin")


def _asks_for_a_paper(talk: Talk) -> bool:
    """ "要房产证吗" is no wish for the other office that issues it."""
    asked = any_of("questions", "paper_needed").match(talk.text) and is_question(talk.text)
    return bool(asked) and talk.knowledge.catalogue.guides.names_a_paper(talk.text)


def known_question_about(talk: Talk) -> Heard | None:
    """A question that the item spoken of knows in these words needs no model."""
    about = talk.item(talk.conversation.item_code)
    if about is None or not is_question(talk.text) or requests_in(talk.text):
        return None
    catalogue = talk.knowledge.catalogue
    named = catalogue.names.named_in(talk.text)
    # "残疾证" names its application; its renewal is near enough to be spoken of in the same word.
    others = [one for one in named if not catalogue.guides.near_group(about.code, one)]
    if others and about.code not in named:
        return None
    if known_question(talk.text, [about]) is not None:
        return Heard(mask(talk.text), "ask_what", item=about.code)
    if any_of("questions", "by_another").search(talk.text) and about.applicants.proxy:
        return Heard(mask(talk.text), "ask_process", item=about.code)
    return None
