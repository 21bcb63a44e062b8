"""What may be asked of these registers; every adapter refuses the same, before anything leaves."""

from integrations.ports import Named, Rejected, RelationQuestion
from integrations.registers.people import is_id_number

RELATIONS = frozenset({"spouse", "parent", "child", "guardian", "other_kin"})
_LONGEST_NAME = 60


def check_question(question: RelationQuestion) -> None:
    """Refuse what no register can know.

    Raises:
        Rejected: an unknown relation, somebody without name or number, or one person twice.
    """
    if question.relation not in RELATIONS:
        raise Rejected("relations: not a relation")
    for person in (question.agent, question.principal):
        _check_person(person)
    if question.agent.id_no == question.principal.id_no:
        raise Rejected("relations: one person only")


def _check_person(person: Named) -> None:
    if not person.name.strip() or len(person.name) > _LONGEST_NAME or not person.name.isprintable():
        raise Rejected("relations: not a name")
    if not is_id_number(person.id_no):
        raise Rejected("relations: not an identity number")
