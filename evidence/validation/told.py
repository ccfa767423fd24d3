"""Laws and closed loops as validation.json holds them. Pure."""

from math import inf
from typing import Any

from evidence import served
from evidence.law import NAMES, PictureLaw
from evidence.served import ClosedLoop
from evidence.validation.study import Study


def one_law(law: PictureLaw, study: Study) -> dict[str, Any]:
    """Whole, of all loops."""
    known = {name: getattr(law, name).model_dump() for name in (*NAMES, "before")}
    sizes = {"cap": law.cap, "observations": law.observations}
    return known | sizes | {"levels": _levels(law, study)}


def law_of_run(law: PictureLaw, study: Study) -> dict[str, Any]:
    """Of how many loops it is, and what it says of each level."""
    return {"loops": law.observations, "levels": _levels(law, study)}


def loops(study: Study, law: PictureLaw | None) -> list[dict[str, Any]]:
    """In the order of time, those whose time is not known last; `ratio` to the law in the same
    company, None without one."""
    placed = sorted(study.loops, key=lambda each: inf if each.at is None else each.at)
    return [_loop(each, law) for each in placed]


def _levels(law: PictureLaw, study: Study) -> dict[str, dict[str, float]]:
    return {level.name: _level(law, level.image.steps) for level in study.policy.levels}


def _level(law: PictureLaw, steps: int) -> dict[str, float]:
    return {"seconds": law.seconds(steps, 1), "crowding": law.crowding(steps)}


def _loop(found: ClosedLoop, law: PictureLaw | None) -> dict[str, Any]:
    return {
        "at": found.at,
        "where": found.where.value,
        "level": found.level,
        "steps": found.steps,
        "company": found.company,
        "seconds": found.mean,
        "ratio": None if law is None else found.mean / served.said(law, found),
    }
