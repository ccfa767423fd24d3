"""The stages that need no stack: what the models cost and are worth, and what theory says. Pure."""

from collections.abc import Sequence

from evidence.plan import Plan, Rated
from evidence.rates import Loads, written
from evidence.stages import Command, Session, Stage, options
from services.contract.rules import Slo

BEST = "ddpm-100"
LEVELS = (BEST, "ddim-25", "ddim-3")
"""Of ladder.toml, best first"""
ROUNDS = 6
"""In which settings take turns: the median of fewer has no 95 % interval"""
STUDY = ("-m", "worker.study")
QUEUEING = ("-m", "controller.queueing")


def offline(plan: Plan, out: str) -> list[Stage]:
    """From the profile to the optimum; `out` is the study's folder as commands are given it."""
    minutes = plan.minutes
    return [
        _stage("profile", _profile(plan, out), plan),
        _stage("quantization", [_quantization(plan, f"{out}/quantization")], plan),
        _stage("early-exit", [_early_exit(plan, f"{out}/early-exit")], plan),
        _stage("anova", [_anova(plan, f"{out}/anova")], plan),
        _stage("original", [_original(plan, f"{out}/original")], plan),
        Stage(
            "frontier",
            (Session((_frontier(plan, out),)),),
            needs=("profile",),
            minutes=minutes.get("frontier", 0.0),
            derived=True,
        ),
        *([_optimal(plan, out)] if plan.live.optimal else []),
    ]


def _stage(name: str, commands: Sequence[Command], plan: Plan) -> Stage:
    return Stage(name, (Session(tuple(commands)),), minutes=plan.minutes.get(name, 0.0))


def _profile(plan: Plan, out: str) -> list[Command]:
    """By the study's own ladder, so that its levels are among those measured, under their names."""
    ladder = {"STORYTELLER_POLICY": f"{out}/policy.toml"}
    folder, asked = f"{out}/profile", plan.profile
    counts = options(count=asked.captions, repeats=asked.repeats, stories=asked.stories)
    together = ("--batches", *map(str, asked.batches))
    stories = ("--story-batches", *map(str, asked.story_batches))
    measured = (*STUDY, "profile", "--out", folder, *counts, *together, *stories)
    judged = (*STUDY, "quality", "--out", folder, "--count", str(plan.quality.captions))
    return [Command(measured, ladder), Command(judged, ladder)]


def _quantization(plan: Plan, folder: str) -> Command:
    asked = plan.quantization
    numbers = options(**_rounds(asked.captions), steps=asked.steps, story_tokens=asked.story_tokens)
    precisions = ("--precisions", *asked.precisions, "--story-precisions", *asked.story_precisions)
    return Command((*STUDY, "quantization", "--out", folder, *numbers, *precisions))


def _early_exit(plan: Plan, folder: str) -> Command:
    numbers = options(**_rounds(plan.early_exit.captions), steps=plan.early_exit.steps)
    return Command((*STUDY, "early-exit", "--out", folder, *numbers))


def _rounds(captions: int) -> dict[str, int]:
    """As many as an interval of their seconds needs."""
    return {"count": captions, "group": max(1, captions // ROUNDS)}


def _anova(plan: Plan, folder: str) -> Command:
    return Command((*STUDY, "anova", "--design", plan.anova.design, "--out", folder))


def _original(plan: Plan, folder: str) -> Command:
    return Command((*QUEUEING, "reproduce", "--seeds", str(plan.original.seeds), "--out", folder))


def _frontier(plan: Plan, out: str) -> Command:
    asked = plan.frontier
    return Command(
        (
            *(*QUEUEING, "frontier", *_profiled(out), "--rate", rates(asked)),
            *("--fixed", ",".join(LEVELS)),
            *options(slo=_target(plan.slo), workers=plan.live.workers),
            *options(replications=asked.replications, jobs=asked.jobs, out=f"{out}/frontier"),
        )
    )


def _optimal(plan: Plan, out: str) -> Stage:
    """Not derived: what the live stack ran with must stay what its runs are compared by."""
    command = Command(
        (
            *(*QUEUEING, "optimal", *_profiled(out), "--queue", "images"),
            *("--rate", rates(plan.live)),
            *options(slo=_target(Slo(seconds=plan.live.aim)), workers=plan.live.workers),
            *options(out=f"{out}/optimal"),
        )
    )
    minutes = plan.minutes.get("optimal", 0.0)
    return Stage("optimal", (Session((command,)),), needs=("profile",), minutes=minutes)


def _profiled(out: str) -> tuple[str, ...]:
    return ("--policy", f"{out}/policy.toml", "--profile", f"{out}/profile/profile.json")


def _target(slo: Slo) -> str:
    what = "mean" if slo.percentile == "mean" else f"p{slo.percentile:g}"
    return f"{what}={slo.seconds:g}s"


def rates(asked: Rated) -> str | Loads:
    """As options take them, once the profile is there."""
    return Loads(BEST, asked.loads, asked.most) if asked.rates == "auto" else written(asked.rates)
