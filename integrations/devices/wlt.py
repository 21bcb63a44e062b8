"""Decoders of the photo on a chip. The format is not public: the picture needs the makers' library.

`ProgramWltDecoder` speaks to a small program that the operator wraps around that library:
the 1,024 bytes come on its standard input, it writes one BMP or JPEG to its standard output and
ends with 0. In a process of its own, so that a crash in foreign code stops no kiosk. See
docs/devices.md for such a wrapper.
"""

import asyncio
from pathlib import Path

from integrations.ports import Rejected, Unavailable

WLT_SIZE = 1024
LARGEST_PICTURE = 256 * 1024
"""A picture has 102 × 126 points: 38,556 bytes and a header as BMP."""
TIMEOUT_S = 5.0
_BEGINNINGS = (b"BM", b"\xff\xd8\xff")


class NoWltDecoder:
    """No library is there: the face is compared with the card's photographed front, or by a clerk."""

    async def decode(self, wlt: bytes) -> bytes | None:
        """None, always."""
        return None


class ProgramWltDecoder:
    """Runs the operator's program once for each photo."""

    def __init__(self, program: Path, *, timeout_s: float = TIMEOUT_S) -> None:
        self._program, self._timeout_s = program, timeout_s

    async def decode(self, wlt: bytes) -> bytes | None:
        """As the port says. Rejected: not 1,024 bytes, or no picture came out."""
        if len(wlt) != WLT_SIZE:
            raise Rejected("not a chip's photo")
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                str(self._program), stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL
            )
        except OSError as exc:
            raise Unavailable("the decoder cannot be started") from exc
        try:
            async with asyncio.timeout(self._timeout_s):
                picture, _ = await process.communicate(wlt)
        except TimeoutError:
            raise Unavailable("the decoder does not end") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0:
            raise Rejected("the decoder failed")
        if not picture.startswith(_BEGINNINGS) or len(picture) > LARGEST_PICTURE:
            raise Rejected("no picture came out of the decoder")
        return picture
