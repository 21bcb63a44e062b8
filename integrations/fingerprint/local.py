"""Fingerprints on this machine, in a process of their own.

The threshold is NIST's: of its BOZORTH3 scores "greater than 40" usually mean the same finger (User's
Guide to NBIS, 2007, section on bozorth3). One finger is compared with one, never searched for.
"""

from integrations.fingerprint import engine
from integrations.one_process import OneProcess
from integrations.ports import FingerMatch, FingerQuality

THRESHOLD = 40


class LocalFingerprints:
    """The `FingerprintMatcher` port on this machine.

    Args:
        threshold: the score from which two prints are of one finger.
        timeout_s: longest work on one print.
    """

    def __init__(self, *, threshold: int = THRESHOLD, timeout_s: float = 15.0) -> None:
        self._threshold = threshold
        self._process = OneProcess("fingerprint", warm=engine.warm, timeout_s=timeout_s)

    async def warm(self) -> None:
        """See `FingerprintMatcher.warm`."""
        await self._process.run(engine.warm)

    def close(self) -> None:
        """See `FingerprintMatcher.close`."""
        self._process.close()

    async def quality(self, image: bytes, *, dpi: int = engine.DPI) -> FingerQuality:
        """See `FingerprintMatcher.quality`."""
        return await self._process.run(engine.quality, image, dpi)

    async def template(self, image: bytes, *, dpi: int = engine.DPI) -> bytes:
        """See `FingerprintMatcher.template`."""
        return await self._process.run(engine.template, image, dpi)

    async def match(self, first: bytes, second: bytes) -> FingerMatch:
        """See `FingerprintMatcher.match`."""
        return FingerMatch(await self._process.run(engine.match, first, second), self._threshold)
