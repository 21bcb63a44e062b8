"""Acting for another, as the agenda and the questions see it. Pure."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from backoffice import messages
from backoffice.applications.draft import Draft
from backoffice.representation.rules import ActingRules
from backoffice.understanding.kin import Kin, kin_called
from catalogue.form import FormField

CHILD_CONSENT = "child"
"""The kind under which a guardian's consent is kept."""
RELATION_PAPER = "relation_paper"
"""The target of the widget for the paper that shall prove the relation."""
ABOUT_SPEAKER = ("proxy_", "filed_by")
"""Fields that are not about the person acted for."""
_CHILD_FIELDS = ("child_", "baby_")


class RelationStep(StrEnum):
    """What is to be done about the relation of the two people now."""

    NONE = "none"
    ASK = "ask"
    PAPER = "paper"


@dataclass(frozen=True)
class Acting:
    """How far it is settled that the speaker may act for the person.

    Attributes:
        not_allowed: why not: `relation` (not this one, in this item) or `child` (only a guardian
            for a child so young); None when nothing stands against it.
        child_consent: a guardian's consent comes before anything else is taken.
        relation: what is due about the relation.
        entitled: what registers and files say of the person may be told to the speaker.
    """

    not_allowed: str | None = None
    child_consent: bool = False
    relation: RelationStep = RelationStep.NONE
    entitled: bool = True


def acting_of(draft: Draft, rules: ActingRules, today: date) -> Acting:
    """Assess a draft."""
    if not draft.for_other:
        return Acting(child_consent=_consent_for_fields(draft))
    not_allowed = _not_allowed(draft, rules, today)
    relation, held = RelationStep.NONE, draft.authority
    if draft.pair is not None and not draft.person_proves and not_allowed is None:
        relation = _relation_step(draft, rules)
    return Acting(
        not_allowed,
        not_allowed is None and holds_back(draft, rules, today),
        relation,
        entitled=draft.person_proves or (held is not None and held.proved is not None),
    )


def _not_allowed(draft: Draft, rules: ActingRules, today: date) -> str | None:
    relation = draft.answers.get("proxy_relation")
    if relation is None:
        return None
    if relation not in rules.allowed(draft.item) or relation not in rules.relations:
        return "relation"
    if rules.is_child(draft.answers, today) and not rules.relations[relation].for_child:
        return "child"
    return None


def holds_back(draft: Draft, rules: ActingRules, today: date) -> bool:
    """Whether a guardian has yet to consent before the child's data is taken."""
    if draft.progress.get("child_consent") or not draft.for_other:
        return False
    relation = draft.answers.get("proxy_relation")
    if relation is None or relation not in rules.relations:
        return False
    return rules.relations[relation].for_child and rules.is_child(draft.answers, today)


def may_be_child(draft: Draft, rules: ActingRules) -> bool:
    """Whether the person may turn out to be a child whose guardian has not been asked yet."""
    if draft.progress.get("child_consent") or not draft.for_other:
        return False
    asked_by = rules.consent.asked_by
    if draft.item.field(asked_by) is None or asked_by in draft.answers:
        return False
    relation = draft.answers.get("proxy_relation") or (
        kin.relation if (kin := kin_of(draft)) else None
    )
    return relation in rules.relations and rules.relations[str(relation)].for_child


def waits_for_consent(draft: Draft, field: FormField) -> bool:
    """Whether this tells of the child of a parent who applies and has not consented yet."""
    acting = draft.item.applicants.acting
    if acting is None or not acting.child_data or draft.progress.get("child_consent"):
        return False
    return is_childs(field)


def _consent_for_fields(draft: Draft) -> bool:
    """Parents who apply themselves and tell of their young child: before the first such field."""
    following = next((one for one in draft.open_fields() if one.slug not in draft.answers), None)
    return following is not None and waits_for_consent(draft, following)


def is_childs(field: FormField) -> bool:
    """Whether the field tells of the applicant's young child."""
    return field.slug.startswith(_CHILD_FIELDS)


def _relation_step(draft: Draft, rules: ActingRules) -> RelationStep:
    held = draft.authority
    if held is None:
        return RelationStep.ASK
    if held.proved is not None or held.detail.get("papers"):
        return RelationStep.NONE
    covered = set(rules.relations[held.relation].covered_by)
    if covered & {one.slug for one in draft.needed_materials()} or draft.answers.get(
        "proxy_letter"
    ):
        return RelationStep.NONE
    return RelationStep.PAPER


def kin_of(draft: Draft) -> Kin | None:
    """The person acted for as the speaker calls them, where that is known."""
    called = draft.progress.get("kin")
    return kin_called(called) if called and draft.for_other else None


def whom(draft: Draft) -> str:
    """The person acted for, said to the speaker: 您妈妈, else 申请人."""
    kin = kin_of(draft)
    return messages.text("whom.kin", kin=kin.called) if kin else messages.text("whom.applicant")


def about_person(question: str, draft: Draft) -> str:
    """A question with the person in the speaker's own word instead of 申请人."""
    return question.replace(messages.text("whom.applicant"), whom(draft))


def face_consent_words(draft: Draft) -> str:
    """What is agreed to before a face is compared, said to whoever's face it is."""
    if not draft.for_other:
        return messages.text("consent.face")
    if draft.person_proves:
        return messages.text("consent.face_of_person", whom=whom(draft))
    return messages.text("consent.face_of_proxy", whom=whom(draft))
