"""A designed experiment: which runs are made, of which levels, in which order.

Where there are no generators it is a full factorial, every level of a factor with every level of
the others. With generators, the factors they name have two levels and follow from others.
"""

import random
import tomllib
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import combinations, product
from math import prod
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from services.contract.ladder import Strict
from worker.study.experiment.aliases import Generator, chains, defining_relation, resolution
from worker.study.terms import Unusable

Level = int | float | str
Point = dict[str, Level]
"""A level of every factor."""
SHIPPED = Path(__file__).parents[1] / "designs" / "books.toml"


class Run(Strict):
    """One run of a design."""

    order: int = Field(ge=1, description="When it is its turn, from 1.")
    replicate: int = Field(ge=1)
    point: Point


class Design(Strict):
    """Factors with their levels, and how they are crossed."""

    factors: dict[str, tuple[Level, ...]] = Field(min_length=1)
    fixed: dict[str, Level] = Field({}, description="Of the factors that do not vary.")
    generators: tuple[str, ...] = Field((), description="Such as batch = size*steps*sampler.")
    replicates: int = Field(1, ge=1, le=1000)
    seed: int = Field(1, ge=0, description="Of the random order, and of stories and pictures.")
    interactions: Literal["two-factor"] | tuple[str, ...] = Field(
        "two-factor",
        description="Fitted: all of two factors that the runs can tell apart, or those named.",
    )
    response: Literal["seconds", "log seconds"] = "seconds"

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name, levels in self.factors.items():
            if len(set(levels)) < max(2, len(levels)):
                raise ValueError(f"the factor {name} needs two different levels or more")
        if both := sorted(set(self.factors) & set(self.fixed)):
            raise ValueError(f"{both[0]} is a factor and fixed as well; leave one out")
        self._check_generators()
        self.pairs  # noqa: B018 - it says what is wrong
        return self

    def _check_generators(self) -> None:
        made = [generator.factor for generator in self.fraction]
        for generator in self.fraction:
            for name in (generator.factor, *sorted(generator.word.factors)):
                if len(self._levels(name)) != 2:
                    raise ValueError(f"generators are of factors with two levels; {name} has more")
            if generator.word.factors & set(made):
                raise ValueError("a generator cannot use a factor that another one sets")
        if len(set(made)) < len(made):
            raise ValueError("a factor has one generator at most")

    def _levels(self, name: str) -> tuple[Level, ...]:
        if name not in self.factors:
            raise ValueError(f"{name} is no factor of this design: {', '.join(self.factors)}")
        return self.factors[name]

    @cached_property
    def fraction(self) -> tuple[Generator, ...]:
        """The generators, read."""
        return tuple(map(Generator.read, self.generators))

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Interactions to fit: those named, or all of two factors."""
        if self.interactions == "two-factor":
            return list(combinations(self.factors, 2))
        return [self._pair(text) for text in self.interactions]

    def _pair(self, text: str) -> tuple[str, str]:
        names = [name.strip() for name in text.split("*")]
        for name in names:
            self._levels(name)
        if len(names) != 2 or names[0] == names[1]:
            raise ValueError(f"an interaction is of two factors, such as A*B; got {text!r}")
        first, second = sorted(names, key=list(self.factors).index)
        return first, second

    @property
    def alias_chains(self) -> list[list[str]]:
        """Main effects and interactions of two factors of the fraction, with their aliases."""
        involved = {name for each in self.fraction for name in each.relation.factors}
        return chains([name for name in self.factors if name in involved], self.fraction)

    def points(self) -> Iterator[Point]:
        """Every combination, in standard order: the first factor changes fastest."""
        made = {generator.factor for generator in self.fraction}
        free = [name for name in self.factors if name not in made]
        for levels in product(*(self.factors[name] for name in reversed(free))):
            yield self._complete(dict(zip(reversed(free), levels, strict=True)))

    def _complete(self, point: Point) -> Point:
        made = {each.factor: self._generated(each, point) for each in self.fraction}
        return {name: (point | made)[name] for name in self.factors}

    def _generated(self, generator: Generator, point: Point) -> Level:
        signs = (2 * self.factors[name].index(point[name]) - 1 for name in generator.word.factors)
        high = generator.word.sign * prod(signs) > 0
        return self.factors[generator.factor][high]

    def runs(self) -> list[Run]:
        """All runs, in an order that is random and the same for the same seed."""
        points = list(self.points())
        made = [
            (replicate, at) for replicate in range(self.replicates) for at in range(len(points))
        ]
        random.Random(self.seed).shuffle(made)
        return [
            Run(order=order, replicate=replicate + 1, point=points[at])
            for order, (replicate, at) in enumerate(made, start=1)
        ]

    def told(self) -> dict[str, Any]:
        """For a report: what was crossed, and what cannot be told apart."""
        words = [word.shown(list(self.factors)) for word in defining_relation(self.fraction)]
        return self.model_dump(mode="json") | {
            "runs": self.replicates * sum(1 for _ in self.points()),
            "defining_relation": words,
            "resolution": resolution(self.fraction),
            "aliases": self.alias_chains,
        }


def read(file: Path) -> Design:
    """The design in a TOML file; Unusable says what is wrong with it."""
    try:
        return Design.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Unusable(f"the design cannot be read ({error}): name a TOML file") from error
    except ValidationError as error:
        raise Unusable(f"{file} is no design: {complaints(error)}") from error


def complaints(error: ValidationError) -> str:
    """What is wrong, in one line; where a choice is wrong, it names what there is."""
    return "; ".join(_complaint(each) for each in error.errors(include_url=False))


def _complaint(each: Mapping[str, Any]) -> str:
    where = ".".join(map(str, each["loc"]))
    said = each["msg"].removeprefix("Value error, ")
    return f"{where}: {said} (got {each['input']!r})" if where else said
