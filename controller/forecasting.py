"""Keeps the live model of each queue, and publishes it for every estimate that a client sees."""

from collections.abc import Mapping

from redis import Redis

from controller.model import QueueModel, Thresholds, begin, fixed_thresholds, in_force
from controller.observe import Observation
from services.contract import forecast, samples
from services.contract.forecast import Forecast, Origin
from services.contract.jobs import QUEUES, Queue
from services.contract.policy import Policy
from services.contract.profile import Profile
from services.contract.settings import Settings


def models(policy: Policy, profile: Profile | None, settings: Settings) -> dict[Queue, QueueModel]:
    """Of each queue, before anything was seen. Raises ProfileError for what a profile lacks."""
    caps: dict[Queue, int] = {"stories": settings.story_batch, "images": settings.batch_cap}
    return {queue: begin(policy, queue, profile, caps[queue]) for queue in QUEUES}


class Forecaster:
    """Learns from what jobs took and how many came; `latest` holds what it made of that."""

    def __init__(self, redis: Redis, policy: Policy, models: Mapping[Queue, QueueModel]) -> None:
        self._redis = redis
        self._policy = policy
        self._models = dict(models)
        self._plans: dict[Queue, tuple[Thresholds, Origin]] = {}
        self.latest: dict[Queue, Forecast | None] = dict.fromkeys(QUEUES)

    def learn(self, seen: Observation) -> None:
        """Bring the models up to date."""
        last = {queue: model.last for queue, model in self._models.items()}
        for queue, found in samples.after_each(self._redis, last).items():
            load, now = seen.load.queues[queue], seen.load.now
            model = self._models[queue].watched(load, now).learned(found)
            self._models[queue] = model
            level = in_force(seen.states[queue], len(self._policy.levels))
            self._show(queue, model.forecast(load, now, level))

    def rate_known(self, queue: Queue) -> bool:
        """Whether arrivals were watched long enough to say how many come."""
        return self._models[queue].arrivals.rate is not None

    def plan(self, queue: Queue, thresholds: Thresholds, origin: Origin) -> None:
        """From now on these are the thresholds in force, planned for this."""
        self._plans[queue] = thresholds, origin
        self._show(queue, self.latest[queue])

    def obey(self, queue: Queue, policy: Policy) -> None:
        """The queue goes by new rules, those of `policy`: what was planned for others is void."""
        self._policy = policy
        self._plans.pop(queue, None)
        self._show(queue, self.latest[queue])

    def _show(self, queue: Queue, found: Forecast | None) -> None:
        rules = self._policy.rules_of(queue)
        thresholds, origin = self._plans.get(queue, (fixed_thresholds(rules), None))
        shown = thresholds._asdict() | {"origin": origin}
        self.latest[queue] = found and found.model_copy(update=shown)

    def publish(self) -> None:
        """Put the models where others read them; one that does not know its arrivals waits."""
        pipeline = self._redis.pipeline(transaction=False)
        for queue, found in self.latest.items():
            if found is not None and self.rate_known(queue):
                forecast.put(pipeline, queue, found)
        pipeline.execute()
