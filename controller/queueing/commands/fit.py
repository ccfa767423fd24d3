"""`fit`: lines and laws of a profile, with their intervals."""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from controller.queueing.crowding import fit_crowding
from controller.queueing.fit import (
    LEAST_STEP_COUNTS,
    LEAST_TIMES,
    BatchFit,
    Line,
    fit_batch,
    fit_steps,
    scv,
)
from controller.queueing.refusal import BadInput
from services.contract import profile
from services.contract.jobs import QUEUES, Queue
from services.contract.profile import Profile, ProfileError, Timing
from services.contract.timings import alone_and_together, kept, reference, step_points

STORY = "story"
"""In a timing's setting: which of the stories it was."""
PER_JOB = (STORY, "max_tokens")
"""What may differ within a line: its step counts come of these."""


def add(subparsers: Any) -> None:
    """Register the command; `run(options)` prints its findings and returns them for JSON."""
    parser = subparsers.add_parser(
        "fit",
        help="service times of a profile as lines with intervals",
        description="S(n) = α + βn for jobs alone; τ(b) = τ0 + τ1·b for jobs together, of the work "
        "that the profile's batch law is of and of what else was measured in as much company; of "
        "each level the share of its time by which each other job lengthens it (crowding), and the "
        "squared coefficient of variation; each with its 95 % confidence interval.",
    )
    parser.add_argument("--profile", type=Path, required=True, help="profile.json")
    parser.add_argument("--queue", choices=QUEUES, help="one queue alone (all)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Raises BadInput where the profile cannot be read or holds no timings to fit."""
    try:
        found = profile.load(options.profile)
    except ProfileError as error:
        raise BadInput(str(error)) from error
    queues = [options.queue] if options.queue else _measured(found)
    if not found.timings:
        raise BadInput(f"{options.profile} has no timings: python -m worker.study profile has them")
    result = {queue: _fitted(found, queue) for queue in queues}
    for queue, fitted in result.items():
        print("\n".join([queue, *_told(fitted)]))
    return result


def _measured(found: Profile) -> list[Queue]:
    return [queue for queue in QUEUES if any(each.queue == queue for each in found.timings)]


def _fitted(found: Profile, queue: Queue) -> dict[str, Any]:
    timings = [timing for timing in found.timings if timing.queue == queue]
    if not timings:
        raise BadInput(f"the profile has no timings of the queue {queue}")
    alone = [timing for timing in timings if timing.batch == 1]
    return {
        "steps": {name: _line(fit_steps(group)) for name, group in _lines(alone)},
        "batch": {name: _batch(fit_batch(group)) for name, group in _batches(timings)},
        "crowding": {name: fit_crowding(group).model_dump() for name, group in _companies(timings)},
        "scv": {name: scv(times).model_dump() for name, times in _variations(alone)},
    }


def _lines(alone: Sequence[Timing]) -> Iterator[tuple[str, list[Timing]]]:
    """What differs in its steps alone and was measured at enough of them."""
    for name, group in _grouped(alone, lambda each: _setting(each, apart=PER_JOB)).items():
        if len({timing.steps for timing in group}) >= LEAST_STEP_COUNTS:
            yield name, group


def _batches(timings: Sequence[Timing]) -> Iterator[tuple[str, list[Timing]]]:
    """What the batch law is of, by its setting; then each piece of other work that was measured at
    as many numbers of jobs together, if often enough for an interval."""
    first = reference(timings)
    others = [each for each in alone_and_together(timings) if each not in first]
    groups = {**_grouped(first, _setting), **_grouped(others, _level)}
    for name, group in groups.items():
        if len(step_points(group)) >= LEAST_TIMES:
            yield name, group


def _companies(timings: Sequence[Timing]) -> Iterator[tuple[str, list[Timing]]]:
    """Each level that was measured at two different numbers of jobs together, often enough."""
    for name, group in _grouped(timings, _level).items():
        if len(step_points(alone_and_together(group))) >= LEAST_TIMES:
            yield name, group


def _variations(alone: Sequence[Timing]) -> Iterator[tuple[str, list[float]]]:
    """Service times of each level that was measured often enough."""
    for name, group in _grouped(alone, _level).items():
        times = [each for timing in group for each in kept(timing.seconds)]
        if len(times) >= LEAST_TIMES:
            yield name, times


def _grouped(timings: Sequence[Timing], key: Callable[[Timing], str]) -> Mapping[str, list[Timing]]:
    groups: dict[str, list[Timing]] = {}
    for timing in timings:
        groups.setdefault(key(timing), []).append(timing)
    return groups


def _setting(timing: Timing, apart: Sequence[str] = (STORY,)) -> str:
    said = {name: value for name, value in timing.setting.items() if name not in apart}
    return " ".join(f"{name}={json.dumps(value)}".replace('"', "") for name, value in said.items())


def _level(timing: Timing) -> str:
    """A level's stories are of any length; its pictures take so many steps."""
    if STORY in timing.setting:
        return _setting(timing)
    return f"{_setting(timing)} steps={timing.steps}"


def _line(line: Line) -> dict[str, Any]:
    return {
        "alpha": line.alpha.model_dump(),
        "beta": line.beta.model_dump(),
        "r_squared": line.r_squared,
        "residual_standard_error": line.residual_standard_error,
        "observations": line.observations,
    }


def _batch(fit: BatchFit) -> dict[str, Any]:
    return {
        "tau0": fit.tau0.model_dump(),
        "tau1": fit.tau1.model_dump(),
        "r_squared": fit.r_squared,
        "observations": fit.observations,
    }


def _told(fitted: Mapping[str, Any]) -> Iterator[str]:
    for name, line in fitted["steps"].items():
        yield f"  {name}"
        yield f"    S(n) = α + βn   α {_ms(line['alpha'])}, β {_ms(line['beta'])}"
        yield (
            f"    R² {line['r_squared']:.4f}, residual standard error "
            f"{1000 * line['residual_standard_error']:.2f} ms, {line['observations']} jobs"
        )
    for name, law in fitted["batch"].items():
        yield f"  {name}"
        yield f"    τ(b) = τ0 + τ1·b   τ0 {_ms(law['tau0'])}, τ1 {_ms(law['tau1'])}"
    for measure, digits in (("crowding", 3), ("scv", 5)):
        for name, figure in fitted[measure].items():
            yield f"  {name}"
            yield f"    {measure} {_spread(figure, digits)}"


def _ms(figure: Mapping[str, float]) -> str:
    value, low, high = (1000 * figure[name] for name in ("value", "low", "high"))
    return f"{value:.2f} ms ({low:.2f} … {high:.2f})"


def _spread(figure: Mapping[str, float], digits: int) -> str:
    value, low, high = (f"{figure[name]:.{digits}f}" for name in ("value", "low", "high"))
    return f"{value} ({low} … {high})"
