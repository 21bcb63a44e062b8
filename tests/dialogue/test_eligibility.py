"""May this person apply: by their own word, by the registers; unknown goes to a clerk."""

from datetime import UTC, datetime

import pytest

from backoffice.dialogue.eligibility import declared, verified
from backoffice.dialogue.registers import ask_registers
from bootstrap.settings import ROOT
from catalogue.loader import load_catalogue
from integrations.ports import Answer
from integrations.registers.people import load_people
from integrations.registers.sandbox import SandboxRegisters
from tests.dialogue.conftest import CHECKS, COMPLETE, MakeDraft

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
RESIDENCE, INSURANCE = "residence_registered_half_year", "social_insurance_half_year"
HOUSING = "housing_owned_half_year"


def test_own_word_is_undecided_until_given(draft: MakeDraft) -> None:
    assert declared(draft()).holds is None


@pytest.mark.parametrize("said", ["none", "ssi", "house", "study", "unsure"])
def test_own_word_fits(draft: MakeDraft, said: str) -> None:
    answers = {"waive_type": said, "hukou_address": "湖南省长沙县样例路8号"}
    assert declared(draft(answers)).holds is not False


def test_foshan_hukou_does_not_fit_by_own_word(draft: MakeDraft) -> None:
    answers = {**COMPLETE, "hukou_address": "广东省佛山市禅城区样例街3号"}
    assert declared(draft(answers)).condition == "non_local"


def test_registers_are_asked_each_once(draft: MakeDraft) -> None:
    to_ask = verified(draft(COMPLETE)).to_ask
    assert set(to_ask) == set(CHECKS) and len(to_ask) == len(CHECKS)
    assert verified(draft(COMPLETE, checks=CHECKS)).to_ask == ()


@pytest.mark.parametrize(
    ("said", "answers", "holds", "condition"),
    [
        ("none", {RESIDENCE: "yes"}, True, None),
        ("none", {RESIDENCE: "no"}, False, "registered_half_year"),
        ("none", {RESIDENCE: "unknown"}, None, None),
        ("none", {RESIDENCE: "no", INSURANCE: "yes"}, True, None),
        ("ssi", {RESIDENCE: "no", INSURANCE: "no"}, False, "waive_ssi"),
        ("ssi", {RESIDENCE: "no", INSURANCE: "unknown"}, None, None),
        ("house", {RESIDENCE: "no", HOUSING: "unknown"}, None, None),
        ("house", {RESIDENCE: "no", HOUSING: "no"}, False, "waive_house"),
        ("unsure", {RESIDENCE: "no", INSURANCE: "no", HOUSING: "unknown"}, None, None),
    ],
)
def test_registers_decide_only_what_they_know(
    draft: MakeDraft, said: str, answers: dict[str, str], holds: bool | None, condition: str | None
) -> None:
    checks = {**CHECKS, INSURANCE: "no", **answers}
    verdict = verified(draft({**COMPLETE, "waive_type": said}, checks=checks))
    assert (verdict.holds, verdict.condition) == (holds, condition)


async def test_an_outage_is_an_unknown_never_a_no() -> None:
    people = load_people(ROOT / "data" / "demo" / "people.yml")
    registers = SandboxRegisters(people, lambda: NOW)
    registers.faults.fail_next()
    found = await ask_registers(
        (RESIDENCE, INSURANCE, "studied_half_year"),
        {"id_no": "430121199207154022"},
        checks=load_catalogue(ROOT / "data" / "items").checks,
        registers=registers,
        now=NOW,
    )
    assert found[RESIDENCE].answer == Answer.UNKNOWN
    assert found[INSURANCE].answer == Answer.YES
    assert found["studied_half_year"].answer == Answer.UNKNOWN
