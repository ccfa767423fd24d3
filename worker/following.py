"""How a job's pictures follow the policy down the ladder while they are drawn."""

from services.contract.ladder import AppliedLevel, ImageLevel, Level
from worker.batching.request import Follow, Retiming
from worker.claims import Claim
from worker.levels import Levels


def as_wished(level: Level, guidance_scale: float | None) -> Level:
    """The level, with the guidance that the request asks for, if it does."""
    if guidance_scale is None:
        return level
    image = level.image.model_copy(update={"guidance_scale": guidance_scale})
    return level.model_copy(update={"image": image})


def follow(claim: Claim, levels: Levels) -> Follow | None:
    """None for a job whose request names its level: that is a promise."""
    if claim.job.request.level != "auto":
        return None
    follower = _Follower(claim, levels)
    return Follow(follower.wanted, follower.followed)


class _Follower:
    """Asked at every step by the engine's thread, so it only looks at what the worker heard."""

    def __init__(self, claim: Claim, levels: Levels) -> None:
        self._claim = claim
        self._levels = levels
        self._seen: AppliedLevel | None = claim.level
        self._wanted: tuple[str, ImageLevel] | None = None

    def wanted(self) -> tuple[str, ImageLevel] | None:
        latest = self._levels.latest
        if latest is not self._seen and latest is not None:
            self._seen = latest
            self._wanted = self._below(latest)
        return self._wanted

    def followed(self, _: Retiming) -> None:
        self._claim.change(self._seen)

    def _below(self, latest: AppliedLevel) -> tuple[str, ImageLevel] | None:
        begun = self._claim.level
        heard_late = begun.version is not None and latest.version <= begun.version
        if heard_late or latest.index <= begun.index:
            return None
        level = as_wished(latest.level, self._claim.job.request.guidance_scale)
        return level.name, level.image
