"""What was predicted beside what was measured on the live stack, from validation.json."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from evidence.report import records
from evidence.report.numbers import Estimate, estimate, known
from evidence.report.records import BadStudy
from evidence.report.sources import arrivals, near, played, served
from evidence.report.sources.compared import Validation
from evidence.report.sources.played import Played
from evidence.report.sources.rivals import Capacity, Contest, Distance, Margin
from evidence.report.sources.runs import (
    FIGURES,
    Accuracy,
    Asked,
    Figures,
    Leeway,
    Run,
    Service,
    Variant,
)
from evidence.report.study import Study
from evidence.validation.variants import VARIANTS


def read(study: Study) -> Validation | None:
    """Of OUT/validation; None where nothing was compared. Raises BadStudy, also for one made before
    the law that this report speaks of."""
    path = study.folder / "validation" / "validation.json"
    found = records.load(path)
    if found is None:
        return None
    try:
        loops = played.read(study, found.get("loops") or ())
        return _validation(found, arrivals.stretched(study), loops)
    except served.OlderLaw as error:
        how = f"python -m evidence validate {study.folder}"
        raise BadStudy(f"{path}: {error}; make it again with {how}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise BadStudy(f"{path} is no validation: {error!r}") from error


def _validation(
    told: dict[str, Any], stretched: frozenset[tuple[float, int]], loops: Played
) -> Validation:
    accuracy, capacity, slo = told["accuracy"], told.get("capacity"), told.get("slo")
    law, runs = served.law(told.get("law")), tuple(map(_run, told["runs"]))
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
        variants=dict(_variants(accuracy)),
        played=loops,
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


def _variants(told: dict[str, Any]) -> Iterator[tuple[str, Variant]]:
    """Those that say anything, by name, of the ones that have words."""
    for name, variant in VARIANTS.items():
        every = {kind: _accuracy(each) for kind, each in (told.get(name) or {}).items()}
        if by := {kind: found for kind, found in every.items() if found.runs}:
            yield name, Variant(variant.said, by)


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
        leeway=_leeway(told.get("leeway")),
    )


def _leeway(told: dict[str, Any] | None) -> Leeway | None:
    """With its ends in order: where rules change the level, more work may shorten responses."""
    if not told:
        return None
    said = known(told["mean_response"])
    return Leeway(told["doubt"], Estimate(said.value, min(said), max(said)))


def _assumption(told: Any) -> str:
    return told if isinstance(told, str) else str(told["assumption"])


def _figures(told: dict[str, Any]) -> Figures:
    return Figures(*(_either(told.get(name)) for name in FIGURES), told.get("job_shares") or {})


def _either(told: Any) -> Estimate | None:
    """A figure with its interval, or a plain one."""
    return Estimate(told, told, told) if isinstance(told, int | float) else estimate(told)


def _service(told: dict[str, Any]) -> Service:
    return Service(told["level"], told["jobs"], Estimate(**told["ratio"]), told["scv"])
