"""A plan with no more together than a worker advances. Pure."""

from typing import TypeVar

from evidence.plan import Calibration, Plan, Reference

Loops = TypeVar("Loops", Calibration, Reference)


def within(plan: Plan, cap: int, story_cap: int) -> Plan:
    """The plan with no more pictures and stories together than a worker advances."""
    asked, loops, live = plan.profile, plan.calibration, plan.live
    beside = live.reference and _no_more(live.reference, cap)
    batches, story_batches = _cut(asked.batches, cap), _cut(asked.story_batches, story_cap)
    fewer = {"batches": batches, "story_batches": story_batches}
    return plan.model_copy(
        update={
            "profile": asked.model_copy(update=fewer),
            "calibration": _no_more(loops, cap),
            "live": live.model_copy(update={"reference": beside}),
        }
    )


def _no_more(loops: Loops, cap: int) -> Loops:
    return loops.model_copy(update={"together": _cut(loops.together, cap)})


def _cut(counts: tuple[int, ...], cap: int) -> tuple[int, ...]:
    """Increasing, each once."""
    return tuple(sorted({min(count, cap) for count in counts}))
