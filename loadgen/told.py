"""A run's figures for a person to read."""

from typing import Any

from rich.console import Console
from rich.table import Table

SPREADS = {
    "e2e": "from due to done",
    "wait": "from due to its start",
    "service": "from its start to done",
    "first_page": "to the first page",
    "first_picture": "to the first picture",
}


def tell(found: dict[str, Any]) -> None:
    """Print counts and seconds; a row of seconds only where there is one."""
    console = Console()
    counts = ("sent", "accepted", "succeeded", "failed", "rejected", "timeout")
    console.print(" · ".join(f"{found[name]} {name}" for name in counts))
    console.print(_seconds(found))
    shares = ", ".join(f"{level} {share:.0%}" for level, share in found["level_shares"].items())
    met = found["goal_met"]
    goal = "" if met is None else f" · goal met by {met:.1%} of all"
    console.print(
        f"{found['goodput']:.3g} good answers a second{goal} · levels: {shares or 'none'}"
    )
    console.print(
        f"{found['loop']} loop · generator's lag p99 {1000 * (found['lag_p99'] or 0):.1f} ms"
    )


def _seconds(found: dict[str, Any]) -> Table:
    columns = list(found["e2e"]) or ["mean"]
    table = Table("seconds", *columns)
    for name, title in SPREADS.items():
        if found[name]:
            table.add_row(title, *(f"{found[name][column]:.3f}" for column in columns))
    return table
