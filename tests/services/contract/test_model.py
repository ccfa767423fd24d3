"""Random lives of many jobs, in Redis and in plain Python at once: they must agree after each step.

Tokens of owners that lost their job stay in the game, so that every step is also tried by those
who may not take it.
"""

import uuid

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from services.contract import events, keys, queues, transitions
from services.contract.jobs import PRIORITIES, QUEUES, TERMINAL
from services.contract.transitions import Admission, Orphaned, Outcome, QueueFull
from tests.services.contract.making import (
    EXPIRED,
    LEASE,
    RETENTION,
    cancel,
    claim,
    reclaim,
    request,
)
from tests.services.contract.model import ATTEMPTS, Model

CAPACITY = 6
KINDS = st.sampled_from(["story", "image", "storybook"])
ENDS = st.sampled_from(sorted(TERMINAL))


class JobLayer(RuleBasedStateMachine):
    """Every transition, by anyone, at any time."""

    ids = Bundle("ids")
    claims = Bundle("claims")

    def __init__(self, redis):
        super().__init__()
        self.redis = redis
        self.model = Model()
        redis.flushdb()

    def _accept(self, kind, priority, parent=""):
        job_id = uuid.uuid4().hex
        terms = Admission(CAPACITY, RETENTION, parent=parent, job_id=job_id)
        wanted = request(kind, priority=priority)
        assert transitions.accept(self.redis, wanted, terms) == (job_id, True)
        self.model.accept(job_id, kind, priority, parent)
        assert transitions.accept(self.redis, wanted, terms) == (job_id, False)
        return job_id

    @rule(target=ids, kind=KINDS, priority=st.sampled_from(PRIORITIES))
    def accept(self, kind, priority):
        if self.model.depth() < CAPACITY:
            return self._accept(kind, priority)
        with pytest.raises(QueueFull):
            self._accept(kind, priority)
        return multiple()

    @rule(target=ids, parent=ids, priority=st.sampled_from(PRIORITIES))
    def accept_picture(self, parent, priority):
        if self.model.takes_pictures(parent):
            return self._accept("image", priority, parent)
        with pytest.raises(Orphaned):
            self._accept("image", priority, parent)
        return multiple()

    @rule(target=claims, job_id=ids, silent=st.booleans())
    def claim(self, job_id, silent):
        job = claim(self.redis, job_id, EXPIRED if silent else LEASE)
        assert (job is not None) == self.model.claim(job_id, silent=silent)
        return multiple() if job is None else job

    @rule(job=claims, silent=st.booleans())
    def renew(self, job, silent):
        hold = transitions.renew(self.redis, job, lease=EXPIRED if silent else LEASE)
        assert hold == self.model.renew(job.id, job.token, silent=silent)

    @rule(job=claims)
    def report(self, job):
        silent = self.model.jobs[job.id].silent
        hold = transitions.report(self.redis, job, "progress", {"done": 1})
        assert hold == self.model.renew(job.id, job.token, silent=silent)

    @rule(job=claims, status=ENDS)
    def finish(self, job, status):
        hold = transitions.finish(self.redis, job, Outcome(status), retention=RETENTION)
        assert hold == self.model.finish(job.id, job.token, status)

    @rule(job=claims)
    def hand_back(self, job):
        hold = transitions.hand_back(self.redis, job, "stopping")
        assert hold == self.model.hand_back(job.id, job.token)

    @rule(job_id=ids)
    def cancel(self, job_id):
        assert cancel(self.redis, job_id) == self.model.cancel(job_id)

    @rule()
    def reclaim(self):
        assert set(reclaim(self.redis, ATTEMPTS)) == self.model.reclaim()

    @rule()
    def age(self):
        assert set(transitions.age(self.redis, 0.0)) == self.model.age()

    @invariant()
    def the_load_is_exact(self):
        load = queues.load(self.redis)
        assert load.depth == self.model.depth()
        for queue in QUEUES:
            waiting = self.model.waiting(queue)
            born = [float(self._field(job_id, "created_at")) for job_id in waiting]
            assert load.queues[queue].waiting == len(waiting)
            assert load.queues[queue].running == len(self.model.running(queue))
            oldest = load.now - min(born) if born else 0.0
            assert load.queues[queue].oldest_age == pytest.approx(oldest, abs=2e-3)

    @invariant()
    def the_order_is_exact(self):
        for queue in QUEUES:
            for place, job_id in enumerate(self.model.waiting(queue)):
                job = transitions.get(self.redis, job_id)
                assert queues.position(self.redis, job) == place

    @invariant()
    def every_record_is_exact(self):
        for job_id, expected in self.model.jobs.items():
            job = transitions.get(self.redis, job_id)
            assert (job.status, job.priority) == (expected.status, expected.priority)
            assert (job.attempts, job.token) == (expected.attempts, expected.token)
            assert (job.parent or "") == expected.parent
            history = events.after(self.redis, job_id)
            assert [event.last for event in history[:-1]] == [False] * (len(history) - 1)
            assert history[-1].last == (job.status in TERMINAL) == self._mortal(job_id)

    def _field(self, job_id, name):
        return self.redis.hget(keys.job(job_id), name)

    def _mortal(self, job_id):
        names = (keys.job(job_id), keys.events(job_id), keys.children(job_id))
        lives = {self.redis.ttl(name) > 0 for name in names if self.redis.exists(name)}
        assert len(lives) == 1
        return lives.pop()


def test_redis_agrees_with_the_model(redis):
    run_state_machine_as_test(
        lambda: JobLayer(redis),
        settings=settings(
            max_examples=40,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
