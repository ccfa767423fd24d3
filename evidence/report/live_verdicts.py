"""What was asked of the live runs, and what came out."""

from collections.abc import Iterator, Sequence

from evidence.report.article import counted
from evidence.report.numbers import at_least, exact, interval, number, percent
from evidence.report.sources.compared import CHANCE, Validation
from evidence.report.sources.rivals import Capacity, Distance
from evidence.report.sources.runs import Accuracy, Asked
from evidence.report.verdict import Verdict


def accuracy(found: Validation) -> Iterator[Verdict]:
    """How near predictions of the mean response come."""
    for name, how, kind, accuracy in (
        ("simulated", "simulation", "simulated", found.simulated),
        ("closed-form", "closed forms where they hold", "closed_form", found.closed_form),
    ):
        if accuracy.runs:
            asked = f"Mean response times predicted by {how} are {_within(found.asked)}"
            said = f"{_errors(accuracy)}{_forecast(found, kind, accuracy)}"
            yield Verdict(name, asked, said, accuracy.held)


def _forecast(found: Validation, kind: str, chosen: Accuracy) -> str:
    """Of what was predicted without anything that was measured after the run, or all runs."""
    for when, forecasts in (("each run", found.preceding), ("the runs alone", found.forecasts)):
        if each := forecasts.get(kind):
            errors = f"{percent(each.median)} and {percent(each.worst)}"
            return f"; by what was measured before {when}, {errors}{over(each, chosen)}"
    return ""


def over(found: Accuracy, chosen: Accuracy) -> str:
    """` over 12 runs`, where that are not as many as the chosen prediction is judged by."""
    return "" if found.runs == chosen.runs else f" over {counted(found.runs, 'run')}"


def _within(asked: Asked) -> str:
    return (
        f"within {percent(asked.median)} in the median and {percent(asked.worst)} at worst, up to "
        f"a utilisation of {exact(asked.utilisation)}"
    )


def _errors(found: Accuracy) -> str:
    return f"{percent(found.median)} and {percent(found.worst)} over {counted(found.runs, 'run')}"


def captured(found: Validation) -> Iterator[Verdict]:
    """Whether cheaper levels do what the model says."""
    gains = found.gains
    if gains:
        most = max(gains, key=lambda gain: abs(gain.error))
        yield Verdict(
            "captured",
            "Cheaper levels shorten the response at the same rate, and the model says by how much, "
            f"within {percent(found.asked.worst)}",
            f"{most.cheap} for {most.dear} at {exact(most.rate)}/s: {number(most.measured)} times "
            f"measured, {number(most.predicted)} predicted, the farthest of "
            f"{counted(len(gains), 'pair')}",
            all(g.measured < 1 and abs(g.error) <= found.asked.worst for g in gains),
        )


def capacity(found: Validation) -> Iterator[Verdict]:
    """What following the queue sustains."""
    capacity = found.capacity
    if capacity is None or capacity.best_level not in capacity.knees:
        return
    knees = [
        f"{policy} {at_least(exact(knee), capacity.bounded(policy))}/s"
        for policy, knee in capacity.knees.items()
        if knee
    ]
    yield Verdict(
        "capacity",
        f"Following the queue sustains {number(capacity.asked, 2)} times the rate of "
        f"{capacity.best_level} within {found.slo}",
        f"{_ratio(capacity)}; "
        + (f"sustained: {', '.join(knees)}" if knees else "no policy sustained any rate"),
        capacity.held,
        judged=capacity.held is not None,
    )


def _ratio(capacity: Capacity) -> str:
    if capacity.ratio_at_least is not None:
        return f"{at_least(number(capacity.ratio_at_least), True)} times"
    return f"{number(capacity.ratio)} times" if capacity.ratio else "no ratio"


def margins(found: Validation) -> Iterator[Verdict]:
    """Whether it draws better than the fastest level."""
    if found.margins:
        held = sum(bool(margin.held) for margin in found.margins)
        least = min(found.margins, key=lambda margin: margin.margin.value)
        yield Verdict(
            "margins",
            "At the same rate, following the queue gives better pictures than the fastest level",
            f"{held} of {counted(len(found.margins), 'comparison')}; the least margin is "
            f"{interval(least.margin)} points, at {exact(least.rate)}/s",
            held == len(found.margins),
        )


def arrivals(found: Validation) -> Iterator[Verdict]:
    """Whether schedules are Poisson."""
    tested = [run.ks_p for run in found.tested if run.ks_p is not None]
    if tested:
        rejected = sum(p < CHANCE for p in tested)
        yield Verdict(
            "arrivals",
            "Which arrival process?",
            f"Poisson is rejected at {percent(CHANCE)} in {rejected} of "
            f"{counted(len(tested), 'schedule')}; {exact(CHANCE * len(tested))} were to be "
            "expected by chance",
            None,
        )


def distances(found: Validation) -> Iterator[Verdict]:
    """How near policies come to the optimum on the live stack, where there is one."""
    near = found.to_optimum
    if near:
        policies = dict.fromkeys(each.policy for each in near)
        said = [_farthest([each for each in near if each.policy == p]) for p in policies]
        compared = counted(len(near), "comparison")
        said.append(f"of {compared} chance alone would tell {exact(found.apart_by_chance)} apart")
        yield Verdict(
            "optimum-live",
            "On the live stack, how near do policies that follow the queue come to the optimum?",
            "; ".join(said),
            None,
        )


def _farthest(found: Sequence[Distance]) -> str:
    """Where one policy's pictures are the most behind, and at how many rates beyond chance."""
    least, behind = min(found, key=lambda each: each.quality.value), sum(x.behind for x in found)
    ahead = sum(each.ahead for each in found)
    return (
        f"{least.policy} has worse pictures beyond chance at {behind} of "
        f"{counted(len(found), 'rate')}"
        + (f" and better ones at {ahead}" if ahead else "")
        + f": {interval(least.quality)} points at the lowest, at {exact(least.rate)}/s"
    )
