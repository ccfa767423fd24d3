"""A small study with figures that tests plant and find again."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from loadgen.record import Record
from services.contract.ladder import ImageLevel, Level, StoryLevel
from services.contract.profile import BatchLaw, Cost, Interval, Profile, Rung, Timing

LEVELS = (
    ("slow", "ddpm", 100, 2.0, 80.0),
    ("even", "ddim", 50, 1.0, 80.5),
    ("few", "ddim", 5, 0.1, 71.0),
)
"""Name, sampler, steps, seconds alone, quality."""
CROWDING = {"few": 0.4321}
"""Of those that the profile has in company"""


def estimate(value: float, half: float = 0.0) -> dict[str, float]:
    """As every JSON file of a study has it."""
    return {"value": value, "low": value - half, "high": value + half}


def write(folder: Path, name: str, told: Any) -> None:
    """A JSON file of a study."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told))


def whole(folder: Path) -> Path:
    """Every part."""
    for part in (profiled, cheaper, anova, original, frontier, validated, live, books, dispatched):
        part(folder)
    return folder


def profiled(folder: Path, scv: float = 0.04) -> None:
    """S(n) = 0 + 0.02·n seconds, τ(b) = 10 + 5·b ms."""
    (folder / "profile").mkdir(parents=True, exist_ok=True)
    found = Profile(
        made_with={"processor": "Z80", "threads": 1},
        rungs=tuple(_rung(scv, *each) for each in LEVELS),
        batch={"images": BatchLaw(tau0=0.010, tau1=0.005, cap=4)},
        timings=(*_alone(), *_together()),
    )
    (folder / "profile" / "profile.json").write_text(found.model_dump_json())
    apart = {"even": estimate(0.5, 1.0), "few": estimate(-9.0, 2.0)}
    figures = {name: {"clip_score_minus_first": each} for name, each in apart.items()}
    write(folder, "profile/quality.json", {"figures": {"slow": {}} | figures})


def _rung(scv: float, name: str, sampler: str, steps: int, seconds: float, quality: float) -> Rung:
    level = Level(
        name=name,
        image=ImageLevel(sampler=sampler, steps=steps, guidance_scale=3.0),  # type: ignore[arg-type]
        story=StoryLevel(max_tokens=64),
    )
    alone, worth = _around(seconds, 0.05 * seconds), _around(quality, 1.0)
    cost = Cost(seconds=alone, scv=scv, quality=worth, crowding=CROWDING.get(name))
    return Rung(level=level, costs={"images": cost})


def _around(value: float, half: float) -> Interval:
    return Interval(value=value, low=value - half, high=value + half)


def _alone() -> list[Timing]:
    made = {"sampler": "ddim", "width": 8}
    return [_timing(made, steps, 1, 0.02 * steps) for steps in (5, 25, 50)]


def _together() -> list[Timing]:
    made = {"sampler": "euler", "width": 8}
    return [_timing(made, 10, b, 10 * (0.010 + 0.005 * b)) for b in (1, 2, 4)]


def _timing(made: dict[str, Any], steps: int, batch: int, seconds: float) -> Timing:
    spread = (seconds * 0.99, seconds, seconds * 1.01)
    return Timing(queue="images", setting=made, steps=steps, batch=batch, seconds=spread)


def cheaper(folder: Path) -> None:
    """bf16 is faster by 0.6, nf4 not told apart; a rule that loses to plain steps."""
    rows = {"fp32": (0.5, 0.02), "bf16": (0.3, 0.02), "nf4": (0.5, 0.3)}
    pictures = {
        name: {
            "seconds_a_picture": estimate(*seconds),
            "unet_bytes": 2**22,
            "clip_score": estimate(80.0, 0.5),
            "clip_score_minus_first": estimate(-0.25, 0.5),
        }
        for name, seconds in rows.items()
    }
    reading = {"tokens_a_second": estimate(17.0, 1.0), "network_bytes": 2**21, "perplexity": 12.5}
    model = {"name": "tiny_story", "precisions": {"bf16": reading}}
    told = {"figures": {"denoiser": pictures, "story_model": model}}
    write(folder, "quantization/quantization.json", told)
    exits = {
        "all steps": _exit(50.0, 0.9, 80.0),
        "relative-change:0.02": _exit(20.0, 0.4, 77.0)
        | {"clip_score_minus_fewer_steps": estimate(-2.5, 0.5)},
        "fewer steps, as relative-change:0.02": _exit(20.0, 0.4, 79.5),
    }
    write(folder, "early-exit/early_exit.json", {"figures": exits})


def _exit(steps: float, seconds: float, quality: float) -> dict[str, Any]:
    figures = {"seconds_a_picture": estimate(seconds, 0.01), "clip_score": estimate(quality, 0.5)}
    return {"steps": steps, **figures}


def anova(folder: Path) -> None:
    """size matters, its interaction with the batch does not."""
    terms = [_term("size", 88.0, 1e-6, 0.875), _term("size*batch", 1.5, 0.231, 0.125)]
    residual = {"term": "residual", "df": 12, "sum_sq": 1.5}
    check = {"test": "Shapiro–Wilk W", "statistic": 0.9, "p": 0.012, "held": False}
    figures = {
        "design": {"factors": {"size": [64, 128], "batch": [2, 4]}},
        "runs": 16,
        "response": "seconds",
        "terms": [*terms, residual],
        "r_squared": 0.9375,
        "checks": {"normal": check, "equal_variance": check | {"test": "χ²"}, "order": None},
        "simple_model": {
            "response": "seconds",
            "r_squared": 0.875,
            "coefficients": [{"name": "size", **estimate(0.0123, 0.001)}],
        },
    }
    write(folder, "anova/anova.json", {"figures": figures})


def _term(name: str, f: float, p: float, eta: float) -> dict[str, Any]:
    return {
        "term": name,
        "df": 1,
        "sum_sq": f,
        "F": f,
        "p": p,
        "eta_sq_partial": eta,
        "omega_sq": 0.1,
    }


def original(folder: Path) -> None:
    """35 of 36."""
    row = {"dataset": "cifar10", "rate": 0.9, "policy": "ddpm-100"}
    for kind, value in (("published", 37.75), ("conditioned", 38.06), ("unconditioned", 30.8)):
        row |= {f"response_{kind}": value, f"response_{kind}_half_width": 0.4}
    row["response_conditioned_inside"] = True
    beaten = {"dataset": "faces", "rung": "ddpm-100", "rung_seconds": 20.3, "rung_fid": 266.0}
    beaten |= {"by": "ddim-20", "by_seconds": 4.19, "by_fid": 261.0}
    inside = {"conditioned": {"response": 35}, "unconditioned": {"response": 17}}
    told = {"published": 36, "inside": inside, "rows": [row], "dominated": [beaten]}
    write(folder, "original/reproduction.json", told)


def frontier(folder: Path) -> None:
    """The plan is 0.37 points behind the optimum at 2 jobs/s."""
    points = [
        _point("fixed best", 1.0, 5.0, 80.0),
        _point("fixed best", 2.0, 321.0, 80.0, stable=False),
        *(_point("planned", rate, 4.0, 79.0) for rate in (1.0, 2.0)),
        _point("optimal", 1.0, 4.0, 79.0),
        _point("optimal", 2.0, 4.5, 79.37),
    ]
    write(folder, "frontier/frontier.json", {"slo": "p95=5s", "points": points})


def _point(
    contender: str, rate: float, p95: float, quality: float, *, stable: bool = True
) -> dict[str, Any]:
    named = {"contender": contender, "rate": rate, "stable": stable}
    figures = (("mean_response", p95 / 2), ("p95_response", p95), ("effective_quality", quality))
    return named | {name: {"mean": each, "ci95": [each, each]} for name, each in figures}


POISSON = {"gaps_scv": estimate(1.1, 0.2), "autocorrelation": estimate(0.0, 0.1), "ks_p": 0.4}
MARGIN = {"policy": "threshold:4,12", "rate": 0.4, "over": "fixed:few", "held": False}

CONTEST = {"rate": 0.4, "planned": "planned:4", "hand_set": "threshold:4,12", "held": True}
CONTEST |= {"quality": estimate(0.25, 0.5), "p95_response": estimate(-0.75, 0.25)}
BRACKETS = {"fixed:slow": [0.4, 0.45], "threshold:4,12": [1.2, None]}


def run(
    policy: str, rate: float, measured: float, simulated: float, **other: Any
) -> dict[str, Any]:
    """One of validation.json's runs, whose closed form says what the simulation does."""
    told = {"policy": policy, "rate": rate, "repeat": 1, "requests": 60, "utilisation": 0.5}
    exact = {name: each["value"] for name, each in _figures(simulated).items()}
    errors = {"mean_response": simulated / measured - 1, "p95_response": None}
    return {
        **told,
        "steady": True,
        "measured": _figures(measured, 0.1),
        "simulated": _figures(simulated, 0.01),
        "closed_form": exact,
        "errors": {"simulated": errors, "closed_form": errors},
        "arrivals": POISSON,
        "service": [{"level": "slow", "jobs": 30, "ratio": estimate(1.05, 0.02), "scv": 0.03}],
        "broken": ["Company slows pictures."],
        **other,
    }


def _figures(response: float, half: float = 0.0) -> dict[str, Any]:
    names = ("mean_response", "p95_response", "mean_number", "effective_quality")
    return {name: estimate(response, half * response) for name in names}


RUNS = (
    run("fixed:slow", 0.4, 4.0, 4.4),
    run("fixed:even", 0.4, 2.0, 2.1),
    run("threshold:4,12", 0.4, 3.0, 3.0),
    run("fixed:slow", 9.0, 44.0, 99.0, steady=False, utilisation=1.5, closed_form=None),
)


def validated(folder: Path, runs: Sequence[dict[str, Any]] = RUNS, **other: Any) -> None:
    """Errors of 10, 5 and 0 %; a capacity that is held and a margin that is not."""
    accuracy = {"runs": 3, "median": 0.05, "worst": 0.1, "held": True}
    told = {
        "slo": {"seconds": 5.0, "percentile": 95},
        "calibration": [{"level": "slow", "overhead_seconds": estimate(0.25, 0.01)}],
        "runs": list(runs),
        "accuracy": {
            "simulated": accuracy,
            "closed_form": accuracy,
            "asked": {"median": 0.1, "worst": 0.25, "utilisation": 0.9},
        },
        "capacity": {
            "knees": {name: knee for name, (knee, _) in BRACKETS.items()},
            "best_level": "fixed:slow",
            "ratio": 3.0,
            "at_least": ["threshold:4,12"],
            "brackets": BRACKETS,
            "ratio_at_least": 1.2 / 0.45,
            "asked": 2.5,
            "held": True,
        },
        "margins": [{**MARGIN, "margin": estimate(-0.75, 0.5)}],
        "planned_against_threshold": [CONTEST],
    }
    write(folder, "validation/validation.json", told | other)


def record(number: int, due: float, response: float, **other: Any) -> Record:
    """Of one request that was answered."""
    times = {"sent": due, "accepted": due, "started": due, "finished": due + response}
    known = times | {"status": "succeeded", "level": "slow", "levels": ("slow",)}
    return Record(number, **{"kind": "image", "due": due} | known | other)


def records(path: Path, found: Sequence[Record], *, packed: bool = False) -> None:
    """A file of them, with gzip if `packed`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(asdict(each)) + "\n" for each in found).encode()
    path.write_bytes(gzip.compress(text) if packed else text)


def live(folder: Path) -> None:
    """A run whose level changed twice, and one at a fixed level."""
    found = [record(i, float(i), 1.5) for i in range(10)]
    records(folder / "live/threshold_4_12-1-1.jsonl.gz", found, packed=True)
    records(folder / "live" / "fixed_slow-1-1.jsonl", found)
    changes = [(-1.0, "slow"), (2.0, "few"), (5.0, "slow")]
    told = [{"queue": "images", "time": at, "level": name, "reason": ""} for at, name in changes]
    write(folder, "live/threshold_4_12-1-1.levels.json", told)


def books(folder: Path) -> None:
    """All due at once, as in a closed loop: 8 s pipelined, 12 s sequential, a warm-up each."""
    for name, seconds in (("sequential", 12.0), ("pipelined", 8.0)):
        found = [_book(i, seconds, warmup=i == 0) for i in range(4)]
        records(folder / "strategies" / f"{name}.jsonl", found)


def _book(number: int, seconds: float, *, warmup: bool) -> Record:
    sent, took = 100.0 * number, seconds * (3 if warmup else 1) + 0.01 * number
    times = {"first_page": sent + 1.5, "first_picture": sent + 3.0, "finished": sent + took}
    return record(number, 0.0, took, kind="storybook", warmup=warmup, sent=sent, **times)


def dispatched(folder: Path) -> None:
    """Join-shortest-queue takes a quarter less of every request's time."""
    for rule, factor in (("shared", 1.0), ("jsq", 0.75)):
        found = [record(i, float(i), factor * (1.0 + 0.1 * (i % 5))) for i in range(50)]
        records(folder / "dispatch" / rule / "fixed_even-4-1.jsonl", found)
