"""Every count, rate, policy and duration of a study, read from study.toml."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from services.contract.ladder import Precision, Strategy, Strict
from services.contract.rules import Slo

PLANS = Path(__file__).parent / "study.toml"
LADDER = Path(__file__).parent / "ladder.toml"
Name = Literal["laptop", "full"]
Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
PLANNED, OPTIMAL = "planned", "optimal"
"""Policies of a live sweep that its aim belongs to"""


class BadPlan(ValueError):
    """A file of plans cannot be read, or holds no such plan, or it cannot be run as it is asked."""


class ProfileStage(Strict):
    """`worker.study profile`."""

    captions: Count
    repeats: int = Field(ge=2)
    stories: int = Field(ge=2)
    batches: tuple[Count, ...] = Field((1, 2, 4, 8), min_length=1)
    story_batches: tuple[Count, ...] = Field((1, 4, 8), min_length=1)


class Captions(Strict):
    """How many pictures are judged at each setting."""

    captions: int = Field(ge=2)


class Quantization(Captions):
    """`worker.study quantization`."""

    steps: Count
    precisions: tuple[Precision, ...] = Field(min_length=1)
    story_precisions: tuple[Precision, ...] = Field(min_length=1)
    story_tokens: Count


class EarlyExit(Captions):
    """`worker.study early-exit`."""

    steps: Count


class Anova(Strict):
    """`worker.study anova`: its design, a path in the project."""

    design: str


class Original(Strict):
    """`controller.queueing reproduce`."""

    seeds: int = Field(ge=2)


class Rated(Strict):
    """Arrivals a second: given, or `loads` times the limit of the best level, `most` at most."""

    rates: Literal["auto"] | tuple[Positive, ...] = "auto"
    loads: tuple[Positive, ...] = ()
    most: float = Field(1e9, gt=0)


class Frontier(Rated):
    """`controller.queueing frontier`."""

    replications: int = Field(ge=2)
    jobs: Count


class Calibration(Strict):
    """Pictures one after the other at each level: `load` is the busy share of the worker. Then
    `seconds` of each with as many outstanding as `together` says, the next one when one ends:
    `pictures` at least. `again`: these loops once more, after the live runs."""

    requests: Count
    warmup: int = Field(ge=0)
    load: float = Field(gt=0, lt=1)
    most: Positive
    together: tuple[Count, ...] = ()
    seconds: Positive = 10.0
    pictures: Count = 8
    again: bool = False


class Sweep(Rated):
    """`loadgen sweep`: policies × rates × repeats, each of so many `seconds`; then up to
    `patience` seconds for what is outstanding.

    `best_loads` are of the fixed best level alone, beside `loads`, where `rates` are "auto"."""

    policies: tuple[str, ...] = Field(min_length=1)
    seconds: Positive
    repeats: Count
    patience: Positive
    workers: Count = 1
    best_loads: tuple[Positive, ...] = ()


class Reference(Strict):
    """Closed loops beside every run, of each level with each number outstanding: `seconds` of each,
    `pictures` at least."""

    levels: tuple[str, ...] = Field(min_length=1)
    together: tuple[Count, ...] = Field(min_length=1)
    seconds: Positive
    pictures: Count


class Live(Sweep):
    """The sweep of all policies. `aim` is the 95th percentile, in seconds, that both `planned` and
    `optimal` keep to: alike, so that their difference is not one of targets."""

    aim: Positive
    reference: Reference | None = None

    @property
    def optimal(self) -> bool:
        """Whether the optimum is among the policies."""
        return OPTIMAL in self.policies


class Strategies(Strict):
    """Books one at a time by each strategy."""

    strategies: tuple[Strategy, ...] = Field(min_length=1)
    level: str
    books: Count
    pages: Count


class Plan(Strict):
    """A study: `slo` is what responses are to stay within, `queue_capacity` the gateway's."""

    slo: Slo
    queue_capacity: Count
    profile: ProfileStage
    quality: Captions
    quantization: Quantization
    early_exit: EarlyExit
    anova: Anova
    original: Original
    frontier: Frontier
    calibration: Calibration
    live: Live
    dispatch: Sweep
    strategies: Strategies
    minutes: dict[str, float] = Field({}, description="What stages are expected to take.")


def read(name: Name, file: Path = PLANS) -> Plan:
    """A plan of a TOML file. Raises BadPlan saying what is wrong and where."""
    try:
        return Plan.model_validate(tomllib.loads(file.read_text())[name])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise BadPlan(f"{file} holds no plan: {error}") from error
    except KeyError as error:
        raise BadPlan(f"{file} has no [{name}]") from error


def told(plan: Plan) -> dict[str, Any]:
    """The plan for study.json: all of what decides what is measured, the ladder too."""
    ladder = tomllib.loads(LADDER.read_text())
    return {**plan.model_dump(mode="json", exclude={"minutes"}), "ladder": ladder}


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What two plans of study.json do not have in common, one phrase each."""
    old, new = dict(_flat(before)), dict(_flat(now))
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return [f"{name} was {old.get(name)!r} and is {new.get(name)!r}" for name in names]


def _flat(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value
