"""What any outside system may answer instead of an answer."""


class IntegrationError(Exception):
    """Something outside went wrong."""

    retryable = False


class Unavailable(IntegrationError):
    """Time-out, connection refused, 5xx: the same call may succeed later."""

    retryable = True


class Rejected(IntegrationError):
    """The other side understood and said no; sending again will not help."""
