"""How many images or stories step together: the cap, and less for a while after memory ran out."""

RECOVERY_TURNS = 256
"""Turns without trouble after which twice as many are tried again."""


class Limit:
    """Halves when a batch was too large, and doubles back to the cap with time."""

    def __init__(self, cap: int) -> None:
        self.cap = cap
        self.now = cap
        self._turns_well = 0

    def too_many(self, count: int) -> None:
        """A batch of `count` did not fit."""
        self.now = max(1, count // 2)
        self._turns_well = 0

    def went_well(self) -> None:
        """A turn passed without trouble."""
        if self.now == self.cap:
            return
        self._turns_well += 1
        if self._turns_well == RECOVERY_TURNS:
            self.now = min(self.cap, 2 * self.now)
            self._turns_well = 0
