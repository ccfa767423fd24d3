"""Every Redis key, its type, what it holds, and how long it lives.

The Lua scripts build the same names; `tests/services/contract/test_keys.py` finds a key that
is not listed here, and one that would live for ever without a reason.
"""

from typing import NamedTuple

PREFIX = "storyteller:"

POLICY_EPOCH = PREFIX + "policy:epoch"
POLICY_DECISIONS = PREFIX + "policy:decisions"
POLICY_CHANNEL = PREFIX + "policy:changed"
POLICY_APPLIED = PREFIX + "policy:applied"
LEADER = PREFIX + "leader"
JOBS = PREFIX + "jobs"
DEADLINES = PREFIX + "deadlines"
TOTALS = PREFIX + "totals"


def job(job_id: str) -> str:
    """The record of one job."""
    return f"{PREFIX}job:{job_id}"


def events(job_id: str) -> str:
    """The events of one job."""
    return f"{PREFIX}job:{job_id}:events"


def children(job_id: str) -> str:
    """The jobs that a storybook is made of."""
    return f"{PREFIX}job:{job_id}:children"


def waiting(queue: str, priority: str) -> str:
    """Jobs of one queue and priority that no worker has claimed."""
    return f"{PREFIX}waiting:{queue}:{priority}"


def running(queue: str) -> str:
    """Jobs of one queue that a worker holds."""
    return f"{PREFIX}running:{queue}"


def samples(queue: str) -> str:
    """What recent jobs of one queue took."""
    return f"{PREFIX}samples:{queue}"


def arrivals(queue: str) -> str:
    """How many stories or pictures one queue was ever asked for."""
    return f"{PREFIX}arrivals:{queue}"


def sisters(queue: str) -> str:
    """Pictures outstanding beyond the first of each job of one queue."""
    return f"{PREFIX}sisters:{queue}"


def policy(queue: str) -> str:
    """The level in force for one queue."""
    return f"{PREFIX}policy:{queue}"


def pin(queue: str) -> str:
    """The level that a person holds for one queue."""
    return f"{PREFIX}policy:{queue}:pin"


def rule_override(queue: str) -> str:
    """The rules that a person has put in force for one queue."""
    return f"{PREFIX}policy:{queue}:rules"


def workers(queue: str) -> str:
    """Workers that serve one queue."""
    return f"{PREFIX}workers:{queue}"


def sizes(worker: str) -> str:
    """The sizes of pictures that one worker can draw."""
    return f"{PREFIX}sizes:{worker}"


def stations(queue: str) -> str:
    """Workers that take tickets from a queue of their own."""
    return f"{PREFIX}stations:{queue}"


def assigned(worker: str) -> str:
    """Unfinished jobs that wait for one worker, or that it runs."""
    return f"{PREFIX}assigned:{worker}"


def forecast(queue: str) -> str:
    """The live model of one queue."""
    return f"{PREFIX}forecast:{queue}"


def idempotency(key: str) -> str:
    """The job that an Idempotency-Key made."""
    return f"{PREFIX}idempotency:{key}"


class Key(NamedTuple):
    """One row of docs/redis.md."""

    pattern: str
    type: str
    holds: str
    lifetime: str


KEYS = (
    Key("job:{id}", "hash", "the job's record: the truth about it",
        "none while unfinished (it must survive any outage); then RETENTION_SECONDS"),
    Key("job:{id}:events", "stream", "what happened to the job, at most about 500 entries",
        "with the record"),
    Key("job:{id}:children", "set", "ids of the jobs a storybook is made of", "with the record"),
    Key("jobs", "sorted set", "ids of all jobs by creation time, for listing and the arrival rate",
        "none: the reconciler removes ids whose record has expired"),
    Key("waiting:{queue}:{priority}", "sorted set", "ids no worker has claimed, by creation time",
        "none: exists only while jobs wait"),
    Key("deadlines", "sorted set", "ids of waiting jobs that have a deadline, by that deadline",
        "none: exists only while such jobs wait"),
    Key("running:{queue}", "sorted set", "ids a worker holds, by the end of the lease",
        "none: exists only while jobs run"),
    Key("samples:{queue}", "stream", "what the last 500 jobs took, at which level, and what had "
        "been predicted", "1 day"),
    Key("arrivals:{queue}", "string", "stories or pictures ever asked for, for the arrival rate",
        "none: a counter a queue"),
    Key("sisters:{queue}", "string", "pictures outstanding beyond the first of each job",
        "none: exists only while such jobs are outstanding"),
    Key("workers:{queue}", "sorted set", "worker names by the time they were last seen", "1 day"),
    Key("sizes:{worker}", "string", "the widths and heights that one worker can draw, as JSON",
        "15 s, renewed"),
    Key("stations:{queue}", "sorted set", "workers with a queue of their own, by when they were "
        "last seen", "none: the reconciler removes those silent for an hour"),
    Key("assigned:{worker}", "set", "ids of unfinished jobs that wait for one worker or run there",
        "none: exists only while it has such jobs"),
    Key("forecast:{queue}", "string", "the controller's model of one queue, as JSON",
        "1 minute, renewed"),
    Key("idempotency:{key}", "hash", "the job an Idempotency-Key made, and the request's digest",
        "RETENTION_SECONDS"),
    Key("totals", "hash", "jobs finished, by kind and status", "none: at most 9 small counters"),
    Key("policy:{queue}", "hash", "the level in force: version, epoch, lease, reason", "1 day"),
    Key("policy:{queue}:pin", "hash", "the level a person pinned, by whom, until when",
        "until it ends"),
    Key("policy:{queue}:rules", "string", "the rules a person put in force instead of "
        "policy.toml's, by whom, until when, as JSON", "until they end"),
    Key("policy:epoch", "string", "how many leaders there have been; fences the older ones",
        "none: it must never go back"),
    Key("policy:decisions", "stream", "the last 1000 decisions with time, load, level and reason",
        "1 day"),
    Key("policy:applied", "hash", "the policy version each worker applied", "1 day"),
    Key("leader", "string", "the controller that decides and reconciles", "10 s, renewed"),
)  # fmt: skip
