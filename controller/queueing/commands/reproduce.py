"""`reproduce`: the study that this project grew from, run again."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from controller.queueing.commands.written import require_writable, rounded, write_csv, write_json
from controller.queueing.original.ablations import Ablated, ablate
from controller.queueing.original.dominance import Dominated, dominated, prices
from controller.queueing.original.ladders import ladder
from controller.queueing.original.reproduction import MEASURES, Comparison, compare, inside
from controller.queueing.original.study import Study, published
from controller.queueing.refusal import require_count

SEEDS, ABLATION_SEEDS = 2000, 100


def add(subparsers: Any) -> None:
    """Register the command; `run(options)` prints its findings and returns them for JSON."""
    parser = subparsers.add_parser(
        "reproduce",
        help="the original study's latencies and ablations, run again",
        description="Simulates the 36 published latencies of the study that this project grew "
        "from: once given as many arrivals as it had, once without that, and says which published "
        "intervals hold the mean. With --ablations its sweep of thresholds, step budgets and "
        "samplers follows.",
    )
    parser.add_argument(
        "--seeds", type=int, help=f"replications ({SEEDS}; {ABLATION_SEEDS} a cell)"
    )
    parser.add_argument("--ablations", action="store_true", help="sweep the three-level policy")
    parser.add_argument("--out", type=Path, help="folder for CSV and JSON files")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Raises BadInput for fewer than two replications, or a folder that cannot be written to."""
    if options.seeds is not None:
        require_count(least=2, seeds=options.seeds)
    if options.out:
        require_writable(options.out)
    study = published()
    findings = _reproduced(study, options.seeds or SEEDS, options.out)
    findings["dominated"] = _out_of_place(study)
    if options.out:
        write_json(options.out / "reproduction.json", findings)
    if options.ablations:
        findings["ablations"] = _ablated(study, options.seeds or ABLATION_SEEDS, options.out)
    return rounded(findings)


def _reproduced(study: Study, seeds: int, out: Path | None) -> dict[str, Any]:
    print(_HEAD)
    comparisons = []
    for comparison in compare(study, seeds):
        print(_told(comparison))
        comparisons.append(comparison)
    counts = inside(comparisons)
    print(f"Published intervals of {len(comparisons)} that hold our mean:")
    print("\n".join(_summed_up(name, each) for name, each in counts.items()))
    if out:
        write_csv(out / "reproduction.csv", [each.as_row() for each in comparisons])
    rows = [each.as_row() for each in comparisons]
    return {"seeds": seeds, "published": len(comparisons), "inside": counts, "rows": rows}


_HEAD = (
    "Mean response in seconds, ± half the 95 % interval\n"
    f"{'data set':9}{'rate':>5} {'policy':12}"
    f"{'published':>17}{'conditioned':>21}{'unconditioned':>21}"
)


def _told(comparison: Comparison) -> str:
    latency = comparison.published.response
    row = f"{comparison.dataset:9}{comparison.rate:5} {comparison.policy:12}"
    row += f"{latency.mean:9.3f} ±{latency.half_width:6.3f}"
    for outcome in (comparison.conditioned, comparison.unconditioned):
        mark = "inside" if comparison.inside(outcome, "response") else "OUT"
        row += f"{outcome.response.mean:9.3f} ±{outcome.response.half_width:5.3f} {mark:6}"
    return row.rstrip()


def _summed_up(name: str, counts: dict[str, int]) -> str:
    held = ", ".join(f"{measure} {counts[measure]}" for measure in MEASURES)
    return f"  {name}: {held} ({counts['close']} responses too close to an end to tell)"


def _out_of_place(study: Study) -> list[dict[str, Any]]:
    """Rungs of the study's own ladder that another beats in seconds and in quality."""
    rungs = ladder("mixed", (100, 50, 20))
    found = [
        (dataset, each)
        for dataset, measured in study.datasets.items()
        for each in dominated(prices(measured, rungs))
    ]
    for dataset, each in found:
        print(f"{dataset}: {_why(each)}")
    return [_as_row(dataset, each) for dataset, each in found]


def _why(found: Dominated) -> str:
    worse, by = found
    return (
        f"{worse.rung.name} (FID {worse.fid:.1f} in {worse.seconds:.2f} s) has no place in the "
        f"ladder: {by.rung.name} has FID {by.fid:.1f} in {by.seconds:.2f} s"
    )


def _as_row(dataset: str, found: Dominated) -> dict[str, Any]:
    row: dict[str, Any] = {"dataset": dataset}
    for name, price in zip(("rung", "by"), found, strict=True):
        row |= {name: price.rung.name, f"{name}_seconds": price.seconds, f"{name}_fid": price.fid}
    return row


def _ablated(study: Study, seeds: int, out: Path | None) -> list[dict[str, Any]]:
    cells = list(ablate(study, seeds))
    print(f"Ablations, {len(cells)} cells of {seeds} replications; response in seconds")
    print("\n".join(_one_at_a_time(cells)))
    rows = [cell.as_row() for cell in cells]
    if out:
        write_csv(out / "ablations.csv", rows)
    return rows


def _one_at_a_time(cells: list[Ablated]) -> Iterator[str]:
    """Cells that differ from the study's own policy in one factor at most."""
    own = ((2, 5), (100, 50, 20), "mixed")
    for cell in cells:
        if sum(here != there for here, there in zip(cell.variant, own, strict=True)) <= 1:
            thresholds, steps, mix = cell.variant
            policy = f"T {thresholds[0]},{thresholds[1]}  {'-'.join(map(str, steps)):10} {mix:6}"
            response = f"{cell.outcome.response.mean:9.3f} ±{cell.outcome.response.half_width:6.3f}"
            quality = f"CLIPScore {cell.clip_score:.4f}  FID {cell.fid:6.1f}"
            yield f"{cell.dataset:9}{cell.rate:5} {policy}{response}  {quality}"
