"""Faces: templates, comparisons, quality, challenges, search among many."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class FaceTemplate:
    """One face as the models see it: biometric data, to be kept encrypted and never logged.

    Attributes:
        models: each model with its version, in the order of the rows of `vectors`. Templates of
            different models cannot be compared: `compare_faces` raises Rejected.
        vectors: float32, (models, 128).
    """

    models: tuple[str, ...]
    vectors: NDArray[np.float32] = field(repr=False)

    def pack(self) -> bytes:
        """For an encrypted column; about 1.1 kB."""
        head = "|".join(self.models).encode("utf-8")
        return head + b"\n" + self.vectors.astype("<f4").tobytes()

    @classmethod
    def unpack(cls, packed: bytes) -> "FaceTemplate":
        """What `pack` made. Raises ValueError when it is something else."""
        head, _, body = packed.partition(b"\n")
        models = tuple(head.decode("utf-8").split("|"))
        vectors = np.frombuffer(body, "<f4").astype(np.float32).reshape(len(models), -1)
        return cls(models, vectors)


@dataclass(frozen=True)
class ModelScore:
    """What one model says of two faces.

    Attributes:
        distance: the model's own; smaller is more alike.
        thresholds: distances up to which this model finds the faces `alike` and not `different`.
    """

    model: str
    distance: float
    thresholds: tuple[float, float]


Band = Literal["alike", "unsure", "different"]


@dataclass(frozen=True)
class FaceComparison:
    """How alike two faces are, by all models together.

    Attributes:
        distance: of the models together; smaller is more alike.
        band: `alike` (passes), `unsure` (a second means or a clerk decides) or `different`.
        model: names and versions of the models.
        thresholds: joint distances up to which the bands `alike` and `unsure` reach. The band may
            be more careful than they say: no model alone may object to `alike`.
        scores: what each model says by itself.
    """

    distance: float
    band: Band
    model: str
    thresholds: tuple[float, float]
    scores: tuple[ModelScore, ...] = ()


class FacePurpose(StrEnum):
    """What a picture of a face is for; decides how strict the look at it is."""

    SELFIE = "selfie"
    REFERENCE = "reference"
    CARD = "card"


@dataclass(frozen=True)
class FaceInspection:
    """What a picture of a face is good for.

    Attributes:
        faults: why it must be taken again, worst first; each a text `face.<fault>`: `none`,
            `several`, `too_small`, `cut_off`, `blurred`, `dark`, `bright`, `uneven_light`,
            `turned`, `tilted`, `up_down`, `eyes_closed`, `photo_of_card`. Empty: good.
        faces: how many faces of a similar size are in it.
        bystanders: smaller faces in the background; no fault, but a clerk may want to know.
        measures: the figures behind the faults, for the calibration and the clerk.
        template: of the largest face, None when there is no face.
    """

    faults: tuple[str, ...]
    faces: int
    bystanders: int
    measures: Mapping[str, float]
    template: FaceTemplate | None = field(repr=False)


class LiveAction(StrEnum):
    """What a challenge may ask for; left and right are the citizen's own."""

    LOOK_STRAIGHT = "look_straight"
    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    OPEN_MOUTH = "open_mouth"
    BLINK = "blink"


@dataclass(frozen=True)
class LiveFrame:
    """One picture of a challenge, not mirrored, with milliseconds since the challenge began."""

    image: bytes = field(repr=False)
    at_ms: int


@dataclass(frozen=True)
class ActionResult:
    """Whether one action was seen, and in which frame it was clearest."""

    action: LiveAction
    done: bool
    frame: int | None


@dataclass(frozen=True)
class LivenessReading:
    """What the frames of one challenge show.

    Attributes:
        fault: why it failed, a text `live.<fault>`: `too_few_frames`, `timing`, `no_face`,
            `several_faces`, `other_person`, `still`, `no_baseline`, `action_missing`,
            `wrong_order`. None when passed.
        best_frame: index of the frame for the comparison: straight, neutral, sharp.
        template: of the face in it; None when there is no such frame.
    """

    passed: bool
    actions: tuple[ActionResult, ...]
    fault: str | None
    best_frame: int | None
    template: FaceTemplate | None = field(repr=False)


@dataclass(frozen=True)
class FaceMatch:
    """Somebody proposed by a search among many.

    Attributes:
        key: whose template it is, as given to `add`.
        comparison: as `compare_faces` would have judged.
        margin: how much farther the next nearest is, in joint distance, whether `alike` or not;
            inf when there is none. Small: two people, or one person twice, are meant.
    """

    key: str
    comparison: FaceComparison
    margin: float


class FaceIndex(Protocol):
    """Templates in memory, searched 1:N. A hit only proposes a person; it proves nothing."""

    async def replace(self, entries: Iterable[tuple[str, FaceTemplate]]) -> None:
        """Hold exactly these, for instance when a process starts."""
        ...

    async def add(self, key: str, template: FaceTemplate) -> None:
        """Put in, or put in place of what was there under `key`. Raises Rejected (models)."""
        ...

    async def remove(self, key: str) -> bool:
        """Take out; False when it was not there."""
        ...

    async def search(self, probe: FaceTemplate, *, most: int = 5) -> list[FaceMatch]:
        """The nearest that are `alike`, best first. Raises Rejected (models)."""
        ...
