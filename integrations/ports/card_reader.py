"""The chip of an identity card, its reader, and its photo's decoder."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from integrations.ports.errors import IntegrationError


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
