"""What is asked next: the same draft always gives the same step."""

from typing import Any

import pytest

from backoffice.applications.draft import Draft
from backoffice.applications.states import State
from backoffice.dialogue.agenda import Kind, Next, next_step
from backoffice.dialogue.proving import standing_of
from backoffice.identity.policy import FILE, load_policy
from backoffice.representation.rules import FILE as ACTING_FILE
from backoffice.representation.rules import load_rules
from bootstrap.settings import ROOT
from tests.dialogue.conftest import CHECKS, COMPLETE, NOW, MakeDraft

POLICY = load_policy(ROOT / "data" / FILE)
RULES = load_rules(ROOT / "data" / ACTING_FILE)
LIVE = "sms card_photo card_back face police"
"""Everything that the phone's way asks for."""


def ask(draft: Draft, *, signed_in: bool, channel: str = "phone") -> Next:
    """The step for somebody who has proved what `draft(…, proved=…)` says."""
    standing = standing_of(draft, POLICY, RULES, signed_in=signed_in, channel=channel, now=NOW)
    draft.proven = standing.entitled
    return next_step(draft, standing)


def test_first_question_is_the_first_field(draft: MakeDraft) -> None:
    assert ask(draft(), signed_in=False) == Next(Kind.FIELD, "filed_by")


def test_card_is_offered_where_it_can_fill_fields_and_only_once(draft: MakeDraft) -> None:
    begun = {"filed_by": "self", "waive_type": "none"}
    assert ask(draft(begun), signed_in=False) == Next(Kind.CARD_OR_FIELD, "name")
    assert ask(draft(begun, card="typed"), signed_in=False) == Next(Kind.FIELD, "name")


def test_a_proxy_is_not_offered_the_card_for_the_proxys_own_fields(draft: MakeDraft) -> None:
    step = ask(draft({"filed_by": "proxy"}), signed_in=False)
    assert step == Next(Kind.FIELD, "proxy_name")


def test_the_phone_is_verified_where_it_is_given_unless_put_off(draft: MakeDraft) -> None:
    answers = {k: COMPLETE[k] for k in list(COMPLETE)[:7]}
    assert ask(draft(answers, card="done"), signed_in=False).kind == Kind.SIGN_IN
    later = draft(answers, card="done", sign_in_later=True)
    assert ask(later, signed_in=False) == Next(Kind.FIELD, "reason")
    assert ask(draft(answers, card="done"), signed_in=True) == Next(Kind.FIELD, "reason")


def test_sign_in_put_off_comes_before_identity(draft: MakeDraft) -> None:
    complete = draft(COMPLETE, card="done", sign_in_later=True)
    assert ask(complete, signed_in=False).kind == Kind.SIGN_IN


@pytest.mark.parametrize(
    ("said", "condition"),
    [("not_registered", "register_done"), ("not_yet", "half_year_declared")],
)
def test_unfit_by_own_word_is_told_before_anything_more_is_asked(
    draft: MakeDraft, said: str, condition: str
) -> None:
    answers = {"filed_by": "self", "waive_type": said}
    assert ask(draft(answers), signed_in=False) == Next(Kind.NOT_ELIGIBLE, condition)
    goes_on = draft(answers, go_on=True)
    assert ask(goes_on, signed_in=False) == Next(Kind.CARD_OR_FIELD, "name")


def test_steps_after_the_fields_come_in_order(draft: MakeDraft) -> None:
    typed = draft(COMPLETE, card="typed", proved="sms")
    assert ask(typed, signed_in=True).kind == Kind.CARD
    read: dict[str, Any] = {"card": "done", "proved": "sms card_photo"}
    assert ask(draft(COMPLETE, **read), signed_in=True).kind == Kind.CARD_BACK
    read["proved"] += " card_back"
    assert ask(draft(COMPLETE, **read), signed_in=True).kind == Kind.FACE_CONSENT
    assert ask(draft(COMPLETE, face="agreed", **read), signed_in=True).kind == Kind.SELFIE
    alive = {"card": "done", "face": "alike", "proved": "sms card_photo card_back face"}
    assert ask(draft(COMPLETE, **alive), signed_in=True).kind == Kind.POLICE
    whole = {**alive, "proved": LIVE, "police": "yes"}
    assert ask(draft(COMPLETE, **whole), signed_in=True).kind == Kind.CHECKS
    checked = draft(COMPLETE, checks=CHECKS, **whole)
    assert ask(checked, signed_in=True) == Next(Kind.MATERIAL, "property_cert")
    papers = {"property_cert": "bring"}
    given = draft(COMPLETE, checks=CHECKS, materials=papers, **whole)
    assert ask(given, signed_in=True).kind == Kind.REVIEW
    whole["reviewed"] = True
    reviewed = draft(COMPLETE, checks=CHECKS, materials=papers, **whole)
    assert ask(reviewed, signed_in=True) == Next(Kind.SIGNATURE, "signature")
    signed = {**COMPLETE, "signature": "upload"}
    done = draft(signed, checks=CHECKS, materials=papers, **whole)
    assert ask(done, signed_in=True).kind == Kind.SUBMIT


def test_the_card_is_turned_over_as_soon_as_its_front_counts(draft: MakeDraft) -> None:
    answers = {k: COMPLETE[k] for k in list(COMPLETE)[:6]}
    begun = draft(answers, card="done", proved="card_photo")
    assert ask(begun, signed_in=False).kind == Kind.CARD_BACK
    for outcome in ("declined", "expired"):
        closed = draft(answers, card="done", back=outcome, proved="card_photo")
        assert ask(closed, signed_in=False) == Next(Kind.FIELD, "phone")


def test_who_does_not_turn_the_card_over_is_looked_at_by_a_clerk(draft: MakeDraft) -> None:
    front = {"card": "done", "back": "declined", "police": "yes"}
    asked = draft(COMPLETE, proved="sms card_photo police", **front)
    assert ask(asked, signed_in=True).kind == Kind.FACE_CONSENT
    shown = draft(COMPLETE, proved="sms card_photo police face", face="alike", **front)
    assert ask(shown, signed_in=True).kind == Kind.CHECKS
    assert not shown.proven


def test_without_a_card_no_face_is_asked_for(draft: MakeDraft) -> None:
    step = ask(draft(COMPLETE, card="window", proved="sms"), signed_in=True)
    assert step.kind == Kind.CHECKS


def test_a_face_not_shown_to_be_alive_is_not_asked_for_twice(draft: MakeDraft) -> None:
    still = draft(COMPLETE, card="done", face="alike", police="yes", proved="sms card_photo police")
    assert ask(still, signed_in=True).kind == Kind.CHECKS
    assert not still.proven


def test_the_police_are_asked_also_when_a_clerk_will_look(draft: MakeDraft) -> None:
    refused = draft(COMPLETE, card="done", face="declined", proved="sms card_photo")
    assert ask(refused, signed_in=True).kind == Kind.POLICE


def test_without_a_phone_nothing_of_it_is_asked(draft: MakeDraft) -> None:
    assert ask(draft(COMPLETE, no_phone=True, card="typed"), signed_in=False).kind == Kind.CHECKS


@pytest.mark.parametrize("face", ["declined", "different", "unsure", "alike"])
def test_a_register_is_not_quoted_to_somebody_who_is_not_proven(
    draft: MakeDraft, face: str
) -> None:
    against = {**CHECKS, "residence_registered_half_year": "no"}
    unproven = draft(COMPLETE, checks=against, card="done", face=face, police="yes",
                     proved="sms card_photo police")  # fmt: skip
    assert ask(unproven, signed_in=True).kind == Kind.MATERIAL
    proven = draft(COMPLETE, checks=against, card="done", face="alike", police="yes", proved=LIVE)
    assert ask(proven, signed_in=True) == Next(Kind.NOT_ELIGIBLE, "registered_half_year")


def test_a_paper_that_a_register_replaces_is_asked_of_somebody_who_is_not_proven(
    draft: MakeDraft,
) -> None:
    checks = {**CHECKS, "housing_owned_half_year": "yes"}
    unproven = draft(COMPLETE, checks=checks, card="done", face="declined", police="yes",
                     proved="sms card_photo police")  # fmt: skip
    assert ask(unproven, signed_in=True) == Next(Kind.MATERIAL, "property_cert")
    proven = draft(COMPLETE, checks=checks, card="done", face="alike", police="yes", proved=LIVE)
    assert ask(proven, signed_in=True).kind == Kind.REVIEW


def test_what_was_reopened_goes_before_everything(draft: MakeDraft) -> None:
    reopened = draft(COMPLETE, card="done", reopened=["name", "phone"])
    assert ask(reopened, signed_in=True) == Next(Kind.FIELD, "name")


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
        return ask(back, signed_in=True)

    assert at() == Next(Kind.FIELD, "name")
    assert at(corrected=["name"]) == Next(Kind.MATERIAL, "property_cert")
    assert at(corrected=["name", "property_cert"]).kind == Kind.REVIEW


def test_skipped_optional_fields_are_not_asked_again(draft: MakeDraft) -> None:
    answers = {**COMPLETE, "housing_type": "rented", "landlord_name": "黄大强",
               "landlord_phone": "13911112222"}  # fmt: skip
    assert ask(draft(answers, card="done"), signed_in=True) == Next(Kind.FIELD, "lease_no")
    skipped = draft(answers, card="done", skipped=["lease_no"])
    assert ask(skipped, signed_in=True) == Next(Kind.FIELD, "lease_end")
