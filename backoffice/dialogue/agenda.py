"""What to ask next. Pure: the same draft always gives the same step."""

from dataclasses import dataclass
from enum import StrEnum

from backoffice.applications.draft import Draft
from backoffice.dialogue.acting import RELATION_PAPER, RelationStep
from backoffice.dialogue.eligibility import Verdict, declared, verified
from backoffice.dialogue.proving import Standing
from backoffice.identity.policy import Means
from catalogue.form import FormField

IDENTIFYING = frozenset({"filed_by", "id_no", "proxy_id_no"})
"""Who corrects one of these is somebody else, until it is proved."""
UPLOADED = frozenset({"photo", "document"})

CARD_FIELDS = {
    "name": "name",
    "id_no": "id_no",
    "ethnicity": "ethnicity",
    "address": "hukou_address",
}
"""Part of a card's reading → the catalogue's shared field."""
_READ_FROM_CARD = frozenset(CARD_FIELDS.values())


class Kind(StrEnum):
    """The kinds of step on the way to a submitted application."""

    FIELD = "field"
    CARD_OR_FIELD = "card_or_field"
    NOT_ELIGIBLE = "not_eligible"
    NOT_ALLOWED = "not_allowed"
    CHILD_CONSENT = "child_consent"
    SIGN_IN = "sign_in"
    MATERIAL = "material"
    CARD = "card"
    CARD_BACK = "card_back"
    FACE_CONSENT = "face_consent"
    SELFIE = "selfie"
    POLICE = "police"
    RELATION = "relation"
    RELATION_PAPER = "relation_paper"
    CHECKS = "checks"
    REVIEW = "review"
    SIGNATURE = "signature"
    SUBMIT = "submit"


@dataclass(frozen=True)
class Next:
    """The next step; `key` names the field, material or condition it is about."""

    kind: Kind
    key: str | None = None


def next_step(draft: Draft, standing: Standing) -> Next:
    """The one thing to do now.

    Order: what a clerk wants corrected; the fields in the catalogue's order (with the card offered
    where it can fill them and turned over at once, the phone verified where it is given, and unfit
    applicants told as soon as their own words say so); identity; whether who acts may act;
    registers; papers; reading back; signature. Papers come after the registers: nobody collects
    papers for nothing, and what a register knows is not asked for. Who may not act, and a child's
    guardian who has not consented, is told before anything more is taken.
    """
    reopened = draft.progress.get("reopened", [])
    if standing.acting.child_consent:
        return _unfit_by_own_word(draft) or Next(Kind.CHILD_CONSENT)
    if reopened:
        return _reopened(draft, reopened[0])
    if standing.acting.not_allowed is not None:
        return Next(Kind.NOT_ALLOWED, "proxy_relation")
    if draft.supplementing:
        return _supplement(draft, standing)
    return (
        _fields(draft, standing)
        or _identity(draft, standing)
        or _relation(standing)
        or _registers(draft, standing)
        or _materials(draft)
        or _conclusion(draft)
    )


def _reopened(draft: Draft, key: str) -> Next:
    if draft.item.field(key) is not None:
        return Next(Kind.FIELD, key)
    return Next(Kind.MATERIAL, key)


def _supplement(draft: Draft, standing: Standing) -> Next:
    done = draft.progress.get("corrected", [])
    for want in draft.wanted:
        key = want.get("field") or want.get("material") or ""
        if key not in done:
            return Next(Kind.FIELD if "field" in want else Kind.MATERIAL, key)
    # A corrected answer may open fields and papers that were not needed before.
    # Who corrects whom it is about proves it anew; an authority may have ended, or be about others.
    proving = _identity(draft, standing) if IDENTIFYING.intersection(done) else None
    return (
        _missing_field(draft)
        or proving
        or _relation(standing)
        or _materials(draft)
        or _conclusion(draft)
    )


def _missing_field(draft: Draft) -> Next | None:
    for field in draft.open_fields():
        if field.type != "signature" and _is_open(draft, field):
            return Next(Kind.FIELD, field.slug)
    return None


def _is_open(draft: Draft, field: FormField) -> bool:
    if field.slug in draft.unsigned:
        return True  # something that was signed has changed since
    if field.slug in draft.answers:
        return False
    return field.slug not in draft.progress.get("skipped", [])


def _other_side(standing: Standing) -> Next | None:
    """Who has just photographed a card only has to turn it over."""
    missing = standing.identity.missing
    turned = Means.CARD_BACK in missing and Means.CARD_PHOTO not in missing
    return Next(Kind.CARD_BACK) if turned else None


def _fields(draft: Draft, standing: Standing) -> Next | None:
    """Walk the fields in order; interruptions come right after the answer that calls for them."""
    progress = draft.progress
    signed_in = standing.signed_in or standing.identity.proven
    for field in draft.item.fields:
        if field.type == "signature" or not draft.applies(field):
            continue
        if not _is_open(draft, field):
            if _wants_sign_in(draft, field, signed_in):
                return Next(Kind.SIGN_IN)
            continue
        unfit = _unfit_by_own_word(draft)
        if unfit is not None:
            return unfit
        if turned := _other_side(standing):
            return turned
        on_card = field.prefill == "id_card" and field.slug in _READ_FROM_CARD
        if on_card and "card" not in progress:
            return Next(Kind.CARD_OR_FIELD, field.slug)
        return Next(Kind.FIELD, field.slug)
    return _unfit_by_own_word(draft) or _other_side(standing)


def _wants_sign_in(draft: Draft, field: FormField, signed_in: bool) -> bool:
    return (
        field.prefill == "login_account"
        and not signed_in
        and not draft.progress.get("sign_in_later", False)
        and not draft.progress.get("no_phone", False)
    )


def _unfit_by_own_word(draft: Draft) -> Next | None:
    if draft.progress.get("go_on"):
        return None
    verdict = declared(draft)
    if verdict.holds is False:
        return Next(Kind.NOT_ELIGIBLE, verdict.condition)
    return None


def _materials(draft: Draft) -> Next | None:
    for material in draft.needed_materials():
        if not draft.supplied(material):
            return Next(Kind.MATERIAL, material.slug)
    return None


def _identity(draft: Draft, standing: Standing) -> Next | None:
    """What the way to the item's level still needs from the person."""
    wanted = standing.identity.next
    if wanted == Means.SMS:
        return Next(Kind.SIGN_IN)
    if wanted in (Means.CARD_PHOTO, Means.CARD_CHIP):
        return Next(Kind.CARD)
    if wanted == Means.FACE:
        agreed = draft.progress.get("face") == "agreed"
        return Next(Kind.SELFIE if agreed else Kind.FACE_CONSENT)
    if wanted == Means.POLICE or _police_helps(draft, standing):
        return Next(Kind.POLICE)
    return None


def _police_helps(draft: Draft, standing: Standing) -> bool:
    """Also a clerk who has to look is helped by what the police say; they are asked once."""
    has_card = any(one.means in (Means.CARD_PHOTO, Means.CARD_CHIP) for one in draft.evidence)
    return standing.police_wanted and has_card and draft.police is None


def _relation(standing: Standing) -> Next | None:
    """Whether the speaker is what they say to be to the person."""
    if standing.acting.relation == RelationStep.ASK:
        return Next(Kind.RELATION)
    if standing.acting.relation == RelationStep.PAPER:
        return Next(Kind.RELATION_PAPER, RELATION_PAPER)
    return None


def _registers(draft: Draft, standing: Standing) -> Next | None:
    verdict = verified(draft)
    if verdict.to_ask:
        return Next(Kind.CHECKS)
    if verdict.holds is False and not draft.progress.get("go_on_checked"):
        # Without proof of who is asking, what a register says is for the clerk's eyes only.
        if standing.entitled:
            return Next(Kind.NOT_ELIGIBLE, verdict.condition)
    return None


def _conclusion(draft: Draft) -> Next:
    if not draft.progress.get("reviewed"):
        return Next(Kind.REVIEW)
    for field in draft.open_fields():
        if field.type == "signature" and _is_open(draft, field):
            return Next(Kind.SIGNATURE, field.slug)
    return Next(Kind.SUBMIT)


__all__ = ["Kind", "Next", "Verdict", "next_step"]
