"""What to ask next. Pure: the same draft always gives the same step."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from backoffice.applications.draft import Draft
from backoffice.dialogue.eligibility import Verdict, declared, verified
from catalogue.form import FormField

UPLOADED = frozenset({"photo", "document"})


class Kind(StrEnum):
    """The kinds of step on the way to a submitted application."""

    FIELD = "field"
    CARD_OR_FIELD = "card_or_field"
    NOT_ELIGIBLE = "not_eligible"
    SIGN_IN = "sign_in"
    MATERIAL = "material"
    CARD = "card"
    FACE_CONSENT = "face_consent"
    SELFIE = "selfie"
    CHECKS = "checks"
    REVIEW = "review"
    SIGNATURE = "signature"
    SUBMIT = "submit"


@dataclass(frozen=True)
class Next:
    """The next step; `key` names the field, material or condition it is about."""

    kind: Kind
    key: str | None = None


def next_step(draft: Draft, *, signed_in: bool) -> Next:
    """The one thing to do now.

    Order: what a clerk wants corrected; the fields in the catalogue's order (with the card offered
    where it can fill them, the phone verified where it is given, and unfit applicants told as
    soon as their own words say so); identity; registers; papers; reading back; signature. Papers come
    after the registers: nobody collects papers for nothing, and what a register knows is not
    asked for.
    """
    reopened = draft.progress.get("reopened", [])
    if reopened:
        return _reopened(draft, reopened[0])
    if draft.supplementing:
        return _supplement(draft)
    return (
        _fields(draft, signed_in)
        or _identity(draft, signed_in)
        or _registers(draft)
        or _materials(draft)
        or _conclusion(draft)
    )


def _reopened(draft: Draft, key: str) -> Next:
    if draft.item.field(key) is not None:
        return Next(Kind.FIELD, key)
    return Next(Kind.MATERIAL, key)


def _supplement(draft: Draft) -> Next:
    done = draft.progress.get("corrected", [])
    for want in draft.wanted:
        key = want.get("field") or want.get("material") or ""
        if key not in done:
            return Next(Kind.FIELD if "field" in want else Kind.MATERIAL, key)
    # A corrected answer may open fields and papers that were not needed before.
    return _missing_field(draft) or _materials(draft) or _conclusion(draft)


def _missing_field(draft: Draft) -> Next | None:
    for field in draft.open_fields():
        if field.type != "signature" and _is_open(draft, field):
            return Next(Kind.FIELD, field.slug)
    return None


def _is_open(draft: Draft, field: FormField) -> bool:
    if field.slug in draft.answers:
        return False
    return field.slug not in draft.progress.get("skipped", [])


def _fields(draft: Draft, signed_in: bool) -> Next | None:
    """Walk the fields in order; interruptions come right after the answer that calls for them."""
    progress = draft.progress
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
        if field.prefill == "id_card" and _about_applicant(field) and "card" not in progress:
            return Next(Kind.CARD_OR_FIELD, field.slug)
        return Next(Kind.FIELD, field.slug)
    return _unfit_by_own_word(draft)


def _about_applicant(field: FormField) -> bool:
    return not field.slug.startswith("proxy_")


def _wants_sign_in(draft: Draft, field: FormField, signed_in: bool) -> bool:
    return (
        field.prefill == "login_account"
        and not signed_in
        and not draft.progress.get("sign_in_later", False)
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


def _identity(draft: Draft, signed_in: bool) -> Next | None:
    level = draft.item.identity_level
    if level == "none":
        return None
    if not signed_in:
        return Next(Kind.SIGN_IN)
    if level != "id_face":
        return None
    progress = draft.progress
    if progress.get("card") not in ("done", "window"):
        return Next(Kind.CARD)
    if progress.get("card") == "done" and progress.get("face") is None:
        return Next(Kind.FACE_CONSENT)
    if progress.get("face") == "agreed":
        return Next(Kind.SELFIE)
    return None


def identity_shown(draft: Draft, *, signed_in: bool) -> bool:
    """Whether who is asking is proven well enough to speak of what registers say of that person."""
    if draft.item.identity_level != "id_face":
        return signed_in
    progress: Mapping[str, Any] = draft.progress
    return signed_in and progress.get("card") == "done" and progress.get("face") == "alike"


def _registers(draft: Draft) -> Next | None:
    verdict = verified(draft)
    if verdict.to_ask:
        return Next(Kind.CHECKS)
    if verdict.holds is False and not draft.progress.get("go_on_checked"):
        # Without proof of who is asking, what a register says is for the clerk's eyes only.
        if identity_shown(draft, signed_in=True):
            return Next(Kind.NOT_ELIGIBLE, verdict.condition)
    return None


def _conclusion(draft: Draft) -> Next:
    if not draft.progress.get("reviewed"):
        return Next(Kind.REVIEW)
    for field in draft.open_fields():
        if field.type == "signature" and _is_open(draft, field):
            return Next(Kind.SIGNATURE, field.slug)
    return Next(Kind.SUBMIT)


__all__ = ["Kind", "Next", "Verdict", "identity_shown", "next_step"]
