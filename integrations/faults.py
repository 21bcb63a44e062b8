"""How a sandbox is told to fail."""

from integrations.ports import IntegrationError, Unavailable


class Faults:
    """A number of coming calls fail with the given error, then all is well again."""

    def __init__(self) -> None:
        self._coming: list[IntegrationError] = []

    def fail_next(self, times: int = 1, error: IntegrationError | None = None) -> None:
        """Let the next `times` calls fail; by default as if the other side were down."""
        self._coming += [error or Unavailable("sandbox: told to fail")] * times

    def strike(self) -> None:
        """Called by the sandbox at the beginning of each call. Raises what was ordered."""
        if self._coming:
            raise self._coming.pop(0)
