"""Fingers: quality, templates, comparison, the sensor."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from integrations.ports.errors import IntegrationError


class NoFinger(IntegrationError):
    """Nobody laid a finger on the sensor in time; the person may be asked again."""

    retryable = True


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
