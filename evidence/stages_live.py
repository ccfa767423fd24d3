"""The stages on a live stack: both calibrations, sweeps, dispatch and strategies. Pure."""

from collections.abc import Sequence

from evidence import expected
from evidence.plan import OPTIMAL, PLANNED, BadPlan, Live, Plan, Reference, Sweep
from evidence.rates import Beside, Lasting, Loads
from evidence.stages import URL, Command, Session, Stage, Terms, options
from evidence.stages_offline import BEST, LEVELS, rates

FALLBACK = "ddim-25"
SWEEP = ("-m", "loadgen", "sweep", "--url", URL, "--quiet", "--kind", "image")
NEEDS = ("profile",)
BALANCED = (("shared", 1), ("jsq", 1), ("jsq", 2), ("shared", 2))
"""Rules of dispatch in the order of their stacks, and the how manieth of its rule each is"""


def live(plan: Plan, out: str) -> list[Stage]:
    """In their order; `out` is the study's folder as commands are given it. Raises BadPlan."""
    asked = plan.calibration
    return [
        _calibration(plan, f"{out}/calibration"),
        _live(plan, out),
        *([_recalibration(plan, f"{out}/recalibration")] if asked.again and asked.together else []),
        _dispatch(plan, f"{out}/dispatch"),
        _strategies(plan, f"{out}/strategies"),
    ]


def _terms(plan: Plan, dispatch: str = "shared", workers: int = 1) -> Terms:
    """One worker of stories idles beside the image workers: a gateway is ready only with both."""
    settings = {
        "fallback_level": FALLBACK,
        "queue_capacity": str(plan.queue_capacity),
        "dispatch": dispatch,
    }
    return Terms(settings, {"image-worker": workers} if workers > 1 else {})


def _calibration(plan: Plan, folder: str) -> Stage:
    alone = [_calibrated(level, plan, folder) for level in LEVELS]
    session = Session((*alone, *_loops(plan, folder)), _terms(plan), "loops")
    minutes = plan.minutes.get("calibration", 0.0)
    return Stage("calibration", (session,), needs=NEEDS, minutes=minutes)


def _recalibration(plan: Plan, folder: str) -> Stage:
    """The loops again: the live runs between both are then predicted at a speed between both, and
    how far the machine drifted meanwhile is known."""
    session = Session(tuple(_loops(plan, folder)), _terms(plan), "loops")
    minutes = plan.minutes.get("recalibration", 0.0)
    return Stage("recalibration", (session,), needs=(*NEEDS, "live"), minutes=minutes)


def _loops(plan: Plan, folder: str) -> list[Command]:
    counts = plan.calibration.together
    return [_loop(level, count, plan, folder) for level in LEVELS for count in counts]


def _calibrated(level: str, plan: Plan, folder: str) -> Command:
    """Evenly spaced, so that no picture meets another: what it takes besides the profile's."""
    asked = plan.calibration
    rate = Loads(level, (asked.load,), asked.most, alone=True)
    counts = options(num_prompts=asked.requests, warmup=asked.warmup, burstiness="inf")
    end = ("--policies", f"fixed:{level}", *counts, "--out", folder)
    return Command((*SWEEP, "--rates", rate, *end))


def _loop(level: str, together: int, plan: Plan, folder: str) -> Command:
    """A closed loop: how long a picture takes beside so many others at its level."""
    asked = plan.calibration
    count = Lasting(level, together, asked.seconds, asked.pictures)
    file = f"{folder}/loops/{level}-{together}.jsonl"
    return Command(
        (
            *("-m", "loadgen", "run", "--url", URL, "--quiet", "--kind", "image"),
            *options(level=level, concurrency=together, save_result=file, warmup=together),
            *("--num-prompts", count),
        )
    )


def _live(plan: Plan, out: str) -> Stage:
    """The best level at more rates, so that the one it sustains is not a matter of the grid. Both
    sweeps write into one folder, as their load is the same."""
    asked = _named(plan, out)
    best = (_best(asked),) if asked.best_loads and asked.rates == "auto" else ()
    beside = _reference(asked.reference)
    commands = tuple(_sweep(each, plan, f"{out}/live", beside) for each in (*best, asked))
    session = Session(commands, _terms(plan, workers=asked.workers))
    needs = (*NEEDS, "optimal") if plan.live.optimal else NEEDS
    return Stage("live", (session,), needs=needs, minutes=expected.live_minutes(asked))


def _reference(asked: Reference | None) -> tuple[str | Beside, ...]:
    """How fast the machine is beside each run: predictions need not take it to keep its speed."""
    if asked is None:
        return ()
    loops = tuple(
        Lasting(level, together, asked.seconds, asked.pictures)
        for level in asked.levels
        for together in asked.together
    )
    return "--reference", Beside(loops)


def _named(plan: Plan, out: str) -> Live:
    """With the policies as loadgen names them. Raises BadPlan where it could not read one."""
    if plan.live.optimal and "," in out:
        raise BadPlan(
            f"the study goes to {out}, but commas separate policies, and one is the folder of the "
            "optimum: choose an --out without a comma"
        )
    names = {PLANNED: f"planned:{plan.live.aim:g}", OPTIMAL: f"table:{out}/optimal"}
    policies = tuple(names.get(each, each) for each in plan.live.policies)
    return plan.live.model_copy(update={"policies": policies})


def _best(asked: Live) -> Live:
    alone = {"policies": (f"fixed:{BEST}",), "loads": asked.best_loads, "best_loads": ()}
    return asked.model_copy(update=alone)


def _dispatch(plan: Plan, folder: str) -> Stage:
    """Each rule first once, so that a machine that drifts favours neither. The second stack of a
    rule goes on in the folder of the first: what is there is not run again, so that a repeat has
    the same requests under both rules."""
    sessions = tuple(_dispatched(*each, plan, folder) for each in BALANCED)
    minutes = expected.minutes(plan.dispatch, len(sessions))
    return Stage("dispatch", sessions, needs=NEEDS, minutes=minutes)


def _dispatched(rule: str, stack: int, plan: Plan, folder: str) -> Session:
    so_far = plan.dispatch.model_copy(update={"repeats": stack * plan.dispatch.repeats})
    command = _sweep(so_far, plan, f"{folder}/{rule}")
    return Session((command,), _terms(plan, rule, plan.dispatch.workers), rule)


def _sweep(asked: Sweep, plan: Plan, folder: str, beside: tuple[str | Beside, ...] = ()) -> Command:
    goal = f"e2el:{plan.slo.seconds * 1000:g}"
    times = options(duration=asked.seconds, repeats=asked.repeats, patience=asked.patience)
    aims = options(goodput=goal, stop_when=goal, drain=asked.patience)
    policies = ("--policies", ",".join(asked.policies))
    end = *policies, *times, *aims, *beside, "--out", folder
    return Command((*SWEEP, "--rates", rates(asked), *end))


def _strategies(plan: Plan, folder: str) -> Stage:
    commands = tuple(_books(strategy, plan, folder) for strategy in plan.strategies.strategies)
    minutes = plan.minutes.get("strategies", 0.0)
    return Stage("strategies", (Session(commands, _terms(plan)),), needs=NEEDS, minutes=minutes)


def _books(strategy: str, plan: Plan, folder: str) -> Command:
    """One at a time, the first of which is not counted."""
    asked = plan.strategies
    what = (f"strategy={strategy}", f"pages={asked.pages}")
    return Command(
        (
            *("-m", "loadgen", "run", "--url", URL, "--quiet", "--kind", "storybook"),
            *(part for each in what for part in ("--option", each)),
            *options(level=asked.level, concurrency=1, num_prompts=asked.books + 1, warmup=1),
            *options(save_result=f"{folder}/{strategy}.jsonl"),
        )
    )


def after(plan: Plan, out: str, report: str, measured: Sequence[str]) -> list[Stage]:
    """What is made from the records of the `measured` stages: into `report`, too."""
    validate = Command(("-m", "evidence", "validate", out, "--out", f"{out}/validation"))
    pack = Command(("-m", "evidence", "pack", out))
    rebuild = Command(("-m", "evidence", "report", out, "--out", report))
    every, minutes = tuple(measured), plan.minutes
    found = {"validation": validate, "pack": pack, "report": rebuild}
    loops = tuple(name for name in ("calibration", "recalibration") if name in every)
    needs = {
        "validation": ("profile", "live", *loops),
        "pack": (*every, "validation"),
        "report": (*every, "validation"),
    }
    return [
        Stage(name, (Session((command,)),), needs[name], minutes.get(name, 0.0), derived=True)
        for name, command in found.items()
    ]
