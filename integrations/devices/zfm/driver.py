"""The driver: asks the sensor over a serial port, and takes whatever may go wrong on the way.

Synchronous; `sensor.SerialFingerprintSensor` offers it to async code.
"""

import os
import time
from dataclasses import dataclass

import serial

from integrations.devices.zfm import framing
from integrations.devices.zfm.framing import ACK, DATA, LAST, BadPacket, Packet
from integrations.ports import NoFinger, Unavailable

_POLL_S = 0.05
_ANSWER_S = 1.5
_PACKET_S = 1.0
_BETWEEN_LOOKS_S = 0.15
_TRIES = 3


@dataclass(frozen=True)
class Parameters:
    """What the sensor says of itself (ReadSysPara).

    Attributes:
        packet_bytes: content of one data packet, 32 to 256.
        baud: the rate that it is set to.
    """

    packet_bytes: int
    baud: int


class ZfmSensor:
    """One sensor on one serial port, which may vanish and come back.

    Args:
        port: the device file; a stable name such as `/dev/fingerprint` (udev).
        password: the sensor's, 0 as delivered.
    """

    def __init__(
        self, port: str, *, baud: int = 57600, password: int = 0, answer_s: float = _ANSWER_S
    ) -> None:
        self._port, self._baud = port, baud
        self._password = password
        self._answer_s = answer_s
        self._line: serial.Serial | None = None
        self._packets = framing.Splitter()

    def close(self) -> None:
        """Give the port back; the next call opens it again."""
        line, self._line = self._line, None
        if line is not None:
            try:
                line.close()
            except OSError:
                pass  # it is gone already

    def parameters(self) -> Parameters:
        """Raises Unavailable."""
        content = self._confirmed(bytes((framing.READ_PARAMETERS,)))
        if len(content) != 16:
            raise Unavailable("fingerprint sensor: strange parameters")
        code, rate = (int.from_bytes(content[at : at + 2], "big") for at in (12, 14))
        return Parameters(32 << min(code, 3), 9600 * rate)

    def take(self, timeout_s: float) -> bytes:
        """Wait for a finger; its picture, 4 bits a pixel, row by row.

        Raises:
            NoFinger: none was laid on in time.
            Unavailable: no sensor, or one that answers wrongly three times.
        """
        deadline = time.monotonic() + timeout_s
        while not self._looked():
            if time.monotonic() >= deadline:
                raise NoFinger("no finger in time")
            time.sleep(_BETWEEN_LOOKS_S)
        for _ in range(_TRIES):
            image = self._image()
            if image is not None:
                return image
        self.close()
        raise Unavailable("fingerprint sensor: the picture arrives altered")

    def _looked(self) -> bool:
        status = self._ask(bytes((framing.TAKE_IMAGE,)))[0]
        if status in (framing.NO_FINGER, framing.NOT_TAKEN):
            return False  # not taken: lifted too early, or too dry; look again
        if status != framing.OK:
            raise Unavailable(f"fingerprint sensor: status {status:02x}")
        return True

    def _image(self) -> bytes | None:
        """The picture in its buffer; None when it came altered, so that it is sent again."""
        status = self._ask(bytes((framing.SEND_IMAGE,)))[0]
        if status != framing.OK:
            raise Unavailable(f"fingerprint sensor: status {status:02x}")
        image = bytearray()
        while True:
            packet = self._receive(_PACKET_S)
            if packet is None or packet.kind not in (DATA, LAST):
                return None
            image += packet.content
            if packet.kind == LAST:
                return bytes(image) if len(image) == framing.IMAGE_BYTES else None
            if len(image) > framing.IMAGE_BYTES:
                return None

    def _confirmed(self, command: bytes) -> bytes:
        answer = self._ask(command)
        if answer[0] != framing.OK:
            raise Unavailable(f"fingerprint sensor: status {answer[0]:02x}")
        return answer[1:]

    def _ask(self, command: bytes) -> bytes:
        """Send, wait, and send again when something was lost or altered; status and content."""
        self._open()
        for _ in range(_TRIES):
            answer = self._once(command)
            if answer is not None and answer[0] != framing.SENT_BADLY:
                return answer
        self.close()  # the next call begins with a fresh line
        raise Unavailable("fingerprint sensor: no whole answer")

    def _once(self, command: bytes) -> bytes | None:
        line = self._line
        assert line is not None
        try:
            line.reset_input_buffer()  # what a former request was answered too late
            self._packets = framing.Splitter()
            line.write(framing.packed(Packet(framing.COMMAND, command)))
            line.flush()
        except (OSError, serial.SerialException) as exc:
            self.close()
            raise Unavailable("fingerprint sensor: the port is gone") from exc
        packet = self._receive(self._answer_s)
        if packet is None or packet.kind != ACK or not packet.content:
            return None
        return packet.content

    def _receive(self, timeout_s: float) -> Packet | None:
        """The next whole packet in time; None for none, or for one that came altered."""
        line = self._line
        assert line is not None
        deadline = time.monotonic() + timeout_s
        try:
            while True:
                packet = self._packets.next()
                if packet is not None or time.monotonic() >= deadline:
                    return packet
                self._packets.feed(line.read(max(1, line.in_waiting)))
        except BadPacket:
            return None
        except (OSError, serial.SerialException) as exc:
            self.close()
            raise Unavailable("fingerprint sensor: the port is gone") from exc

    def _open(self) -> None:
        """Open the port and show the password. Raises Unavailable."""
        if self._line is not None and not self._same_device():
            self.close()  # pulled out and plugged in again: the open file is of the old device
        if self._line is not None:
            return
        try:
            self._line = serial.Serial(
                self._port, self._baud, timeout=_POLL_S, write_timeout=1, exclusive=True
            )
        except (OSError, serial.SerialException) as exc:
            raise Unavailable("fingerprint sensor: not connected") from exc
        shown = bytes((framing.CHECK_PASSWORD,)) + self._password.to_bytes(4, "big")
        for _ in range(_TRIES):
            answer = self._once(shown)
            if answer is not None and answer[0] == framing.OK:
                return
            if answer is not None and answer[0] == framing.WRONG_PASSWORD:
                break
        self.close()
        raise Unavailable("fingerprint sensor: does not answer, or wants another password")

    def _same_device(self) -> bool:
        assert self._line is not None
        try:
            there, here = os.stat(self._port), os.fstat(self._line.fileno())
        except (OSError, serial.SerialException):
            return False
        return (there.st_rdev, there.st_ino) == (here.st_rdev, here.st_ino)
