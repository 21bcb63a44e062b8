"""In production an item is applied for only while its department stands for the facts."""

from backoffice.dialogue.talk import Talk
from catalogue.schema import ServiceItem
from catalogue.signoffs import Standing, standing


def only_consulted(talk: Talk, item: ServiceItem) -> bool:
    """Whether the item may not be applied for now; then this has said so, and offers a person."""
    signoffs = talk.knowledge.signoffs
    if signoffs is None or standing(item, signoffs, talk.today) == Standing.SIGNED:
        return False
    talk.say("apply.consult_only", title=item.title)
    return True
