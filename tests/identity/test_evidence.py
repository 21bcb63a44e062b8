"""What proofs say of one person in one transaction, and what they do not say of any other."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from backoffice.crypto import KeyRing, use_keys
from backoffice.identity.evidence import evidence_of, subject_hash
from backoffice.identity.models import Proof, ProofKind

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MINE, OTHERS = "11010519491231002X", "110101199003070337"
HERE = {"application_id": "app", "conversation_id": "visit", "citizen_id": "me"}
ALIVE = {"liveness": {"passed": True}}


@pytest.fixture(autouse=True)
def keys() -> Iterator[None]:
    use_keys(KeyRing.generate())
    yield


def proof(kind: str, result: str, *, about: str | None = None, **changed: Any) -> Proof:
    given = {"upload_ids": [], "detail": {}, "at": NOW, **HERE, **changed}
    subject = subject_hash(about) if about else None
    return Proof(kind=ProofKind(kind), result=result, subject_hash=subject, **given)


def card(about: str = MINE, upload: str = "card-1", **changed: Any) -> Proof:
    return proof("id_card", "read", about=about, upload_ids=[upload], **changed)


def back(result: str = "read", of: str = "card-1", **changed: Any) -> Proof:
    return proof("card_back", result, upload_ids=[of, "back-1"], **changed)


def face(compared_with: str = "card-1", result: str = "alike", **changed: Any) -> Proof:
    return proof("face", result, upload_ids=[compared_with, "selfie"],
                 **{"detail": ALIVE, **changed})  # fmt: skip


def sms(**changed: Any) -> Proof:
    return proof("sms", "confirmed", **changed)


def said(*proofs: Proof, id_no: str | None = MINE) -> set[str]:
    return {str(one.means) for one in evidence_of(proofs, id_no=id_no, **HERE)}


def test_everything_given_here_counts() -> None:
    police = proof("police", "yes", about=MINE)
    assert said(sms(), card(), face(), police) == {"sms", "card_photo", "face", "police"}


@pytest.mark.parametrize(
    "stranger",
    [
        lambda: sms(conversation_id="another"),
        lambda: sms(citizen_id="somebody"),
        lambda: card(about=OTHERS),
        lambda: card(application_id="another"),
        lambda: proof("police", "yes", about=OTHERS),
        lambda: proof("police", "unknown", about=MINE),
        lambda: proof("police", "no", about=MINE),
        lambda: proof("id_card", "doubtful", about=MINE),
        lambda: proof("window", "seen", application_id="another"),
        lambda: proof("finger", "alike", about=MINE, conversation_id="another"),
        lambda: proof("finger", "different", about=MINE),
        lambda: proof("remembered", "confirmed", about=OTHERS),
    ],
)
def test_nothing_of_another_person_visit_or_application_counts(
    stranger: Callable[[], Proof],
) -> None:
    assert said(stranger()) == set()


@pytest.mark.parametrize(
    "faked",
    [
        lambda: face(detail={}),
        lambda: face(detail={"liveness": None}),
        lambda: face(detail={"liveness": {"passed": False}}),
        lambda: face(detail={"liveness": {"passed": "yes"}}),
        lambda: face(result="unsure"),
        lambda: face(result="different"),
        lambda: face(compared_with="card-of-somebody"),
        lambda: face(application_id="another"),
        lambda: face(application_id=None),
    ],
)
def test_a_face_counts_only_alive_and_alike_to_the_card_that_counts(
    faked: Callable[[], Proof],
) -> None:
    assert said(card(), faked()) == {"card_photo"}


def test_a_face_without_a_card_is_no_face() -> None:
    assert said(face()) == set()


def test_a_card_swapped_after_the_comparison_takes_the_face_with_it() -> None:
    assert said(card(), face(), card(upload="card-2")) == {"card_photo"}


def test_the_other_side_counts_for_its_own_card_only() -> None:
    assert said(card(), back()) == {"card_photo", "card_back"}
    assert said(back()) == set()
    assert said(card(), back(of="card-of-somebody")) == {"card_photo"}
    assert said(card(), back(), card(upload="card-2")) == {"card_photo"}


def test_a_card_that_has_expired_proves_nobody_and_takes_the_face_with_it() -> None:
    assert said(sms(), card(), face(), back("expired")) == {"sms"}
    assert said(card(), back("expired"), card(upload="card-2")) == {"card_photo"}


def test_a_later_face_that_failed_takes_the_earlier_ones_place() -> None:
    assert said(card(), face(), face(result="different")) == {"card_photo"}


def test_a_number_changed_after_the_card_was_read_leaves_no_proof() -> None:
    proofs = (sms(), card(), face(), proof("police", "yes", about=MINE))
    assert said(*proofs, id_no=OTHERS) == {"sms"}
    assert said(*proofs, id_no=None) == {"sms"}


def test_a_card_shown_before_the_application_began_counts_in_the_same_visit_only() -> None:
    assert said(card(application_id=None)) == {"card_photo"}
    assert said(card(application_id=None, conversation_id="another")) == set()
