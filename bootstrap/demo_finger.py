"""The demonstration's fingerprint sensor: whose invented finger lies on it."""

from backoffice.errors import NotFound
from bootstrap.container import Office
from integrations.fingerprint.folder import FolderSensor


def finger_names(office: Office) -> list[str]:
    """Whose fingers can be laid on the simulated sensor; none where there is a real one."""
    sensor = office.finger_sensor
    return sensor.people() if isinstance(sensor, FolderSensor) else []


def lay_finger(office: Office, name: str | None) -> None:
    """Lay an invented finger on the simulated sensor; None takes off what lies there.

    Raises:
        NotFound: no such finger, or no simulated sensor.
    """
    sensor = office.finger_sensor
    if not isinstance(sensor, FolderSensor):
        raise NotFound
    if name is None:
        sensor.lift()
    elif name not in sensor.people():
        raise NotFound
    else:
        sensor.lay_on(name)
