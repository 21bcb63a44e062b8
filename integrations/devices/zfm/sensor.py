"""The port `FingerprintSensor` over the serial driver."""

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from integrations.devices.zfm import framing
from integrations.devices.zfm.driver import ZfmSensor
from integrations.ports import FingerImage


class SerialFingerprintSensor:
    """Runs the driver in a thread of its own, so that no event loop waits for the line."""

    def __init__(self, driver: ZfmSensor) -> None:
        self._driver = driver
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="fingerprint-sensor")

    async def capture(self, *, timeout_s: float = 15.0) -> FingerImage:
        """See `FingerprintSensor.capture`."""
        loop = asyncio.get_running_loop()
        raw = await loop.run_in_executor(self._thread, self._driver.take, timeout_s)
        return FingerImage(unpacked(raw), framing.DPI)

    def close(self) -> None:
        """See `FingerprintSensor.close`; waits for what is under way."""
        self._thread.submit(self._driver.close).result()


def unpacked(raw: bytes) -> bytes:
    """An 8-bit grey PNG of two pixels a byte, the left one in the upper half."""
    halves = np.frombuffer(raw, np.uint8)
    pixels = np.stack((halves >> 4, halves & 0x0F), axis=1).reshape(framing.HEIGHT, framing.WIDTH)
    made = io.BytesIO()
    Image.fromarray((pixels * 17).astype(np.uint8)).save(
        made, "PNG", dpi=(framing.DPI, framing.DPI)
    )
    return made.getvalue()


def packed(picture: Image.Image) -> bytes:
    """The reverse, for the simulator. Raises ValueError for a picture of another size."""
    if picture.size != (framing.WIDTH, framing.HEIGHT):
        raise ValueError("not a picture of this sensor's size")
    greys = np.asarray(picture.convert("L"), np.uint8) >> 4
    return ((greys[:, 0::2] << 4) | greys[:, 1::2]).astype(np.uint8).tobytes()
