"""Tables of a validation, for reading (Markdown) and for LaTeX (booktabs)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evidence.validation.accuracy import ASKED, UTILISATION
from evidence.validation.result import KINDS, Result
from evidence.validation.verdict import Verdict
from loadgen.metrics import Estimate

NOTHING = "–"
SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "…": r"\dots{}",
    "–": "--",
    "−": "$-$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}
SAID = {"simulated": "simulation", "closed_form": "formula"}


@dataclass(frozen=True)
class Table:
    """Rows of text under one caption; the first column is on the left, the others on the right."""

    name: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """For a terminal or a README."""
        rule = ("---", *["---:"] * (len(self.columns) - 1))
        lines = [f"| {' | '.join(_barless(row))} |" for row in (self.columns, rule, *self.rows)]
        return "\n".join(lines) + f"\n\n{self.caption}"

    def latex(self) -> str:
        """A `table` for an article that uses booktabs."""
        rows = "\n".join(map(_row, self.rows))
        return (
            f"\\begin{{table}}\n\\centering\n\\small\n\\caption{{{escaped(self.caption)}}}\n"
            f"\\label{{tab:{self.name}}}\n\\begin{{tabular}}{{l{'r' * (len(self.columns) - 1)}}}\n"
            f"\\toprule\n{_row(self.columns)}\n\\midrule\n{rows}\n\\bottomrule\n\\end{{tabular}}\n"
            f"\\end{{table}}\n"
        )


def escaped(text: str) -> str:
    """With every character that means something to LaTeX made to mean itself."""
    return "".join(SPECIAL.get(sign, sign) for sign in text)


def _row(cells: Sequence[str]) -> str:
    return " & ".join(map(escaped, cells)) + r" \\"


def _barless(cells: Sequence[str]) -> list[str]:
    return [cell.replace("|", "\\|") for cell in cells]


def tables(result: Result) -> Iterator[Table]:
    """Those that have a row."""
    made = (_runs, _accuracy, _overheads, _broken, _knees, _margins, _contests)
    found = (make(result) for make in made)
    return (table for table in found if table.rows)


def figure(value: Estimate | float | None, digits: int = 3) -> str:
    """With its interval, if it has one."""
    if value is None:
        return NOTHING
    if isinstance(value, Estimate):
        return " ".join(
            (figure(value.value, digits), f"({value.low:.{digits}g} … {value.high:.{digits}g})")
        ).replace("-", "−")
    return f"{value:.{digits}g}".replace("-", "−")


def percent(error: float | None) -> str:
    """A relative error with its sign."""
    return NOTHING if error is None else f"{error:+.1%}".replace("-", "−").replace("%", " %")


def _runs(result: Result) -> Table:
    seconds = ("measured mean, s", "simulated, s", "error", "formula, s", "error")
    rows = tuple(_run(each) for each in result.verdicts)
    caption = f"Mean response of each run. {result.as_json()['method']}."
    return Table("validation-runs", caption, ("run", "ρ", *seconds), rows)


def _run(found: Verdict) -> tuple[str, ...]:
    run, theory = found.run, found.said.closed_form
    return (
        f"{run.policy.notation} at {run.rate:g}/s, {run.repeat}",
        figure(found.theory.utilisation, 2),
        figure(found.measured.mean_response),
        figure(found.said.simulated.mean_response),
        percent(found.error("simulated")),
        figure(theory and theory.mean_response),
        percent(found.error("closed_form")),
    )


def _accuracy(result: Result) -> Table:
    rows = []
    for kind in KINDS:
        for calibrated in (True, False):
            found = result.accuracy(kind, calibrated=calibrated)
            name = SAID[kind] + ("" if calibrated else ", without calibration")
            held = {True: "yes", False: "no", None: NOTHING}[found.held]
            errors = (percent(found.median), percent(found.worst))
            rows.append((name, str(found.runs), *errors, held))
    asked = f"asked: median at most {ASKED['median']:.0%}, worst at most {ASKED['worst']:.0%}"
    caption = f"Absolute error of the mean response over runs with a utilisation ≤ {UTILISATION:g}; {asked}."
    return Table(
        "validation-accuracy",
        caption,
        ("prediction", "runs", "median", "worst", "held"),
        tuple(rows),
    )


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
        (
            f"{each.run.policy.notation} at {each.run.rate:g}/s, {each.run.repeat}",
            found.sentence,
            found.evidence,
        )
        for each in result.verdicts
        for found in each.broken
    )
    caption = "Broken assumptions, for runs that a prediction misses by 10 % or beyond chance."
    return Table("validation-broken", caption, ("run", "assumption", "evidence"), rows)


def _knees(result: Result) -> Table:
    found = result.capacity
    if found is None:
        return Table("validation-capacity", "", (), ())
    rows = tuple(
        (
            name,
            ("≥ " if name in found.at_least else "") + figure(at),
            figure(found.ratios.get(name)),
        )
        for name, at in found.knees.items()
    )
    slo = result.study.slo
    caption = (
        f"The highest rate at which {slo.percentile} % are answered within {slo.seconds:g} s, and "
        f"the same over that of {found.best_level}; asked: {found.asked:g}."
        if slo
        else ""
    )
    return Table("validation-capacity", caption, ("policy", "a second", "ratio"), rows)


def _margins(result: Result) -> Table:
    rows = tuple(
        (
            f"{each.policy} at {each.rate:g}/s",
            each.over,
            figure(each.margin),
            "yes" if each.held else "no",
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
            "yes" if each.held else "no",
        )
        for each in result.contests
    )
    caption = (
        "Planned thresholds less hand-set ones: effective quality, and the 95th percentile, s."
    )
    columns = ("policies", "quality", "p95, s", "at least as good")
    return Table("validation-planned", caption, columns, rows)
