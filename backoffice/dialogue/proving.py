"""How far whoever acts has proved who they are, as the conversation's agenda needs to know it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from backoffice.applications.draft import Draft
from backoffice.clock import china_date
from backoffice.dialogue.acting import Acting, acting_of
from backoffice.identity.policy import Assessment, Means, Policy, assess
from backoffice.representation.rules import ActingRules

_CARDS = frozenset({Means.CARD_PHOTO, Means.CARD_CHIP})


@dataclass(frozen=True)
class Standing:
    """Who speaks, as far as it is known.

    Attributes:
        signed_in: the visit belongs to a citizen's account.
        identity: how far the level that the item asks for is reached.
        police_wanted: a way to the level asks the police about name and number.
        acting: whether the speaker may act for the person it is about.
    """

    signed_in: bool
    identity: Assessment
    police_wanted: bool = False
    acting: Acting = Acting()

    @property
    def entitled(self) -> bool:
        """Whether personal matters of the person it is about may be told to the speaker."""
        return self.identity.proven and self.acting.entitled


def standing_of(
    draft: Draft,
    policy: Policy,
    rules: ActingRules,
    *,
    signed_in: bool,
    channel: str,
    now: datetime,
    without: Collection[Means] = (),
) -> Standing:
    """Assess the draft's evidence.

    Args:
        without: means for which there is no device here.
    """
    level = draft.item.identity_level
    refused = {*without, *_closed(draft)}
    identity = assess(
        policy, level, draft.evidence, channel=channel, now=now, refused=refused
    )  # fmt: skip
    police = policy.asks(Means.POLICE, level, channel)
    return Standing(signed_in, identity, police, acting_of(draft, rules, china_date(now)))


def card_key(draft: Draft) -> str:
    """Where `progress` keeps how it went with the card of whoever acts."""
    return f"{draft.acting}card"


def back_key(draft: Draft) -> str:
    """Where `progress` keeps how it went with that card's other side."""
    return f"{draft.acting}back"


def _closed(draft: Draft) -> set[Means]:
    """What was declined or tried without success, and is not asked for again."""
    progress, there = draft.progress, {one.means for one in draft.evidence}
    closed: set[Means] = set()
    if progress.get("no_phone"):
        closed.add(Means.SMS)
    if progress.get(card_key(draft)) in ("done", "window"):
        closed |= _CARDS - there
    if progress.get(back_key(draft)) is not None and Means.CARD_BACK not in there:
        closed.add(Means.CARD_BACK)
    if progress.get("face") not in (None, "agreed") and Means.FACE not in there:
        closed.add(Means.FACE)
    if draft.police is not None and Means.POLICE not in there:
        closed.add(Means.POLICE)
    return closed
