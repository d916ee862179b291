"""Time that a test sets."""


class Clock:
    """Stands in for the module `time` where only monotonic time is asked for."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now
