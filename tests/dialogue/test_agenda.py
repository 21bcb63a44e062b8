"""What is asked next: the same draft always gives the same step."""

import pytest

from backoffice.applications.states import State
from backoffice.dialogue.agenda import Kind, Next, next_step
from tests.dialogue.conftest import CHECKS, COMPLETE, MakeDraft


def test_first_question_is_the_first_field(draft: MakeDraft) -> None:
    assert next_step(draft(), signed_in=False) == Next(Kind.FIELD, "filed_by")


def test_card_is_offered_where_it_can_fill_fields_and_only_once(draft: MakeDraft) -> None:
    begun = {"filed_by": "self", "waive_type": "none"}
    assert next_step(draft(begun), signed_in=False) == Next(Kind.CARD_OR_FIELD, "name")
    assert next_step(draft(begun, card="typed"), signed_in=False) == Next(Kind.FIELD, "name")


def test_a_proxy_is_not_offered_the_card_for_the_proxys_own_fields(draft: MakeDraft) -> None:
    step = next_step(draft({"filed_by": "proxy"}), signed_in=False)
    assert step == Next(Kind.FIELD, "proxy_name")


def test_the_phone_is_verified_where_it_is_given_unless_put_off(draft: MakeDraft) -> None:
    answers = {k: COMPLETE[k] for k in list(COMPLETE)[:7]}
    assert next_step(draft(answers, card="done"), signed_in=False).kind == Kind.SIGN_IN
    later = draft(answers, card="done", sign_in_later=True)
    assert next_step(later, signed_in=False) == Next(Kind.FIELD, "reason")
    assert next_step(draft(answers, card="done"), signed_in=True) == Next(Kind.FIELD, "reason")


def test_sign_in_put_off_comes_before_identity(draft: MakeDraft) -> None:
    complete = draft(COMPLETE, card="done", sign_in_later=True)
    assert next_step(complete, signed_in=False).kind == Kind.SIGN_IN


@pytest.mark.parametrize(
    ("said", "condition"),
    [("not_registered", "register_done"), ("not_yet", "half_year_declared")],
)
def test_unfit_by_own_word_is_told_before_anything_more_is_asked(
    draft: MakeDraft, said: str, condition: str
) -> None:
    answers = {"filed_by": "self", "waive_type": said}
    assert next_step(draft(answers), signed_in=False) == Next(Kind.NOT_ELIGIBLE, condition)
    goes_on = draft(answers, go_on=True)
    assert next_step(goes_on, signed_in=False) == Next(Kind.CARD_OR_FIELD, "name")


def test_steps_after_the_fields_come_in_order(draft: MakeDraft) -> None:
    progress: dict[str, object] = {"card": "typed"}
    assert next_step(draft(COMPLETE, **progress), signed_in=True).kind == Kind.CARD
    progress["card"] = "done"
    assert next_step(draft(COMPLETE, **progress), signed_in=True).kind == Kind.FACE_CONSENT
    progress["face"] = "agreed"
    assert next_step(draft(COMPLETE, **progress), signed_in=True).kind == Kind.SELFIE
    progress["face"] = "alike"
    assert next_step(draft(COMPLETE, **progress), signed_in=True).kind == Kind.CHECKS
    checked = draft(COMPLETE, checks=CHECKS, **progress)
    assert next_step(checked, signed_in=True) == Next(Kind.MATERIAL, "property_cert")
    papers = {"property_cert": "bring"}
    given = draft(COMPLETE, checks=CHECKS, materials=papers, **progress)
    assert next_step(given, signed_in=True).kind == Kind.REVIEW
    progress["reviewed"] = True
    read = draft(COMPLETE, checks=CHECKS, materials=papers, **progress)
    assert next_step(read, signed_in=True) == Next(Kind.SIGNATURE, "signature")
    signed = {**COMPLETE, "signature": "upload"}
    done = draft(signed, checks=CHECKS, materials=papers, **progress)
    assert next_step(done, signed_in=True).kind == Kind.SUBMIT


def test_without_a_card_no_face_is_asked_for(draft: MakeDraft) -> None:
    step = next_step(draft(COMPLETE, card="window"), signed_in=True)
    assert step.kind == Kind.CHECKS


@pytest.mark.parametrize("face", ["declined", "different", "unsure"])
def test_a_register_is_not_quoted_to_somebody_who_is_not_proven(
    draft: MakeDraft, face: str
) -> None:
    against = {**CHECKS, "residence_registered_half_year": "no"}
    unproven = draft(COMPLETE, checks=against, card="done", face=face)
    assert next_step(unproven, signed_in=True).kind == Kind.MATERIAL
    proven = draft(COMPLETE, checks=against, card="done", face="alike")
    assert next_step(proven, signed_in=True) == Next(Kind.NOT_ELIGIBLE, "registered_half_year")


def test_a_paper_that_a_register_replaces_is_asked_of_somebody_who_is_not_proven(
    draft: MakeDraft,
) -> None:
    checks = {**CHECKS, "housing_owned_half_year": "yes"}
    papers = {step.key for step in [next_step(
        draft(COMPLETE, checks=checks, card="done", face="declined"), signed_in=True)]}  # fmt: skip
    assert papers == {"property_cert"}
    proven = draft(COMPLETE, checks=checks, card="done", face="alike")
    assert next_step(proven, signed_in=True).kind == Kind.REVIEW


def test_what_was_reopened_goes_before_everything(draft: MakeDraft) -> None:
    reopened = draft(COMPLETE, card="done", reopened=["name", "phone"])
    assert next_step(reopened, signed_in=True) == Next(Kind.FIELD, "name")


def test_a_correction_asks_for_all_that_is_wanted_and_then_reads_back(draft: MakeDraft) -> None:
    wanted = [
        {"field": "name", "reason": "少一个字"},
        {"material": "property_cert", "reason": "糊"},
    ]
    answers = {**COMPLETE, "signature": "upload"}
    papers = {"property_cert": "given"}

    def at(**progress: object) -> Next:
        back = draft(
            answers, state=State.SUPPLEMENT_DUE, wanted=wanted, materials=papers, **progress
        )
        return next_step(back, signed_in=True)

    assert at() == Next(Kind.FIELD, "name")
    assert at(corrected=["name"]) == Next(Kind.MATERIAL, "property_cert")
    assert at(corrected=["name", "property_cert"]).kind == Kind.REVIEW


def test_skipped_optional_fields_are_not_asked_again(draft: MakeDraft) -> None:
    answers = {**COMPLETE, "housing_type": "rented", "landlord_name": "黄大强",
               "landlord_phone": "13911112222"}  # fmt: skip
    assert next_step(draft(answers, card="done"), signed_in=True) == Next(Kind.FIELD, "lease_no")
    skipped = draft(answers, card="done", skipped=["lease_no"])
    assert next_step(skipped, signed_in=True) == Next(Kind.FIELD, "lease_end")
