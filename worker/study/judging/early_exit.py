"""Early exit by each measure, beside simply fewer steps: as many as it took on average."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, get_args

from pydantic import ValidationError

from services.contract.ladder import EarlyExit, ImageLevel, Measure
from worker.study.estimates import Estimate, middle
from worker.study.judging.gallery import Arm, as_many_steps, plain
from worker.study.judging.studio import Judged, Studio
from worker.study.records import estimate
from worker.study.tables import Panel, Table
from worker.study.terms import Unusable

ALL_STEPS = "all steps"
COLUMNS = (
    "setting", "steps", "s a picture", "CLIPScore", "Fréchet", "CLIPScore − fewer",
    "Fréchet − fewer",
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    """Everything that was measured."""

    level: str
    minimum_steps: int
    pictures: Mapping[str, Judged]


def rules(written: Sequence[str], minimum_steps: int) -> dict[str, EarlyExit]:
    """`measure:threshold` as rules; Unusable says what is allowed."""
    return {text: _rule(text, minimum_steps) for text in written}


def compare(studio: Studio, level: ImageLevel, rules_: Mapping[str, EarlyExit]) -> Found:
    """Draw with all steps, by every rule, and in as few steps as each rule took on average."""
    arms = [plain(ALL_STEPS, level)]
    for name, rule in rules_.items():
        arms += _pair(name, level, rule)
    told = f"{level.sampler.upper()} {level.steps}, guidance {level.guidance_scale:g}"
    [minimum] = {rule.minimum_steps for rule in rules_.values()}
    return Found(told, minimum, studio.compare(arms))


def table(found: Found, terms: str) -> Table:
    """All steps are before; each rule is followed by fewer steps without it."""
    rows = tuple(_row(name, found) for name in found.pictures)
    return Table("early_exit", _caption(found, terms), (Panel(COLUMNS, rows),))


def result(found: Found) -> dict[str, Any]:
    """The table's figures, for programs."""
    return {name: _figures(name, found) for name in found.pictures}


def _rule(text: str, minimum_steps: int) -> EarlyExit:
    by, _, threshold = text.partition(":")
    given = {"by": by, "threshold": threshold, "minimum_steps": minimum_steps}
    try:
        return EarlyExit.model_validate(given)
    except ValidationError as error:
        raise Unusable(
            f"--rule {text!r} must be one of {', '.join(get_args(Measure))}, a colon, and a "
            "threshold above 0, for example relative-change:0.02; --minimum-steps 2 or more"
        ) from error


def _fewer(name: str) -> str:
    return f"fewer steps, as {name}"


def _pair(name: str, level: ImageLevel, rule: EarlyExit) -> list[Arm]:
    leaving = plain(name, level.model_copy(update={"early_exit": rule}))
    return [leaving, as_many_steps(_fewer(name), level, name)]


def _difference(name: str, found: Found) -> tuple[Estimate, Estimate] | None:
    """An early exit's CLIPScore and Fréchet distance less those of as many steps without it."""
    fewer = found.pictures.get(_fewer(name))
    return fewer and found.pictures[name].verdict.minus(fewer.verdict)


def _row(name: str, found: Found) -> tuple[str, ...]:
    judged, apart = found.pictures[name], _difference(name, found)
    steps = fmean(judged.sheet.steps)
    return (
        name if apart or name == ALL_STEPS else "fewer steps",
        f"{steps:.1f}",
        middle(judged.sheet.seconds).ends(3),
        judged.verdict.clip_score.spread(2),
        judged.verdict.frechet.spread(2),
        *(each.spread(2) for each in apart or ()),
        *[""] * (0 if apart else 2),
    )


def _figures(name: str, found: Found) -> dict[str, Any]:
    judged, apart = found.pictures[name], _difference(name, found)
    figures = {
        "steps": fmean(judged.sheet.steps),
        "seconds_a_picture": estimate(middle(judged.sheet.seconds)),
        "clip_score": estimate(judged.verdict.clip_score),
        "frechet": estimate(judged.verdict.frechet),
    }
    if apart is None:
        return figures
    score, distance = map(estimate, apart)
    return figures | {"clip_score_minus_fewer_steps": score, "frechet_minus_fewer_steps": distance}


def _caption(found: Found, terms: str) -> str:
    return (
        f"Early exit, before (all steps) and after. Pictures: {found.level}; {terms} No rule "
        f"leaves before {found.minimum_steps} steps. Below each rule (measure:threshold) the same "
        "pictures in as few steps without it; the last two columns are the rule's figures less "
        "these, picture by picture."
    )
