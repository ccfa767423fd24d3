"""What was predicted beside what was measured on the live stack, from validation.json."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from evidence.report import records
from evidence.report.numbers import Estimate, estimate
from evidence.report.records import BadStudy
from evidence.report.sources import arrivals, near, served
from evidence.report.sources.compared import Validation
from evidence.report.sources.rivals import Capacity, Contest, Distance, Margin
from evidence.report.sources.runs import FIGURES, Accuracy, Asked, Figures, Run, Service
from evidence.report.study import Study
from evidence.validation.variants import VARIANTS

NO_VARIANT = ("simulated", "closed_form", "asked")
"""What else is said under the accuracy"""


def read(study: Study) -> Validation | None:
    """Of OUT/validation; None where nothing was compared. Raises BadStudy, also for one made before
    the law that this report speaks of."""
    path = study.folder / "validation" / "validation.json"
    found = records.load(path)
    if found is None:
        return None
    try:
        return _validation(found, arrivals.stretched(study))
    except served.OlderLaw as error:
        how = f"python -m evidence validate {study.folder}"
        raise BadStudy(f"{path}: {error}; make it again with {how}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise BadStudy(f"{path} is no validation: {error!r}") from error


def _validation(told: dict[str, Any], stretched: frozenset[tuple[float, int]]) -> Validation:
    accuracy, capacity, slo = told["accuracy"], told.get("capacity"), told.get("slo")
    law, runs = served.law(told.get("law")), tuple(map(_run, told["runs"]))
    others, loops = _others(accuracy), near.placed(told.get("loops") or ())
    return Validation(
        slo=_target(slo) if slo else "",
        overheads=tuple(
            (each["level"], Estimate(**each["overhead_seconds"])) for each in told["calibration"]
        ),
        law=law,
        runs=runs,
        simulated=_accuracy(accuracy.get("simulated")),
        closed_form=_accuracy(accuracy.get("closed_form")),
        asked=asked(accuracy),
        capacity=_capacity(capacity) if capacity else None,
        margins=tuple(
            _picked(Margin, each | {"margin": estimate(each["margin"])}) for each in told["margins"]
        ),
        contests=_apart(Contest, told.get("planned_against_threshold")),
        distances=_apart(Distance, told.get("less_optimum")),
        variants=tuple(_variants(others)),
        others=others,
        loops=loops,
        nearby=near.nearby([run.law for run in runs], law, loops),
        stretched=stretched,
    )


def asked(accuracy: dict[str, Any]) -> Asked:
    """Of predictions. Raises KeyError."""
    return Asked(*(accuracy["asked"][name] for name in ("median", "worst", "utilisation")))


def _target(slo: dict[str, Any]) -> str:
    """`p95 ≤ 5 s`, or of the mean."""
    percentile = slo["percentile"]
    what = percentile if isinstance(percentile, str) else f"p{percentile:g}"
    return f"{what} ≤ {slo['seconds']:g} s"


def _capacity(told: dict[str, Any]) -> Capacity:
    """Of records that may be older than the bounds."""
    names = ("knees", "best_level", "ratio", "asked", "held")
    return Capacity(
        **{name: told[name] for name in names},
        at_least=tuple(told.get("at_least") or ()),
        brackets=told.get("brackets") or {},
        ratio_at_least=told.get("ratio_at_least"),
    )


def _apart(kind: type, told: list[dict[str, Any]] | None) -> tuple[Any, ...]:
    """Differences of two policies; records may be older than them."""
    names = ("quality", "p95_response")
    found = (each | {name: estimate(each[name]) for name in names} for each in told or ())
    return tuple(_picked(kind, each) for each in found)


def _variants(others: Mapping[str, Mapping[str, Accuracy]]) -> Iterator[tuple[str, str, Accuracy]]:
    """Words, kind of prediction, and how near it comes, of the variants that have words."""
    for name, variant in VARIANTS.items():
        for kind, found in others.get(name, {}).items():
            yield variant.said, kind, found


def _others(told: Mapping[str, Any]) -> dict[str, dict[str, Accuracy]]:
    """By variant and kind of prediction, of those that say anything."""
    return {
        name: {kind: _accuracy(found) for kind, found in each.items() if found and found["runs"]}
        for name, each in told.items()
        if each and name not in NO_VARIANT
    }


def _picked(kind: type, told: dict[str, Any]) -> Any:
    """Of records that may be older than what has a default. Raises TypeError for the rest."""
    return kind(**{each.name: told[each.name] for each in fields(kind) if each.name in told})


def _accuracy(told: dict[str, Any] | None) -> Accuracy:
    return _picked(Accuracy, told) if told else Accuracy(0, None, None, None)


def _run(told: dict[str, Any]) -> Run:
    plain = ("policy", "rate", "repeat", "requests", "utilisation", "steady")
    came = told.get("arrivals") or {}
    return Run(
        **{name: told[name] for name in plain},
        measured=_figures(told["measured"]),
        simulated=_figures(told["simulated"]) if told.get("simulated") else None,
        closed_form=_figures(told["closed_form"]) if told.get("closed_form") else None,
        errors={kind: each for kind, each in told["errors"].items() if each},
        gaps_scv=_either(came.get("gaps_scv")),
        autocorrelation=_either(came.get("autocorrelation")),
        ks_p=came.get("ks_p"),
        services=tuple(map(_service, told.get("service") or ())),
        broken=tuple(map(_assumption, told.get("broken") or ())),
        law=near.near(told.get("law")),
    )


def _assumption(told: Any) -> str:
    return told if isinstance(told, str) else str(told["assumption"])


def _figures(told: dict[str, Any]) -> Figures:
    return Figures(*(_either(told.get(name)) for name in FIGURES), told.get("job_shares") or {})


def _either(told: Any) -> Estimate | None:
    """A figure with its interval, or a plain one."""
    return Estimate(told, told, told) if isinstance(told, int | float) else estimate(told)


def _service(told: dict[str, Any]) -> Service:
    return Service(told["level"], told["jobs"], Estimate(**told["ratio"]), told["scv"])
