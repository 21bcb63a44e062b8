"""The identity policy: what reaches a level, what is asked for next, what a faulty file says."""

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from backoffice.identity.policy import (
    FACES,
    FILE,
    NOT_ASKED_FOR,
    Evidence,
    Means,
    Policy,
    assess,
    load_policy,
)
from bootstrap.settings import ROOT
from catalogue.faults import CatalogueError

POLICY = load_policy(ROOT / "data" / FILE)
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
LEVELS = list(POLICY.levels)

means = st.sets(st.sampled_from(list(Means)))
channels = st.sampled_from(["phone", "kiosk"])


def have(*names: str, at: datetime = NOW) -> list[Evidence]:
    return [Evidence(Means(one), at) for one in names]


def test_the_phones_way_asks_one_thing_after_the_other() -> None:
    order = []
    there: list[str] = []
    while wanted := assess(POLICY, "id_face", have(*there), channel="phone", now=NOW).next:
        order.append(str(wanted))
        there.append(wanted)
    assert order == ["sms", "card_photo", "card_back", "face", "police"]
    assert assess(POLICY, "id_face", have(*there), channel="phone", now=NOW).proven


@pytest.mark.parametrize("channel", ["phone", "kiosk"])
@pytest.mark.parametrize("level", LEVELS)
def test_who_refuses_faces_still_gets_through(level: str, channel: str) -> None:
    refused: set[Means] = set(FACES)
    there: list[str] = []
    for _ in Means:
        found = assess(POLICY, level, have(*there), channel=channel, now=NOW, refused=refused)  # type: ignore[arg-type]
        if found.next is None:
            break
        there.append(found.next)
    assert found.next is None and not FACES & set(there)


@pytest.mark.parametrize("level", LEVELS)
def test_who_refuses_everything_ends_at_the_window_and_not_at_a_wall(level: str) -> None:
    found = assess(POLICY, level, [], channel="phone", now=NOW, refused=set(Means))  # type: ignore[arg-type]
    assert not found.missing and (level == "none" or found.way.then == "appointment")


def test_a_face_found_among_many_proves_nothing_by_itself() -> None:
    alone = assess(POLICY, "id_face", have("remembered"), channel="kiosk", now=NOW)
    assert not alone.proven
    for second in ("sms", "finger", "card_chip"):
        both = have("remembered", second)
        assert assess(POLICY, "id_face", both, channel="kiosk", now=NOW).proven


def test_a_live_face_without_the_police_is_not_enough_on_the_phone() -> None:
    found = assess(
        POLICY, "id_face", have("sms", "card_photo", "face"), channel="phone", now=NOW,
        refused={Means.POLICE},
    )  # fmt: skip
    assert (found.proven, found.way.then) == (False, "clerk_look")


def test_old_evidence_is_asked_for_again() -> None:
    old = have("face", at=NOW - timedelta(minutes=POLICY.minutes[Means.FACE] + 1))
    fresh = have("sms", "card_photo", "card_back", "police")
    found = assess(POLICY, "id_face", [*old, *fresh], channel="phone", now=NOW)
    assert found.next == Means.FACE


def test_evidence_from_the_future_is_none() -> None:
    ahead = have("window", at=NOW + timedelta(minutes=5))
    assert not assess(POLICY, "id_face", ahead, channel="phone", now=NOW).proven


@given(level=st.sampled_from(LEVELS), there=means, more=means, refused=means, channel=channels)
def test_more_evidence_never_proves_less(
    level: str, there: set[Means], more: set[Means], refused: set[Means], channel: str
) -> None:
    def proven(names: set[Means]) -> bool:
        return assess(
            POLICY, level, have(*names), channel=channel, now=NOW, refused=refused  # type: ignore[arg-type]
        ).proven  # fmt: skip

    assert proven(there | more) or not proven(there)


@given(level=st.sampled_from(LEVELS), there=means, refused=means, channel=channels)
def test_nothing_refused_or_given_by_clerks_is_ever_asked_for(
    level: str, there: set[Means], refused: set[Means], channel: str
) -> None:
    found = assess(POLICY, level, have(*there), channel=channel, now=NOW, refused=refused)  # type: ignore[arg-type]
    assert found.next not in refused | NOT_ASKED_FOR


def _without(level: str, ids: set[str]) -> dict[str, object]:
    data = yaml.safe_load((ROOT / "data" / FILE).read_text("utf-8"))
    ways = data["levels"][level]["ways"]
    data["levels"][level]["ways"] = [one for one in ways if one["id"] not in ids]
    return dict(data)


@pytest.mark.parametrize(
    ("level", "left_out", "complaint"),
    [
        ("id_face", {"at_window"}, "什么都做不了"),
        ("sms", {"at_window"}, "什么都做不了"),
    ],
)
def test_a_policy_that_leaves_somebody_outside_is_refused(
    tmp_path: Path, level: str, left_out: set[str], complaint: str
) -> None:
    path = tmp_path / "policy.yml"
    path.write_text(yaml.safe_dump(_without(level, left_out), allow_unicode=True), "utf-8")
    with pytest.raises(CatalogueError, match=complaint):
        load_policy(path)


def test_a_policy_in_which_a_found_face_is_enough_is_refused(tmp_path: Path) -> None:
    data = _without("id_face", set())
    data["levels"]["id_face"]["ways"].insert(0, {"id": "only_face", "means": ["remembered"]})  # type: ignore[index]
    path = tmp_path / "policy.yml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")
    with pytest.raises(CatalogueError, match="remembered"):
        load_policy(path)


def test_every_proven_way_has_two_independent_means_or_a_person_who_looked() -> None:
    person = {Means.WINDOW, Means.VIDEO}
    proven = [
        one for one in itertools.chain(*(level.ways for level in (
            POLICY.levels["id_face"], POLICY.levels["in_person"])))
        if one.then is None
    ]  # fmt: skip
    assert all(person & set(one.means) or len(one.means) >= 2 for one in proven)
    assert isinstance(POLICY, Policy)
