"""The real item, seen as the conversation uses it."""

import re
from pathlib import Path

import pytest

from catalogue.loader import Catalogue, load_catalogue
from catalogue.schema import ServiceItem
from catalogue.scope import fields_to_ask, materials_needed, settled, still_open

ROOT = Path(__file__).resolve().parents[2]
RENTING_WORKER = {
    "filed_by": "self",
    "waive_type": "none",
    "reason": "employment",
    "housing_type": "rented",
    "photo_mode": "camera",
    "pickup": "station",
}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(ROOT / "data/items")


@pytest.fixture(scope="module")
def permit(catalogue: Catalogue) -> ServiceItem:
    item = catalogue.find("residence_permit_apply")
    assert item is not None
    return item


def test_a_tenant_who_works_is_asked_only_what_concerns_her(permit: ServiceItem) -> None:
    assert [field.slug for field in fields_to_ask(permit, RENTING_WORKER)] == [
        "filed_by", "waive_type", "name", "id_no", "ethnicity", "hukou_address", "phone", "reason",
        "current_region", "current_address", "move_in_date", "housing_type", "landlord_name",
        "landlord_phone", "lease_no", "lease_end", "employer", "photo_mode", "face_photo",
        "pickup", "signature",
    ]  # fmt: skip


def test_a_tenant_who_works_brings_only_her_papers(permit: ServiceItem) -> None:
    assert [paper.slug for paper in materials_needed(permit, RENTING_WORKER)] == [
        "apply_form", "id_card", "photo_receipt", "lease", "work_proof",
    ]  # fmt: skip
    assert still_open(permit, RENTING_WORKER) == []


def test_before_anything_is_known_the_papers_are_open(permit: ServiceItem) -> None:
    assert [paper.slug for paper in materials_needed(permit, {})] == [
        "apply_form", "id_card", "photo_receipt",
    ]  # fmt: skip
    assert len(still_open(permit, {})) == 7


def test_a_friend_who_files_is_asked_for_a_letter_and_his_card(permit: ServiceItem) -> None:
    friend = RENTING_WORKER | {"filed_by": "proxy", "proxy_relation": "entrusted"}
    asked = [field.slug for field in fields_to_ask(permit, friend)]
    assert asked[1:6] == [
        "proxy_name", "proxy_id_no", "proxy_phone", "proxy_relation", "proxy_letter",
    ]  # fmt: skip
    assert "proxy_id" in [paper.slug for paper in materials_needed(permit, friend)]


def test_what_hangs_on_a_question_that_does_not_apply_is_settled(permit: ServiceItem) -> None:
    known = settled(permit, {"filed_by": "self"})
    assert known["proxy_relation"] is None and known["proxy_letter"] is None
    assert "landlord_name" not in known


def test_an_answer_that_no_longer_applies_does_not_count(permit: ServiceItem) -> None:
    changed = RENTING_WORKER | {"filed_by": "self", "proxy_relation": "entrusted"}
    assert "proxy_letter" not in [field.slug for field in fields_to_ask(permit, changed)]


@pytest.mark.parametrize(
    ("said", "failing"),
    [
        ("not_registered", ["register_done"]),
        ("not_yet", ["half_year_declared"]),
        ("none", []),
        ("ssi", []),
        ("house", []),
        ("study", []),
        ("unsure", []),
    ],
)
def test_own_word_about_registration_decides_the_pre_check(
    permit: ServiceItem, said: str, failing: list[str]
) -> None:
    declared = [one for one in permit.applicants.conditions if one.check.kind == "declared"]
    failed = [
        one
        for one in declared
        if one.declared_by and not one.declared_by.holds({"waive_type": said})
    ]
    assert [one.id for one in failed] == failing
    assert all(one.if_not and one.do_instead for one in failed)


def test_whoever_is_not_registered_is_led_to_registration(
    catalogue: Catalogue, permit: ServiceItem
) -> None:
    condition = permit.condition("register_done")
    assert condition is not None and condition.lead_to == "residence_register"
    assert "居住登记" in (catalogue.name_of("residence_register") or "")


def test_each_waiver_stands_in_for_the_half_year_and_is_claimed_by_one_answer(
    permit: ServiceItem,
) -> None:
    claims = {
        one.id: [
            option.value
            for option in permit.field("waive_type").options  # type: ignore[union-attr]
            if one.declared_by and one.declared_by.holds({"waive_type": option.value})
        ]
        for one in permit.alternatives("registered_half_year")
    }
    assert claims == {f"waive_{one}": [one, "unsure"] for one in ("ssi", "house", "study")}


def test_every_field_can_be_asked_explained_and_shown_by_example(permit: ServiceItem) -> None:
    for field in permit.fields:
        for key in ("ask", "ask_again", "example", "why", "names"):
            assert getattr(field, key), (field.slug, key)
        assert field.ask != field.ask_again, field.slug
        if field.options:
            assert all(one.synonyms or one.short_answers or one.topics for one in field.options), (
                field.slug
            )


def test_the_signature_is_asked_last_and_whoever_files_first(permit: ServiceItem) -> None:
    assert permit.fields[0].slug == "filed_by"
    assert permit.fields[-1].slug == "signature"


def test_texts_for_citizens_are_plain_mandarin(permit: ServiceItem) -> None:
    cantonese = re.compile(r"[喺咗嘅嘢咩冇啱攞畀俾哋睇嚟]")
    texts = [
        text
        for field in permit.fields
        for text in (field.ask, field.ask_again, field.ask_for_other, field.why, field.example)
        if text
    ]
    texts += [text for faq in permit.faq for text in (faq.q, faq.a)]
    texts += [
        text
        for one in permit.applicants.conditions
        for text in (one.text, one.if_not, one.do_instead)
        if text
    ]
    for text in texts:
        assert not cantonese.search(text), text


def test_a_word_that_counts_anywhere_belongs_to_one_choice_only(permit: ServiceItem) -> None:
    """Heard while another field is awaited, a synonym must not fill two fields."""
    owner: dict[str, str] = {}
    for field in permit.fields:
        for option in field.options:
            for word in option.synonyms:
                assert owner.setdefault(word, field.slug) == field.slug, word


def test_facts_without_source_are_not_called_verified(permit: ServiceItem) -> None:
    assert permit.fee.status == "verified" and permit.fee.yuan == 0
    assert permit.time.statutory.status == "verified" and permit.time.statutory.value == 15
    assert permit.time.promised.status == "verified_secondary"
    assert permit.facts.fields.status == "assumed"
    assert permit.result.document is not None and permit.result.document.status == "assumed"
