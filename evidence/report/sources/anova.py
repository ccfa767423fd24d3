"""Which factors a job's execution time depends on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evidence.report import records
from evidence.report.numbers import Estimate
from evidence.report.records import BadStudy
from evidence.report.study import Study

SIGNIFICANT = 0.05
ASSUMPTIONS = {
    "normal": "residuals are normal",
    "equal_variance": "residuals have the same variance everywhere",
    "order": "the order of the runs has no effect",
    "lack_of_fit": "no effect is missing in the model",
}


@dataclass(frozen=True)
class Term:
    """A line of the ANOVA table; the residual has no F."""

    name: str
    df: float
    sum_sq: float
    f: float | None
    p: float | None
    eta_sq: float | None
    """Partial."""
    omega_sq: float | None

    @property
    def significant(self) -> bool:
        """At 5 %."""
        return self.p is not None and self.p < SIGNIFICANT


@dataclass(frozen=True)
class Coefficient:
    """Of the simple linear model: main effects alone."""

    name: str
    estimate: Estimate


@dataclass(frozen=True)
class Check:
    """A test whose null hypothesis is that an assumption holds."""

    assumption: str
    test: str
    p: float

    @property
    def held(self) -> bool:
        """Whether nothing speaks against it at 5 %."""
        return self.p >= SIGNIFICANT


@dataclass(frozen=True)
class Anova:
    """The table, the model, and what speaks against it."""

    runs: int
    response: str
    factors: tuple[tuple[str, str], ...]
    terms: tuple[Term, ...]
    r_squared: float
    coefficients: tuple[Coefficient, ...]
    simple_r_squared: float | None
    simple_response: str
    checks: tuple[Check, ...]
    resolution: str
    relation: tuple[str, ...]
    aliases: tuple[str, ...]

    @property
    def effects(self) -> tuple[Term, ...]:
        """What was tested, the largest first."""
        tested = [term for term in self.terms if term.f is not None]
        return tuple(sorted(tested, key=lambda term: -(term.eta_sq or 0)))

    @property
    def significant(self) -> tuple[Term, ...]:
        """The same, at 5 %."""
        return tuple(term for term in self.effects if term.significant)

    @property
    def residual(self) -> Term | None:
        """What the terms leave."""
        return next((term for term in self.terms if term.f is None), None)

    @property
    def broken(self) -> tuple[Check, ...]:
        """Assumptions that the runs speak against."""
        return tuple(check for check in self.checks if not check.held)


def read(study: Study) -> Anova | None:
    """Of OUT/anova; None where it was not measured. Raises BadStudy."""
    path = study.folder / "anova" / "anova.json"
    found = records.load(path)
    if found is None:
        return None
    try:
        return _anova(found.get("figures") or found)
    except (KeyError, TypeError, AttributeError) as error:
        raise BadStudy(f"{path} is no ANOVA: {error!r}") from error


def _anova(told: Mapping[str, Any]) -> Anova:
    design = told.get("design") or {}
    response = told.get("response", "seconds")
    simple = told.get("simple_model") or told
    return Anova(
        runs=told["runs"],
        response=response,
        factors=tuple(_factors(design.get("factors") or {})),
        terms=tuple(map(_term, told["terms"])),
        r_squared=told["r_squared"],
        coefficients=tuple(map(_coefficient, simple.get("coefficients") or [])),
        simple_r_squared=simple.get("r_squared"),
        simple_response=simple.get("response", response),
        checks=tuple(_checks(told.get("checks") or {})),
        resolution=str(design.get("resolution") or ""),
        relation=tuple(map(crossed, design.get("defining_relation") or [])),
        aliases=tuple(_aliases(design.get("aliases") or [])),
    )


def crossed(name: str) -> str:
    """An interaction as it is written."""
    return name.replace("*", " × ").replace(":", " × ")


def _factors(told: Mapping[str, Sequence[Any]]) -> list[tuple[str, str]]:
    return [(name, ", ".join(map(str, levels))) for name, levels in told.items()]


def _term(told: Mapping[str, Any]) -> Term:
    rest = (told.get(name) for name in ("F", "p", "eta_sq_partial", "omega_sq"))
    return Term(crossed(told["term"]), told["df"], told["sum_sq"], *rest)


def _coefficient(told: Mapping[str, Any]) -> Coefficient:
    value = Estimate(told["value"], told["low"], told["high"])
    return Coefficient(crossed(told["name"]), value)


def _checks(told: Mapping[str, Mapping[str, Any] | None]) -> list[Check]:
    known = ((ASSUMPTIONS.get(name, name), each) for name, each in told.items() if each)
    return [Check(said, each["test"], each["p"]) for said, each in known]


def _aliases(told: Sequence[Sequence[str] | str]) -> list[str]:
    """Sets of effects of one or two factors that the design cannot tell apart."""
    chains = [[each] if isinstance(each, str) else each for each in told]
    pairs = ([word for word in chain if word.count("*") <= 1] for chain in chains)
    return [crossed(" = ".join(pair)) for pair in pairs if len(pair) > 1]
