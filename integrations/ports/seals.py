"""Electronic seals."""

from dataclasses import dataclass
from typing import Protocol


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
