"""Card and face of a case: whose they are, what differs, what the comparison says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backoffice.applications.draft import Draft
from backoffice.identity.evidence import subject_hash
from backoffice.identity.models import Proof, ProofKind


@dataclass(frozen=True)
class FaceLine:
    """ID photo beside selfie. `band` is advice; `why` says why there is no comparison."""

    card: str | None
    selfie: str | None
    band: str
    distance: float | None
    thresholds: tuple[float, float] | None
    model: str | None
    why: str | None


def cards_of(proofs: Sequence[Proof], draft: Draft) -> list[Proof]:
    """The cards of whoever has to prove who they are; all of them while none is theirs.

    With somebody acting for another there may be two people's cards in one case.
    """
    cards = [one for one in proofs if one.kind == ProofKind.ID_CARD and one.upload_ids]
    whose = subject_hash(str(draft.acting_id_no)) if draft.acting_id_no else None
    theirs = [one for one in cards if whose is not None and one.subject_hash == whose]
    return theirs or ([] if draft.for_other else cards)


def differs(read: Mapping[str, Any], draft: Draft) -> dict[str, str]:
    """Fields whose answer is not what the card says: slug → what it says."""
    pairs = [(part, draft.acting + part) for part in ("name", "id_no", "ethnicity")]
    return {
        slug: str(read[part])
        for part, slug in pairs
        if read.get(part) and draft.answers.get(slug) and read[part] != draft.answers[slug]
    }


def face_line(proof: Proof, card: str | None) -> FaceLine:
    """ID photo beside selfie, as the comparison left it."""
    detail = proof.detail or {}
    ids = [str(one) for one in proof.upload_ids or []]
    thresholds = detail.get("thresholds")
    return FaceLine(
        card=ids[0] if len(ids) > 1 else card,
        selfie=ids[-1] if ids else None,
        band=proof.result,
        distance=detail.get("distance"),
        thresholds=(thresholds[0], thresholds[1]) if thresholds else None,
        model=detail.get("model"),
        why=detail.get("why"),
    )
