"""What we need from the outside world, in our words.

Each port has a real adapter and a sandbox adapter that keeps the same promises; the bootstrap
chooses. Adapters may raise only the errors defined here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray


class IntegrationError(Exception):
    """Something outside went wrong."""

    retryable = False


class Unavailable(IntegrationError):
    """Time-out, connection refused, 5xx: the same call may succeed later."""

    retryable = True


class Rejected(IntegrationError):
    """The other side understood and said no; sending again will not help."""


class NoFinger(IntegrationError):
    """Nobody laid a finger on the sensor in time; the person may be asked again."""

    retryable = True


@dataclass(frozen=True)
class Receipt:
    """The outside system's reference for something it accepted."""

    reference: str


class SmsSender(Protocol):
    """Short messages to a mobile phone."""

    async def send(self, *, phone: str, template: str, params: dict[str, str], key: str) -> Receipt:
        """Queue one message. The same `key` twice sends once. Raises Unavailable, Rejected."""
        ...


class Answer(StrEnum):
    """What a register says to a yes/no question."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class RegisterAnswer:
    """A register's answer with where and how old it is."""

    answer: Answer
    source: str
    as_of: datetime | None


@dataclass(frozen=True)
class Question:
    """A yes/no question about one person.

    Attributes:
        name: the named check, `data/checks/`; also what the question is called on the wire.
        register: which register knows, for instance `residence` or `social_insurance`.
        id_no: whom it is about; a birth date or a certificate's number goes into `facts`.
        on: the day for which the answer is wanted.
        months: for how long something must have lasted, when the question has a length.
        within_months: the months before `on` that are looked at.
        facts: answers that the register needs beside the number.
    """

    name: str
    register: str
    id_no: str
    on: date
    months: int | None = None
    within_months: int | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


class Registers(Protocol):
    """The authorities' registers behind the province's data-sharing platform."""

    async def ask(self, question: Question) -> RegisterAnswer:
        """UNKNOWN when the register has no certain answer. Raises Unavailable, Rejected."""
        ...


@dataclass(frozen=True)
class CardReading:
    """What was read off the front of an identity card; a part that could not be read is None.

    Attributes:
        faults: why the photograph may be hard to read, worst first; each a text `card.<fault>`:
            `too_small`, `cropped`, `blurred`, `glare`, `dark`.
    """

    name: str | None
    sex: str | None
    ethnicity: str | None
    birth: date | None
    address: str | None
    id_no: str | None
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class CardBackReading:
    """What was read off the back (emblem side) of an identity card; None where it could not be.

    Attributes:
        valid_to: last day of validity; None also for a card without end (`long_term`).
        long_term: 长期 is printed instead of a last day.
        faults: as in `CardReading`.
    """

    authority: str | None
    valid_from: date | None
    valid_to: date | None
    long_term: bool
    faults: tuple[str, ...] = ()


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


class Vision(Protocol):
    """Reading pictures. Slow (up to a second), so never in an event loop's own thread."""

    async def warm(self) -> None:
        """Get ready, so that the first picture does not wait. Raises Unavailable."""
        ...

    def close(self) -> None:
        """Give back what `warm` took; may be used again afterwards."""
        ...

    async def read_card(self, image: bytes) -> CardReading:
        """Read the front of an identity card from a JPEG. Raises Unavailable."""
        ...

    async def read_card_back(self, image: bytes) -> CardBackReading:
        """Read the back of an identity card from a JPEG. Raises Unavailable."""
        ...

    async def count_faces(self, image: bytes) -> int:
        """How many faces are in a JPEG. Raises Unavailable."""
        ...

    async def inspect_face(self, image: bytes, purpose: FacePurpose) -> FaceInspection:
        """Whether a JPEG is good enough for its purpose, and its template. Raises Unavailable."""
        ...

    async def compare_faces(
        self, reference: bytes | FaceTemplate, probe: bytes | FaceTemplate
    ) -> FaceComparison | None:
        """Compare the largest face of each picture; None when one has none.

        A template is used as it is: what is compared again and again is encoded once.
        Raises Unavailable, Rejected (a template of other models: encode its picture anew).
        """
        ...

    async def check_liveness(
        self, frames: Sequence[LiveFrame], actions: Sequence[LiveAction]
    ) -> LivenessReading:
        """Whether the frames show one person doing these actions in this order.

        Nonce, time limit and number of attempts are the caller's. Raises Unavailable.
        """
        ...


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


@dataclass(frozen=True)
class SealMark:
    """What the seal on a page looks like.

    Attributes:
        owner: whose seal it is.
        test: not a seal of an authority; the page must say so.
        drawn_by_service: the seal service draws it itself; otherwise the document draws it.
    """

    owner: str
    test: bool
    drawn_by_service: bool


@dataclass(frozen=True)
class SealedPdf:
    """A document whose bytes can no longer be changed unnoticed.

    Attributes:
        seal: how the seal service names the seal used.
    """

    pdf: bytes
    seal: str


class SealSigner(Protocol):
    """Electronic seals (电子印章) on documents."""

    def mark(self) -> SealMark:
        """What the seal looks like; does not ask the service."""
        ...

    async def seal(self, pdf: bytes, *, key: str) -> SealedPdf:
        """Seal one PDF. The same `key` again seals no second time where the service can tell.

        Raises Unavailable, Rejected (not a PDF).
        """
        ...


class PrintFault(StrEnum):
    """Why a picture is not taken as a fingerprint; the first that applies."""

    NOT_A_PICTURE = "not_a_picture"
    SIZE = "size"
    NOT_A_PRINT = "not_a_print"
    POOR = "poor"
    FEW_POINTS = "few_points"


@dataclass(frozen=True)
class FingerQuality:
    """Whether a picture is a fingerprint good enough to be compared.

    Attributes:
        nfiq2: NFIQ 2 score, 0 (useless) to 100; None when it could not be computed.
        minutiae: how many ridge endings and forks were found.
        acceptable: whether it passed every gate.
        fault: the gate that it did not pass; None exactly when acceptable.
    """

    nfiq2: int | None
    minutiae: int
    acceptable: bool
    fault: PrintFault | None


@dataclass(frozen=True)
class FingerMatch:
    """How alike two prints are. `score` is 0 or more, larger is more alike."""

    score: int
    threshold: int

    @property
    def same(self) -> bool:
        """Whether the score reaches the threshold in force."""
        return self.score >= self.threshold


class FingerprintMatcher(Protocol):
    """Compares fingerprints one to one. Slow (up to a second), so never in the event loop.

    Pictures are PNG, JPEG or BMP in any case of grey or colour, `dpi` pixels per inch. Templates
    are ISO/IEC 19794-2:2005 and personal data: keep them encrypted.
    """

    async def warm(self) -> None:
        """Get ready, so that the first print does not wait. Raises Unavailable."""
        ...

    def close(self) -> None:
        """Give back what `warm` took; may be used again afterwards."""
        ...

    async def quality(self, image: bytes, *, dpi: int = 500) -> FingerQuality:
        """Measure a picture; one that is no print is answered, not raised. Raises Unavailable."""
        ...

    async def template(self, image: bytes, *, dpi: int = 500) -> bytes:
        """The template of a picture. Raises Rejected (not acceptable), Unavailable."""
        ...

    async def match(self, first: bytes, second: bytes) -> FingerMatch:
        """Compare two templates. Raises Rejected (not a template), Unavailable."""
        ...


@dataclass(frozen=True)
class FingerImage:
    """What a sensor saw: an 8-bit grey PNG, dark ridges on light ground, and its resolution."""

    image: bytes
    dpi: int


class FingerprintSensor(Protocol):
    """The sensor at the desk."""

    async def capture(self, *, timeout_s: float = 15.0) -> FingerImage:
        """Wait for a finger and take its picture. Raises NoFinger, Unavailable."""
        ...

    def close(self) -> None:
        """Give the sensor back; the next capture takes it again."""
        ...


@dataclass(frozen=True)
class PoliceAnswer:
    """What the police's check of a person (核验) says.

    Attributes:
        match: whether name and number belong together, and the photo to them when one was sent;
            UNKNOWN is no certain answer and must never be taken for YES.
        photo_score: how alike the photo is to the police's own, 0 to 1; None without a photo.
        reference: theirs, for the file.
        at: when they answered.
    """

    match: Answer
    photo_score: float | None
    reference: str
    at: datetime


class PoliceCheck(Protocol):
    """The public security's check of a person's name, number and photo (公安核验)."""

    async def verify(
        self, *, name: str, id_no: str, photo: bytes | None = None, key: str
    ) -> PoliceAnswer:
        """Ask once; the same `key` again is the same question. `photo`: a JPEG or PNG.

        Raises Unavailable (an outage is never a yes), Rejected.
        """


class CardKind(StrEnum):
    """The cards that the second-generation reader reads."""

    RESIDENT = "resident"
    HK_MACAO_TAIWAN = "hk_macao_taiwan"
    FOREIGNER = "foreigner"


@dataclass(frozen=True, repr=False)
class ChipCard:
    """What the chip of one card says. Personal throughout, so `repr` shows the kind alone.

    Attributes:
        name: the Chinese name; of foreigners without one, empty.
        number: the card's number as written, not checked.
        sex, ethnicity: in words; None for a code that is in no standard, or where the kind of
            card does not say it.
        birth, valid_from, valid_to: None when the chip holds no such day; `valid_to` also when
            the card is good for good (`long_term`).
        nationality: three letters (ISO 3166); foreigners only.
        pass_number: of the travel permit; residents of Hong Kong, Macao and Taiwan only.
        issues: how often the card was issued; not on citizens' cards.
        wlt_photo: 1,024 bytes that only a `WltPhotoDecoder` can make a picture of.
        fingers: 0, 512 or 1,024 bytes of templates that only the makers' library can match.
    """

    kind: CardKind
    name: str
    number: str
    sex: str | None = None
    ethnicity: str | None = None
    birth: date | None = None
    address: str | None = None
    authority: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    long_term: bool = False
    english_name: str | None = None
    nationality: str | None = None
    pass_number: str | None = None
    issues: int | None = None
    wlt_photo: bytes = b""
    fingers: bytes = b""

    def __repr__(self) -> str:
        return f"<ChipCard {self.kind}>"


class NoCard(IntegrationError):
    """No card lies on the reader."""

    retryable = True


class CardUnread(IntegrationError):
    """A card lies there but was not read: taken away too soon, damaged, or not such a card."""

    retryable = True


class IdCardReader(Protocol):
    """A reader of the chip in identity cards; one caller at a time, the others wait."""

    async def find(self) -> bool:
        """Whether a card lies there that can now be read. Raises Unavailable.

        Many readers find a card once only, until it is taken off and laid on again.
        """
        ...

    async def read(self, *, fingers: bool = False) -> ChipCard:
        """Read the card found last. Raises NoCard, CardUnread, Unavailable.

        Args:
            fingers: also the finger templates, which takes twice as long.
        """
        ...

    async def newest_address(self) -> str | None:
        """The address added after the card was made; None when none was. As `read`."""
        ...

    async def serial_number(self) -> str:
        """The number of the security module inside, for the inventory. Raises Unavailable."""
        ...

    def close(self) -> None:
        """Give the port back; the next call opens it again."""
        ...


class WltPhotoDecoder(Protocol):
    """Makes a picture of a chip's photo: only the makers' licensed library knows how."""

    async def decode(self, wlt: bytes) -> bytes | None:
        """The picture (BMP or JPEG); None without such a library. Raises Unavailable, Rejected."""
        ...
