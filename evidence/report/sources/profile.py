"""What levels cost and are worth: S(n), the batch law, the rungs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from controller.queueing.fit import BatchFit, Line, fit_batch, fit_steps
from controller.queueing.refusal import BadInput
from evidence.report import records
from evidence.report.numbers import Estimate
from evidence.report.records import BadStudy
from evidence.report.study import Study
from services.contract import profile
from services.contract.ladder import Level
from services.contract.profile import BatchLaw, Interval, Profile, ProfileError, Timing
from services.contract.timings import kept, reference, step_points

PLAIN = {"fp32", "auto"}
Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Rung:
    """A level that was measured; seconds of a picture alone, by which share of them each other one
    lengthens it, quality in the judge's points."""

    name: str
    sampler: str
    steps: int
    seconds: Estimate
    scv: float
    crowding: float | None
    crowded_seconds: float
    """Of a picture in a full worker."""
    quality: Estimate | None
    difference: Estimate | None
    """Of quality to the first rung, on the same captions."""
    story_seconds: Estimate | None
    dominated_by: str | None


@dataclass(frozen=True)
class Fit:
    """S(n) of one sampler, with the seconds it was fitted to."""

    sampler: str
    alpha: Estimate
    beta: Estimate
    r_squared: float
    points: Points


@dataclass(frozen=True)
class Law:
    """τ(b) of one queue's worker, seconds a step, with what it was fitted to."""

    queue: str
    tau0: Estimate
    tau1: Estimate
    cap: int
    speedup: float
    points: Points


@dataclass(frozen=True)
class Profiled:
    """All of it."""

    measure: str
    rungs: tuple[Rung, ...]
    fits: tuple[Fit, ...]
    laws: tuple[Law, ...]
    conditions: str
    model: str

    @property
    def crowded(self) -> tuple[Rung, ...]:
        """Rungs that were measured in company."""
        return tuple(rung for rung in self.rungs if rung.crowding is not None)

    @property
    def dominated(self) -> tuple[Rung, ...]:
        """Rungs that another beats in seconds, alone and in a full worker, and in quality."""
        return tuple(rung for rung in self.rungs if rung.dominated_by)

    @property
    def indistinct(self) -> tuple[Rung, ...]:
        """Rungs cheaper than the first, whose quality cannot be told from the first's."""
        return tuple(
            rung for rung in self.rungs if rung.difference and _holds_zero(rung.difference)
        )

    @property
    def worse(self) -> tuple[Rung, ...]:
        """Rungs whose quality is lower than the first's beyond chance."""
        return tuple(rung for rung in self.rungs if rung.difference and rung.difference.high < 0)


def read(study: Study) -> Profiled | None:
    """Of OUT/profile; None where it was not measured. Raises BadStudy."""
    path = records.find(study.folder / "profile" / "profile.json")
    if path is None:
        return None
    try:
        found = Profile.model_validate_json(records.text(path))
    except ValueError as error:
        raise BadStudy(f"{path} is not a profile: {error}") from error
    judged = records.load(study.folder / "profile" / "quality.json") or {}
    rungs = _rungs(found, judged.get("figures", {}))
    fits = tuple(_fits(found.timings))
    model = str((found.made_with.get("models") or {}).get("images", ""))
    laws, conditions = tuple(_laws(found)), _conditions(found)
    return Profiled(found.quality_measure, rungs, fits, laws, conditions, model)


def load(study: Study) -> Profile | None:
    """The profile itself, for models. Raises BadStudy."""
    path = records.find(study.folder / "profile" / "profile.json")
    try:
        return None if path is None else profile.load(path)
    except ProfileError as error:
        raise BadStudy(str(error)) from error


def _holds_zero(found: Estimate) -> bool:
    return found.low <= 0 <= found.high


def _estimate(found: Interval) -> Estimate:
    return Estimate(found.value, found.low, found.high)


def _rungs(found: Profile, judged: dict[str, dict[str, dict[str, float]]]) -> tuple[Rung, ...]:
    measured = {
        rung.level.name: _rung(rung, judged, found.law("images", rung.level.name))
        for rung in found.rungs
        if "images" in rung.costs
    }
    unique: dict[tuple[str, int, str], Rung] = {}
    for rung in found.rungs:
        if rung.level.name in measured:
            unique[_drawn(rung.level)] = measured[rung.level.name]
    ordered = sorted(unique.values(), key=lambda rung: -rung.seconds.value)
    return tuple(_against(rung, ordered) for rung in ordered)


def _drawn(level: Level) -> tuple[str, int, str]:
    """Levels that draw alike are one rung, by the name it was given last."""
    return level.image.sampler, level.image.steps, level.image.precision


def _rung(
    rung: profile.Rung, judged: dict[str, dict[str, dict[str, float]]], law: BatchLaw
) -> Rung:
    level, cost, story = rung.level, rung.costs["images"], rung.costs.get("stories")
    apart = judged.get(level.name, {}).get("clip_score_minus_first")
    return Rung(
        name=level.name,
        sampler=level.image.sampler,
        steps=level.image.steps,
        seconds=_estimate(cost.seconds),
        scv=cost.scv,
        crowding=cost.crowding,
        crowded_seconds=cost.seconds.value * law.slowdown(law.cap),
        quality=_estimate(cost.quality) if cost.quality else None,
        difference=Estimate(**apart) if apart else None,
        story_seconds=_estimate(story.seconds) if story else None,
        dominated_by=None,
    )


def _against(rung: Rung, others: Sequence[Rung]) -> Rung:
    if rung.quality is None:
        return rung
    better = [
        other.name
        for other in others
        if other.quality
        and other.seconds.value < rung.seconds.value
        and other.crowded_seconds <= rung.crowded_seconds
        and other.quality.value >= rung.quality.value
    ]
    return Rung(**{**vars(rung), "dominated_by": better[-1] if better else None})


def _fits(timings: Sequence[Timing]) -> Iterator[Fit]:
    """A line for each sampler whose pictures were timed alone at enough step counts."""
    alone = [each for each in timings if each.queue == "images" and each.batch == 1]
    for sampler in dict.fromkeys(each.setting.get("sampler") for each in alone):
        same = [each for each in alone if each.setting.get("sampler") == sampler]
        same = [each for each in same if each.setting == same[0].setting]
        try:
            line = fit_steps(same)
        except BadInput:
            continue
        yield _fit(str(sampler), line, same)


def _fit(sampler: str, line: Line, timings: Sequence[Timing]) -> Fit:
    points = tuple((t.steps, seconds) for t in timings for seconds in kept(t.seconds))
    return Fit(sampler, _estimate(line.alpha), _estimate(line.beta), line.r_squared, points)


def _laws(found: Profile) -> Iterator[Law]:
    for queue, law in found.batch.items():
        together = reference([each for each in found.timings if each.queue == queue])
        try:
            fitted: BatchFit | None = fit_batch(together)
        except BadInput:
            continue
        yield Law(
            queue=queue,
            tau0=_estimate(fitted.tau0),
            tau1=_estimate(fitted.tau1),
            cap=law.cap,
            speedup=law.speedup,
            points=step_points(together),
        )


def _conditions(found: Profile) -> str:
    made = found.made_with
    said = [made.get("processor"), made.get("gpu"), f"{made.get('threads', 1)} thread(s)"]
    return ", ".join(str(each) for each in said if each)
