"""Studies whose law is known: their records come from the simulator, not from a live stack."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import tomli_w

from controller.queueing.simulation import live
from controller.queueing.simulation.arrivals import Poisson, Trace
from controller.queueing.simulation.run import simulate
from controller.queueing.simulation.scenario import Horizon
from evidence.law import PictureLaw
from evidence.served import ClosedLoop
from loadgen import level_changes, policies, record
from loadgen.campaign import Cell
from loadgen.level_changes import Change
from loadgen.record import REJECTED, SUCCEEDED, Record
from services.contract import policy
from services.contract.ladder import ImageLevel, Level, StoryLevel
from services.contract.profile import BatchLaw, Cost, Interval, Profile, Rung

LAW = BatchLaw(tau0=0.012, tau1=0.004, cap=8)
SECONDS = {"ddpm-100": 1.3, "ddim-25": 0.4, "ddim-3": 0.07}
QUALITY = {"ddpm-100": 88.2, "ddim-25": 88.0, "ddim-3": 86.5}
STEPS = {"ddpm-100": 100, "ddim-25": 25, "ddim-3": 3}
LEVELS = tuple(SECONDS)
SCV = 0.001
OVERHEAD = {"ddpm-100": 0.05, "ddim-25": 0.03, "ddim-3": 0.05}
BEFORE = 0.01
"""Seconds of the overhead until work on a picture starts."""


@dataclass(frozen=True)
class Truth:
    """What a live stack does, whatever the profile says of it."""

    seconds: dict = field(default_factory=lambda: SECONDS)
    law: BatchLaw = LAW
    overhead: dict = field(default_factory=dict)
    crowding: dict = field(default_factory=dict)
    before: float = 0.0
    capacity: int | None = None

    @classmethod
    def of(cls, law):
        """A stack that obeys a law of pictures."""
        return cls(
            seconds={name: law.seconds(steps, 1) for name, steps in STEPS.items()},
            law=law.batch,
            crowding={name: law.crowding(steps) for name, steps in STEPS.items()},
            before=law.before.value,
        )


def picture_law(*values, cap=8):
    """φ0, φ1, τ0, τ1 and what comes before, of which there is no doubt."""
    known = (Interval(value=each, low=each, high=each) for each in values)
    return PictureLaw(*known, cap=cap, observations=9)


def loops(law, companies=(0, 3, 6), ratio=1.0, **known):
    """Closed loops at each level of a stack that takes so many times what a law says; with what
    else is known of them."""
    return tuple(
        ClosedLoop(n, (0.0,) * c + (1.0,), (law.before.value,) * 5, (seconds,) * 5, name, **known)
        for name, n in STEPS.items()
        for c in companies
        if (seconds := ratio * law.seconds(n, c + 1))
    )


def profile(seconds=SECONDS, law=LAW, crowding=MappingProxyType({})):
    """What was measured of the levels, to within 1 %."""
    return Profile(
        made_with={},
        rungs=tuple(
            Rung(level=level(name), costs={"images": _cost(name, seconds, crowding)})
            for name in seconds
        ),
        batch={"images": law},
    )


def level(name):
    """A level of the ladder."""
    image = ImageLevel(sampler="ddim", steps=STEPS[name], guidance_scale=3.0)
    return Level(name=name, image=image, story=StoryLevel(max_tokens=64))


def _cost(name, seconds, crowding):
    more = {"scv": SCV, "crowding": crowding.get(name), "quality": around(QUALITY[name])}
    return Cost(seconds=around(seconds[name]), **more)


def around(value):
    """An interval of 1 % on either side."""
    return Interval(value=value, low=0.99 * value, high=1.01 * value)


def ladder(thresholds=(4, 12), names=LEVELS):
    """policy.toml's table, with rules by threshold."""
    levels = [level(name).model_dump(mode="json", exclude_none=True) for name in names]
    rules = {"kind": "threshold", "thresholds": list(thresholds)}
    return {"profile": "profile/profile.json", "rules": rules, "levels": levels}


def begin(folder, slo=5.0):
    """A study without runs."""
    for name in ("live", "calibration", "profile"):
        (folder / name).mkdir(parents=True)
    (folder / "policy.toml").write_text(tomli_w.dumps(ladder()))
    (folder / "profile" / "profile.json").write_text(profile().model_dump_json())
    plan = {"slo": {"seconds": slo, "percentile": 95.0}, "queue_capacity": 1000}
    (folder / "study.json").write_text(json.dumps({"plan": plan}))
    (folder / "profile" / "quality.csv").write_text(captions())
    return folder


def captions(count=40):
    """Scores of pictures that differ more between captions than between levels."""
    chance = np.random.default_rng(3)
    hard = chance.normal(0, 5, count)
    rows = ["setting,clip_score"]
    for name, quality in QUALITY.items():
        scores = quality + hard - hard.mean() + chance.normal(0, 0.3, count)
        rows += [f"{name},{score:.4f}" for score in scores]
    return "\n".join(rows) + "\n"


def play(folder, notation, rate, *, truth=Truth(), repeat=1, seconds=120.0, rules=None):
    """Add a live run; its file. `rules` are those of a policy that has others at each rate."""
    asked = policies.policy(notation)
    asked = asked if asked.folder is None else replace(asked, rules=rules)
    cell = Cell(asked, rate, repeat)
    found = _simulated(folder, cell, truth, Poisson(rate), Horizon(seconds=seconds))
    return _written(folder / "live", cell, *found)


def calibrate(folder, *, truth=Truth(), pictures=30, levels=LEVELS):
    """Add the calibration: at each level, pictures that meet no other."""
    for name in levels:
        cell = Cell(policies.policy(f"fixed:{name}"), 0.4, 1)
        times = Trace(tuple(2.5 * number for number in range(1, pictures + 1)))
        found = _simulated(folder, cell, truth, times, Horizon(jobs=pictures))
        _written(folder / "calibration", cell, *found)


def _simulated(folder, cell, truth, arrivals, horizon):
    ours = policy.load(folder / "policy.toml")
    rules = cell.policy.rules or ours.rules
    under = ours.model_copy(update={"rules": rules})
    happens = profile(truth.seconds, truth.law, truth.crowding)
    scenario = live.scenario(under, happens, "images", arrivals=Poisson(cell.rate), workers=1)
    first = LEVELS.index(rules.level) if rules.kind == "fixed" else 0
    switching = replace(scenario.switching, initial=first)
    scenario = replace(
        scenario, arrivals=arrivals, horizon=horizon, switching=switching, capacity=truth.capacity
    )
    found = simulate(scenario, 1000 + cell.repeat)
    return begun(records(found, truth.overhead), truth.before), changes(found)


def records(found, overhead):
    """Each job of a simulation as the load generator keeps it."""
    return [_record(found, number, overhead) for number in range(len(found.arrival))]


def begun(requests, before):
    """The same with work that starts so much later, of all that it takes."""
    return [
        each if each.started is None else replace(each, started=each.started + before)
        for each in requests
    ]


def _record(found, number, overhead):
    due = float(found.arrival[number])
    if not found.done[number]:
        return Record(number, "image", due, sent=due, status=REJECTED, http_status=429)
    names = dict.fromkeys(LEVELS[each[number]] for each in (found.level, found.last_level))
    levels = tuple(names)
    extra = overhead.get(levels[-1], 0.0)
    before = min(BEFORE, extra)
    return Record(
        number,
        "image",
        due,
        sent=due + 0.001,
        started=float(found.start[number]) + before,
        finished=float(found.finish[number]) + extra,
        status=SUCCEEDED,
        level=levels[-1],
        levels=levels,
        attempts=1,
    )


def changes(found):
    """The levels of a simulation."""
    pairs = zip(found.switch_time, found.switch_level, strict=True)
    return [Change("images", float(at), LEVELS[index], "") for at, index in pairs]


def _written(folder: Path, cell, requests, levels):
    path = folder / f"{cell.name}.jsonl"
    with path.open("w") as file:
        for each in requests:
            record.write(file, each)
    level_changes.save(level_changes.beside(path), levels)
    return path
