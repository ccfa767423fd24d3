"""What a controller goes by."""

from dataclasses import dataclass

from services.contract.policy import Policy, fallback
from services.contract.profile import Profile
from services.contract.settings import Settings


@dataclass(frozen=True)
class Terms:
    """What this controller is called, and what it goes by."""

    name: str
    policy: Policy
    settings: Settings
    profile: Profile | None = None

    @property
    def fallback(self) -> int:
        """The rung that workers fall back to. Raises PolicyError where the ladder lacks it."""
        return self.policy.index(fallback(self.policy, self.settings))
