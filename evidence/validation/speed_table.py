"""The table of the machine's speed in each run."""

from evidence.validation.cells import figure, run_name, share
from evidence.validation.layout import Table
from evidence.validation.result import Result


def speeds(result: Result) -> Table:
    """Beside how much slower pictures were; without a row where no speed was kept."""
    rows = tuple(
        (
            run_name(each),
            figure(found.ratio),
            share(found.variation and found.variation.value),
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
        "calibration with as many, and the coefficient of variation of its five-second means, less "
        "what single ones vary by; beside them the work of pictures over that expected if the "
        "machine kept its speed."
        f"{told}"
    )
    columns = ("run", "the same work", "varied by", "pictures")
    return Table("validation-speed", caption, columns, rows)
