"""Failures that a citizen (or clerk) can be told about.

`code` selects the text in `data/messages/`; the log gets the code and the cause, never the text
that was sent.
"""


class CitizenError(Exception):
    """A failure with a plain explanation.

    Attributes:
        code: key of the text in `data/messages/errors.yml`.
        status: HTTP status at the edge.
        params: what the text needs; never personal data.
        alarm: an `identity.alarms.AlarmKind`, where this may be somebody trying to get in as
            another; the edge counts it.
    """

    code = "unexpected"
    status = 400
    alarm: str | None = None

    def __init__(self, **params: str | int) -> None:
        super().__init__(self.code)
        self.params = params


class NotFound(CitizenError):
    """Does not exist, or is not yours: the two look the same."""

    code = "not_found"
    status = 404


class NotYours(NotFound):
    """Exists, but is somebody else's. Told like `NotFound`; only we know the difference.

    Args:
        alarm: what is counted.
    """

    def __init__(self, alarm: str) -> None:
        super().__init__()
        self.alarm = alarm


class NotSignedIn(CitizenError):
    """Something personal was asked for without proof of who is asking."""

    code = "not_signed_in"
    status = 401


class Busy(CitizenError):
    """Somebody else changed the same thing at the same moment."""

    code = "busy"
    status = 409


class EngineDown(CitizenError):
    """The dialogue engine or another needed process does not answer; nothing given is lost."""

    code = "engine_down"
    status = 503


class BadRequest(CitizenError):
    """The request's form is wrong."""

    code = "bad_request"
    status = 400
