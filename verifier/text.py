"""The printed form of a signed result: what the QR code holds.

`HTTPS://<hall>/V/<code>#<token>`: a phone's camera opens the page, an offline checker reads the
token. The token stands behind `#`, which a browser never sends, so it reaches no server's log.

The token is in Base32 without padding. Base45 packs QR codes a little better, but its `%` and
space must be escaped in an address, after which it is longer than Base32 (531 against 520
characters for 325 bytes); Base32 also survives a change of case.
"""

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import unquote

from verifier.codes import code_is_wellformed, normalise_code


@dataclass(frozen=True)
class Presented:
    """What somebody showed: a code, a token, or both.

    Attributes:
        code: normalised, perhaps mistyped; None when none was given.
        token: the signed bytes; None when none was given.
        damaged: something stood where the token should be, but it is not one.
    """

    code: str | None
    token: bytes | None
    damaged: bool = False


def encode_text(token: bytes) -> str:
    """The token in capitals and digits only."""
    return base64.b32encode(token).decode("ascii").rstrip("=")


def decode_text(text: str) -> bytes | None:
    """The token behind `encode_text`; None when the text is not exactly such a text."""
    compact = "".join(text.split()).upper()
    try:
        token = base64.b32decode(compact + "=" * (-len(compact) % 8))
    except (binascii.Error, ValueError):
        return None
    # The last character has unused bits: another spelling of the same bytes was not made by us.
    return token if token and encode_text(token) == compact else None


def read_text(text: str) -> Presented:
    """Take apart what a camera read or a person pasted: an address, a bare token or a code."""
    text = text.strip()
    if "#" in text or "/" in text:
        # taken apart by hand: what is pasted here is often no address at all
        address, _, fragment = text.partition("#")
        path = unquote(address.partition("?")[0]).rstrip("/").rsplit("/", 1)[-1]
        code = normalise_code(path) or None
        if not fragment:
            return Presented(code, None)
        token = decode_text(unquote(fragment))
        return Presented(code, token, damaged=token is None)
    code = normalise_code(text)
    if code_is_wellformed(code) or len(text) < 60:  # a token is several hundred characters long
        return Presented(code or None, None)
    token = decode_text(text)
    return Presented(None, token, damaged=token is None)
