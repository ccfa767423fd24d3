"""The table of the machine's speed in each run."""

from evidence.validation.cells import figure, percent, run_name
from evidence.validation.layout import Table
from evidence.validation.result import Result


def speeds(result: Result) -> Table:
    """Beside how much slower pictures were; without a row where no speed was kept."""
    rows = tuple(
        (
            run_name(each),
            figure(found.ratio),
            percent(found.variation).lstrip("+"),
            figure(each.work),
        )
        for each in result.verdicts
        if (found := each.findings.speed)
    )
    fair = result.fairness
    told = (
        f" Over {fair.runs} runs the logarithms of the two have a correlation of "
        f"{figure(fair.correlation)} and a slope of {figure(fair.slope)}."
        if fair
        else ""
    )
    caption = (
        "Seconds that the same small work took while pictures were under way, over those in the "
        "calibration, and the coefficient of variation of its five-second means; beside them the "
        f"work of pictures over that expected.{told}"
    )
    columns = ("run", "the same work", "varied by", "pictures")
    return Table("validation-speed", caption, columns, rows)
