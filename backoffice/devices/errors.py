"""What a device, or a page that says to be a kiosk's, can be refused."""

from backoffice.errors import CitizenError


class NotTrusted(CitizenError):
    """Not signed, wrongly signed, too old, sent before, or by a device that is not ours.

    Outwardly all the same: who may not know a device's state learns nothing of it.
    """

    code = "device.not_trusted"
    status = 401


class NotPaired(CitizenError):
    """A visit was to be begun at a kiosk with a pairing code that is not one's."""

    code = "device.not_paired"
    status = 403


class NothingToRead(CitizenError):
    """The page says that a card was read, but no device has said so."""

    code = "device.nothing_read"
    status = 409


class WidgetTaken(CitizenError):
    """Another card was read for the same question already."""

    code = "device.widget_taken"
    status = 409


class AlreadyRegistered(CitizenError):
    """The key is in the list of devices already."""

    code = "device.already_registered"
    status = 409


class BadKey(CitizenError):
    """Not the 64 hexadecimal digits of a public key."""

    code = "device.bad_key"
    status = 400
