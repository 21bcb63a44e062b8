"""Vision without models, for tests of everything around it.

It knows the pictures it was shown, by a fingerprint that survives re-encoding and resizing, and
says of them what it was told; of any other picture it says that nothing can be read.
"""

import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np
from PIL import Image

from integrations.faults import Faults
from integrations.ports import (
    ActionResult,
    CardBackReading,
    CardReading,
    FaceComparison,
    FaceInspection,
    FaceMatch,
    FacePurpose,
    FaceTemplate,
    LiveAction,
    LiveFrame,
    LivenessReading,
    ModelScore,
    Rejected,
)

MODEL = "sandbox"
_SAME_PICTURE = 6
_THRESHOLDS = (0.40, 0.50)
_NOTHING = CardReading(None, None, None, None, None, None)
_NO_BACK = CardBackReading(None, None, None, False)


@dataclass(frozen=True)
class _Known:
    fingerprint: int
    card: CardReading
    back: CardBackReading
    faces: int
    bystanders: int
    person: str
    faults: tuple[str, ...]
    action: LiveAction | None


class SandboxVision:
    """The `Vision` port over a table of pictures."""

    def __init__(self) -> None:
        self.faults = Faults()
        self._known: list[_Known] = []

    def knows(
        self,
        picture: bytes,
        *,
        card: CardReading = _NOTHING,
        back: CardBackReading = _NO_BACK,
        faces: int = 0,
        bystanders: int = 0,
        person: str = "",
        faults: tuple[str, ...] = (),
        action: LiveAction | None = None,
    ) -> None:
        """Say what is on a picture.

        Args:
            person: equal words are the same person's face.
            faults: of the picture of a face, as in `FaceInspection`.
            action: what the person does on it, when it is a frame of a challenge.
        """
        self._known.append(
            _Known(_fingerprint(picture), card, back, faces, bystanders, person, faults, action)
        )

    async def warm(self) -> None:
        """See `Vision.warm`."""

    def close(self) -> None:
        """See `Vision.close`."""

    async def read_card(self, image: bytes) -> CardReading:
        """See `Vision.read_card`."""
        known = self._find(image)
        return known.card if known else _NOTHING

    async def read_card_back(self, image: bytes) -> CardBackReading:
        """See `Vision.read_card_back`."""
        known = self._find(image)
        return known.back if known else _NO_BACK

    async def inspect_face(self, image: bytes, purpose: FacePurpose) -> FaceInspection:
        """See `Vision.inspect_face`; the purpose changes nothing here."""
        known = self._find(image)
        if known is None or not known.faces:
            return FaceInspection(("none",), 0, 0, {}, None)
        faults = known.faults or (("several",) if known.faces > 1 else ())
        template = template_of(known.person)
        return FaceInspection(faults, known.faces, known.bystanders, {}, template)

    async def compare_faces(
        self, reference: bytes | FaceTemplate, probe: bytes | FaceTemplate
    ) -> FaceComparison | None:
        """See `Vision.compare_faces`: 0.3 for the same person, 0.8 for others."""
        first, second = self._template(reference), self._template(probe)
        return None if first is None or second is None else compare(first, second)

    async def check_liveness(
        self, frames: Sequence[LiveFrame], actions: Sequence[LiveAction]
    ) -> LivenessReading:
        """See `Vision.check_liveness`: passes when known frames show the actions in order."""
        known = [self._find(frame.image) for frame in frames]
        if len({one.person for one in known if one and one.faces}) > 1:
            return _failed(actions, "other_person")
        results: list[ActionResult] = []
        at = 0
        for action in actions:
            found = next(
                (i for i in range(at, len(known)) if (k := known[i]) and k.action == action), None
            )
            results.append(ActionResult(action, found is not None, found))
            at = at if found is None else found + 1
        if not all(one.done for one in results):
            return replace(_failed(actions, "action_missing"), actions=tuple(results))
        best = next((i for i, k in enumerate(known) if k and k.faces and not k.faults), None)
        face = known[best] if best is not None else None
        template = template_of(face.person) if face else None
        return LivenessReading(True, tuple(results), None, best, template)

    def _template(self, face: bytes | FaceTemplate) -> FaceTemplate | None:
        if isinstance(face, FaceTemplate):
            return face
        known = self._find(face)
        return template_of(known.person) if known and known.faces else None

    def _find(self, image: bytes) -> _Known | None:
        self.faults.strike()
        wanted = _fingerprint(image)
        by_distance = sorted(self._known, key=lambda k: (k.fingerprint ^ wanted).bit_count())
        if by_distance and (by_distance[0].fingerprint ^ wanted).bit_count() <= _SAME_PICTURE:
            return by_distance[0]
        return None


class SandboxFaceIndex:
    """The `FaceIndex` port over the sandbox's templates."""

    def __init__(self) -> None:
        self._entries: dict[str, FaceTemplate] = {}

    async def replace(self, entries: Iterable[tuple[str, FaceTemplate]]) -> None:
        """See `FaceIndex.replace`."""
        self._entries = dict(entries)

    async def add(self, key: str, template: FaceTemplate) -> None:
        """See `FaceIndex.add`."""
        self._entries[key] = template

    async def remove(self, key: str) -> bool:
        """See `FaceIndex.remove`."""
        return self._entries.pop(key, None) is not None

    async def search(self, probe: FaceTemplate, *, most: int = 5) -> list[FaceMatch]:
        """See `FaceIndex.search`."""
        judged = sorted(
            ((compare(one, probe), key) for key, one in self._entries.items()),
            key=lambda one: one[0].distance,
        )
        after = [one.distance for one, _ in judged[1:]] + [inf]
        return [
            FaceMatch(key, one, following - one.distance)
            for (one, key), following in zip(judged, after, strict=False)
            if one.band == "alike"
        ][:most]


def template_of(person: str) -> FaceTemplate:
    """The sandbox's template of a person: the same for the same word, far from any other."""
    seed = int.from_bytes(hashlib.sha256(person.encode("utf-8")).digest()[:8])
    vector = np.random.default_rng(seed).normal(size=128)
    return FaceTemplate((MODEL,), (vector / np.linalg.norm(vector)).astype(np.float32)[None, :])


def compare(first: FaceTemplate, second: FaceTemplate) -> FaceComparison:
    """As `Vision.compare_faces` of two templates."""
    if (MODEL,) != first.models or (MODEL,) != second.models:
        raise Rejected("face templates of other models")
    same = float(np.linalg.norm(first.vectors - second.vectors)) < 0.5
    distance = 0.3 if same else 0.8
    score = ModelScore(MODEL, distance, _THRESHOLDS)
    return FaceComparison(distance, "alike" if same else "different", MODEL, _THRESHOLDS, (score,))


def _failed(actions: Sequence[LiveAction], fault: str) -> LivenessReading:
    nothing = tuple(ActionResult(action, False, None) for action in actions)
    return LivenessReading(False, nothing, fault, None, None)


def _fingerprint(image: bytes) -> int:
    """Which of 64 neighbours is brighter, in a picture reduced to 9 by 8."""
    small = Image.open(io.BytesIO(image)).convert("L").resize((9, 8))
    values = list(small.tobytes())
    bits = 0
    for row in range(8):
        for column in range(8):
            brighter = values[row * 9 + column] > values[row * 9 + column + 1]
            bits = bits << 1 | brighter
    return bits
