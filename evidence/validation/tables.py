"""Tables of a validation, for reading (Markdown) and for LaTeX (booktabs)."""

from collections.abc import Iterator

from evidence.validation.accuracy import ASKED, UTILISATION, Accuracy
from evidence.validation.cells import KNOWN, figure, percent, run_name, share
from evidence.validation.layout import Table
from evidence.validation.result import Result
from evidence.validation.speed_table import speeds
from evidence.validation.variants import KINDS, VARIANTS
from evidence.validation.verdict import Verdict

SAID = {"simulated": "simulation", "closed_form": "formula"}


def tables(result: Result) -> Iterator[Table]:
    """Those that have a row."""
    made = (_runs, _accuracy, _overheads, speeds, _broken, _knees, _margins, _contests, _distances)
    found = (make(result) for make in made)
    return (table for table in found if table.rows)


def _runs(result: Result) -> Table:
    seconds = ("measured mean, s", "simulated, s", "error", "formula, s", "error")
    rows = tuple(_run(each) for each in result.verdicts)
    caption = f"Mean response of each run. {result.method}."
    return Table("validation-runs", caption, ("run", "ρ", *seconds), rows)


def _run(found: Verdict) -> tuple[str, ...]:
    theory = found.said.closed_form
    return (
        run_name(found),
        figure(found.theory.utilisation, 2),
        figure(found.measured.mean_response),
        figure(found.said.simulated.mean_response),
        percent(found.error("simulated")),
        figure(theory and theory.mean_response),
        percent(found.error("closed_form")),
    )


def _accuracy(result: Result) -> Table:
    rows = ((SAID[kind], *_errors(result.accuracy(kind))) for kind in KINDS)
    caption = (
        f"Absolute error of the mean response over runs with a utilisation ≤ {UTILISATION:g}; "
        f"asked: median at most {share(ASKED['median'], 0)}, worst at most "
        f"{share(ASKED['worst'], 0)}."
    )
    return Table(
        "validation-accuracy",
        caption,
        ("prediction", "runs", "median", "worst", "held"),
        (*rows, *_variants(result)),
    )


def _variants(result: Result) -> Iterator[tuple[str, ...]]:
    """Without those that the study has nothing for."""
    for name, variant in VARIANTS.items():
        for kind in variant.kinds:
            found = result.accuracy(kind, name)
            if found.runs:
                yield f"{SAID[kind]}, {variant.said}", *_errors(found)


def _errors(found: Accuracy) -> tuple[str, ...]:
    return (str(found.runs), share(found.median), share(found.worst), KNOWN[found.held])


def _overheads(result: Result) -> Table:
    rows = tuple(
        (each.level, figure(each.seconds), figure(each.before), str(each.alone))
        for each in result.overheads
    )
    caption = "What a picture that met no other cost besides the engine's time in the profile."
    columns = ("level", "overhead, s", "of it before work, s", "pictures")
    return Table("validation-calibration", caption, columns, rows)


def _broken(result: Result) -> Table:
    rows = tuple(
        (run_name(each), found.sentence, found.evidence)
        for each in result.verdicts
        for found in each.broken
    )
    caption = "Broken assumptions, for runs that a prediction misses by 10 % or beyond chance."
    return Table("validation-broken", caption, ("run", "assumption", "evidence"), rows, 3)


def _knees(result: Result) -> Table:
    found = result.capacity
    if found is None:
        return Table("validation-capacity", "", (), ())
    rows = tuple(
        (
            name,
            ("≥ " if name in found.at_least else "") + figure(at),
            figure(found.brackets[name][1]),
            figure(found.ratios.get(name)),
        )
        for name, at in found.knees.items()
    )
    slo = result.study.slo
    caption = (
        f"The highest rate at which {slo.percentile} % are answered within {slo.seconds:g} s, and "
        f"the lowest at which fewer are. The ratio is over the former of {found.best_level}, "
        "rounded down to a rate that was tried; over the latter, which the true ratio exceeds, the "
        f"best policy's is {figure(found.ratio_at_least)}; asked: {found.asked:g}. Tables that are "
        "told the true rate do not count."
        if slo
        else ""
    )
    return Table("validation-capacity", caption, ("policy", "a second", "fails at", "ratio"), rows)


def _margins(result: Result) -> Table:
    rows = tuple(
        (
            f"{each.policy} at {each.rate:g}/s",
            each.over,
            figure(each.margin),
            KNOWN[each.held],
        )
        for each in result.margins
    )
    caption = (
        "Effective quality above that of the fastest level, in points of the profile's measure."
    )
    return Table("validation-margins", caption, ("run", "over", "margin", "held"), rows)


def _contests(result: Result) -> Table:
    rows = tuple(
        (
            f"{each.planned} − {each.hand_set} at {each.rate:g}/s",
            figure(each.quality),
            figure(each.p95_response),
            KNOWN[each.held],
        )
        for each in result.contests
    )
    caption = (
        "Planned thresholds less hand-set ones: effective quality, and the 95th percentile, s."
    )
    columns = ("policies", "quality", "p95, s", "at least as good")
    return Table("validation-planned", caption, columns, rows)


def _distances(result: Result) -> Table:
    rows = tuple(
        (
            f"{each.policy} − {each.optimum} at {each.rate:g}/s",
            figure(each.quality),
            figure(each.p95_response),
            KNOWN[each.met],
        )
        for each in result.distances
    )
    caption = (
        "Policies less the optimum: effective quality, and the 95th percentile, s; last, whether "
        "the optimum meets its aim in the model. Where no table does, it is no optimum."
    )
    columns = ("policies", "quality", "p95, s", "aim met")
    return Table("validation-optimum", caption, columns, rows)
