"""`make calibrate-faces`: how well the face models tell people apart on one's own pictures.

One folder per person, at least two pictures each. Every pair is compared by each model and by the
joint rule; what comes out are rates, curves and proposed thresholds. Templates live in memory only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from integrations.ports import FaceTemplate
from integrations.vision import faces, looking
from integrations.vision.face_rule import FaceRule, distances
from trainer.rates import Rate, interval, people_interval

_PICTURES = (".jpg", ".jpeg", ".png")
_TRUTHS = ("genuine", "impostor")
#: False accept rates for which thresholds are proposed.
WANTED = (0.01, 0.001, 0.0001)

Scores = NDArray[np.float64]


class PicturesUnusable(ValueError):
    """The folder holds nothing that can be compared."""


@dataclass(frozen=True)
class Pairs:
    """Every pair of pictures.

    Attributes:
        same: whether both show one person, (n,).
        people: the two persons' numbers, (n, 2).
        scores: distances by `dlib`, `sface` and `joint`, (n,) each.
        bands: what the rule in force says, (n,).
        unread: pictures without a usable face.
        names: of the persons, by number.
        pictures: how many could be read.
    """

    same: NDArray[np.bool_]
    people: NDArray[np.int64]
    scores: Mapping[str, Scores]
    bands: NDArray[np.str_]
    unread: tuple[str, ...]
    names: tuple[str, ...]
    pictures: int


def encode_folder(folder: Path) -> tuple[list[tuple[str, FaceTemplate]], list[str]]:
    """(person, template) of every readable picture, and the pictures without a usable face."""
    found: list[tuple[str, FaceTemplate]] = []
    unread = []
    for person in sorted(one for one in folder.iterdir() if one.is_dir()):
        for path in sorted(person.iterdir()):
            if path.suffix.lower() not in _PICTURES:
                continue
            template = _template(path)
            if template is None:
                unread.append(f"{person.name}/{path.name}")
            else:
                found.append((person.name, template))
    return found, unread


def pair_up(encoded: list[tuple[str, FaceTemplate]], unread: list[str], rule: FaceRule) -> Pairs:
    """Compare everybody with everybody. Raises PicturesUnusable."""
    names = sorted({person for person, _ in encoded})
    number = {name: i for i, name in enumerate(names)}
    who = np.array([number[person] for person, _ in encoded], dtype=np.int64)
    pairs = np.array(list(combinations(range(len(encoded)), 2)), dtype=np.int64).reshape(-1, 2)
    people = who[pairs] if len(pairs) else pairs
    same = people[:, 0] == people[:, 1]
    if not same.any() or same.all():
        raise PicturesUnusable("要有至少两个人，其中至少一个人有两张看得清的照片")
    vectors = np.stack([template.vectors for _, template in encoded])
    rows = [distances(vectors[i], vectors[i + 1 :]) for i in range(len(vectors) - 1)]
    dlib, sface = np.concatenate(rows, axis=1).astype(np.float64)
    bands = np.array([rule.band(d, s) for d, s in zip(dlib, sface, strict=True)])
    joint = rule.weight * dlib / rule.scale[0] + (1 - rule.weight) * sface / rule.scale[1]
    scores = {"dlib": dlib, "sface": sface, "joint": joint}
    return Pairs(same, people, scores, bands, tuple(unread), tuple(names), len(encoded))


def rates(pairs: Pairs) -> dict[str, Any]:
    """Everything the report says, as plain numbers."""
    return {
        "people": len(pairs.names),
        "pictures": pairs.pictures,
        "unread": list(pairs.unread),
        "pairs": {
            "genuine": int(pairs.same.sum()),
            "impostor": int((~pairs.same).sum()),
        },
        "models": {name: _of_model(score, pairs) for name, score in pairs.scores.items()},
        "rule": _of_rule(pairs),
        "warnings": warnings(pairs),
    }


def curve(scores: Scores, same: NDArray[np.bool_]) -> tuple[Scores, Scores, Scores]:
    """Thresholds with the false accept and false reject rate at each: distance <= threshold."""
    thresholds = np.unique(scores)
    genuine, impostor = np.sort(scores[same]), np.sort(scores[~same])
    accepted = np.searchsorted(impostor, thresholds, side="right") / len(impostor)
    rejected = 1 - np.searchsorted(genuine, thresholds, side="right") / len(genuine)
    return thresholds, accepted, rejected


def warnings(pairs: Pairs) -> list[str]:
    """What the data is too small to say, in Chinese and English."""
    found = []
    impostor, persons = int((~pairs.same).sum()), len(pairs.names)
    # With no error among n independent trials, the rate may still be 3/n (95 %).
    smallest = 3 / impostor
    for wanted in WANTED:
        if smallest > wanted:
            found.append(
                f"不同人的照片只有 {impostor} 对，就算一次都没认错，也说明不了误认率低于 {wanted:g}"
                f"（最多能说低于 {smallest:.2g}）。 Only {impostor} impostor pairs: even without any"
                f" error a false accept rate of {wanted:g} cannot be shown (at best {smallest:.2g})."
            )
            break
    if persons < 50:
        found.append(
            f"只有 {persons} 个人：同一个人的照片彼此相关，实际把握比对数看起来小得多；上线前请用本地"
            f"至少 50 人、最好 200 人以上的照片再测。 Only {persons} persons: pairs are not independent;"
            " measure again with at least 50, better 200 local persons before relying on this."
        )
    return found


def _template(path: Path) -> FaceTemplate | None:
    try:
        seen = looking.look(path.read_bytes())
    except OSError:  # not a picture, whatever its name says
        return None
    return faces.encode(seen.pixels, seen.found[0]) if seen.found else None


def _of_model(scores: Scores, pairs: Pairs) -> dict[str, Any]:
    thresholds, accepted, rejected = curve(scores, pairs.same)
    at = int(np.argmin(np.abs(accepted - rejected)))
    proposed = []
    for wanted in WANTED:
        fit = np.nonzero(accepted <= wanted)[0]
        # Below the first impostor the data says nothing of the rate; the threshold stays there.
        place = int(fit[-1]) if len(fit) else 0
        passed = scores <= thresholds[place]
        proposed.append(
            {
                "wanted_far": wanted,
                "threshold": round(float(thresholds[place]), 3),
                "far": _share(passed, ~pairs.same),
                "frr": _share(~passed, pairs.same),
            }
        )
    return {
        "eer": round(float((accepted[at] + rejected[at]) / 2), 4),
        "eer_threshold": round(float(thresholds[at]), 3),
        "proposed": proposed,
    }


def _share(hits: NDArray[np.bool_], members: NDArray[np.bool_]) -> Rate:
    return interval(int((hits & members).sum()), int(members.sum()))


def _of_rule(pairs: Pairs) -> dict[str, Any]:
    """How often each band comes, of each kind of pair, with both kinds of interval."""
    found: dict[str, Any] = {}
    for truth, members in zip(_TRUTHS, (pairs.same, ~pairs.same), strict=True):
        found[truth] = {}
        for band in ("alike", "unsure", "different"):
            hits = (pairs.bands == band) & members
            by_person = people_interval(hits[members], pairs.people[members], len(pairs.names))
            found[truth][band] = {**_share(hits, members), "by_person": by_person}
    return found
