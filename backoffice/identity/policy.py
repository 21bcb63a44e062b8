"""What counts as having proved who one is: `data/identity/policy.yml`, read strictly, and applied.

Pure: the same evidence at the same moment always gives the same assessment.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from catalogue.form import wrong
from catalogue.parameters import load_strict
from catalogue.strict import Slug, Strict, Text
from catalogue.vocabulary import IdentityLevel

FILE = Path("identity") / "policy.yml"
"""Below the data folder."""


class Means(StrEnum):
    """By what somebody can show who they are.

    `card_back` is the other side of a photographed card, which says that it is still good; `face` is
    a live face alike to the photo of the card; `remembered` a face that the hall found
    among those it was asked to remember, which alone proves nothing; `police` the police's answer
    to name and number; `window` and `video` a clerk who looked.
    """

    SMS = "sms"
    CARD_CHIP = "card_chip"
    CARD_PHOTO = "card_photo"
    CARD_BACK = "card_back"
    FACE = "face"
    REMEMBERED = "remembered"
    FINGER = "finger"
    POLICE = "police"
    WINDOW = "window"
    VIDEO = "video"


FACES = frozenset({Means.FACE, Means.REMEMBERED})
NOT_ASKED_FOR = frozenset({Means.REMEMBERED, Means.FINGER, Means.WINDOW, Means.VIDEO})
"""Given by a clerk, or begun by the person's own wish; never demanded by the conversation."""

Then = Literal["clerk_look", "window", "appointment"]
"""What people still have to do; see the head of the policy file."""


class Way(Strict):
    """One acceptable combination; without `then` it needs no person."""

    id: Slug
    channels: tuple[Literal["phone", "kiosk"], ...] = ("phone", "kiosk")
    means: tuple[Means, ...] = ()
    then: Then | None = None


class Level(Strict):
    """The ways that reach a level, the preferred first."""

    ways: tuple[Way, ...] = Field(min_length=1)


class Policy(Strict):
    """The whole file.

    Attributes:
        version: kept with every application that was let through by it.
        minutes: for how long each means counts. What it is tied to, the visit or the application,
            is in its nature and not to be chosen: see `evidence`.
    """

    version: Text
    minutes: Mapping[Means, Annotated[int, Field(gt=0)]]
    levels: Mapping[IdentityLevel, Level]

    @model_validator(mode="after")
    def _sound(self) -> Self:
        faults = [f"minutes: 缺少 {one}" for one in Means if one not in self.minutes]
        for name, level in self.levels.items():
            for channel in ("phone", "kiosk"):
                ways = [one for one in level.ways if channel in one.channels]
                if not any(not FACES & set(one.means) for one in ways):
                    faults.append(f"levels.{name}: {channel} 上没有不刷脸的办法")
                if not any(not set(one.means) for one in ways):
                    faults.append(f"levels.{name}: {channel} 上没有什么都做不了时的办法（到窗口）")
            faults += [
                f"levels.{name}.{one.id}: 刷脸认出来的人（remembered）还要另一种证明"
                for one in level.ways
                if Means.REMEMBERED in one.means and not set(one.means) - FACES
            ]
        if faults:
            raise wrong("；".join(faults))
        return self

    def asks(self, means: Means, level: IdentityLevel, channel: str) -> bool:
        """Whether some way to the level on this channel uses the means."""
        return any(means in way.means for way in _open_ways(self, level, channel))

    def counts(self, evidence: "Evidence", now: datetime) -> bool:
        """Whether the evidence is not too old."""
        longest = timedelta(minutes=self.minutes[evidence.means])
        return timedelta(0) <= now - evidence.at <= longest


@dataclass(frozen=True)
class Evidence:
    """One proof that holds for the person and transaction in question."""

    means: Means
    at: datetime


@dataclass(frozen=True)
class Assessment:
    """How far the proof has come.

    Attributes:
        way: the way that is met, or being gone.
        missing: its means that are not there yet, in the order to ask for them.
    """

    way: Way
    missing: tuple[Means, ...] = ()

    @property
    def proven(self) -> bool:
        """Proved without a person having to look: personal matters may be shown."""
        return not self.missing and self.way.then is None

    @property
    def next(self) -> Means | None:
        """What to ask for now; None when nothing more can be asked of the person here."""
        return self.missing[0] if self.missing else None


def assess(
    policy: Policy,
    level: IdentityLevel,
    evidence: Iterable[Evidence],
    *,
    channel: str,
    now: datetime,
    refused: Collection[Means] = (),
) -> Assessment:
    """Which way is met or to be gone.

    Args:
        channel: `phone` or `kiosk`; others count as `phone`.
        refused: what cannot or shall not be asked for again: declined, failed, no device.
    """
    there = {one.means for one in evidence if policy.counts(one, now)}
    ways = _open_ways(policy, level, channel)
    for way in ways:
        if way.then is None and there.issuperset(way.means):
            return Assessment(way)
    closed = NOT_ASKED_FOR | set(refused)
    for way in ways:
        missing = tuple(one for one in way.means if one not in there)
        if not closed & set(missing):
            return Assessment(way, missing)
    raise AssertionError("every level has a way that asks for nothing")  # checked when read


def _open_ways(policy: Policy, level: IdentityLevel, channel: str) -> Sequence[Way]:
    where = channel if channel == "kiosk" else "phone"
    return [one for one in policy.levels[level].ways if where in one.channels]


def load_policy(path: Path) -> Policy:
    """Read `data/identity/policy.yml`. Raises CatalogueError with all faults."""
    return load_strict(path, Policy)
