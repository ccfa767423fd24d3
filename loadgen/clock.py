"""The server's times on the generator's clock."""


class ServerClock:
    """Knows by how much the server's clock is ahead, from the fastest exchange so far: the server
    made the job between sending and answer, so half of that time is the most the offset is wrong
    by (the idea of NTP; Mills 1991)."""

    def __init__(self) -> None:
        self._shortest = float("inf")
        self._offset = 0.0

    @property
    def known(self) -> bool:
        """Whether there was any exchange."""
        return self._shortest < float("inf")

    def note(self, sent: float, accepted: float, created: float) -> None:
        """A job was sent and accepted at these times here, and made at `created` there."""
        if accepted - sent < self._shortest:
            self._shortest = accepted - sent
            self._offset = created - (sent + accepted) / 2

    def here(self, moment: float) -> float:
        """A server's time as the generator would have read it."""
        return moment - self._offset
