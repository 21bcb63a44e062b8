"""Why a face or finger was not looked at or not kept. Texts: data/messages/remembering.yml."""

from backoffice.errors import CitizenError


class NotRemembering(CitizenError):
    """This hall remembers nobody, or not here: another way is open."""

    code = "remembering.not_here"
    status = 409


class TooManyLooks(CitizenError):
    """No more searches in this visit; every other way is open."""

    code = "remembering.too_many_looks"
    status = 429


class SomebodyBeside(CitizenError):
    """More than one face is in the picture: nobody's is searched or kept."""

    code = "remembering.somebody_beside"


class FaceNotGood(CitizenError):
    """Too dark, blurred, turned …: nothing was kept. Params: advice."""

    code = "remembering.face_not_good"


class LookingDown(CitizenError):
    """The face reader does not answer; every other way is open."""

    code = "remembering.looking_down"
    status = 503


class AnotherFace(CitizenError):
    """Not the face that was proved: it is not kept."""

    code = "remembering.another_face"


class NoFingerLaid(CitizenError):
    """Nobody laid a finger on the sensor in time."""

    code = "finger.none"
    status = 409


class FingerNotGood(CitizenError):
    """Not a fingerprint, or too poor a one: nothing was kept or compared."""

    code = "finger.poor"

    def __init__(self, fault: str) -> None:
        super().__init__()
        self.code = f"finger.{fault}"


class SensorDown(CitizenError):
    """The sensor does not answer; every other way is open."""

    code = "finger.sensor_down"
    status = 503


class SensorBusy(CitizenError):
    """A finger is being waited for already."""

    code = "finger.busy"
    status = 409


class NoTriesLeft(CitizenError):
    """A finger was wrong too often in this visit; every other way is open."""

    code = "finger.no_tries_left"
    status = 429
