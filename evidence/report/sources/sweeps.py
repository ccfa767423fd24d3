"""The runs of a sweep's folder, by the names that `loadgen sweep` gives them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evidence.report.numbers import Estimate
from evidence.report.records import BadStudy
from loadgen import metrics
from loadgen.record import ENDINGS, BadRecord, Record, read, run_name

LEAST_JOBS = 2


@dataclass(frozen=True)
class SweepRun:
    """The records of POLICY-RATE-REPEAT; the policy as the file's name has it."""

    policy: str
    rate: float
    repeat: int
    path: Path

    @property
    def records(self) -> list[Record]:
        """Of all requests that count. Raises BadStudy."""
        try:
            return metrics.measured(read(self.path))
        except (BadRecord, OSError) as error:
            raise BadStudy(str(error)) from error


def runs(folder: Path) -> list[SweepRun]:
    """Every run in a folder; none where there is no folder."""
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    return list(_runs([path for path in paths if path.name.endswith(ENDINGS)]))


def _runs(paths: Sequence[Path]) -> Iterator[SweepRun]:
    for path in paths:
        try:
            policy, rate, repeat = run_name(path).rsplit("-", 2)
            yield SweepRun(policy, float(rate), int(repeat), path)
        except ValueError:
            raise BadStudy(f"{path}: no run of a sweep is called so: POLICY-RATE-REPEAT") from None


def mean(values: Sequence[float]) -> Estimate | None:
    """With its interval by the bootstrap; None for too few."""
    return _figure(values, metrics.mean)


def p95(values: Sequence[float]) -> Estimate | None:
    """The 95th percentile, likewise."""
    return _figure(values, lambda ordered: metrics.percentile(ordered, 95))


def _figure(values: Sequence[float], figure: Callable[[list[float]], float]) -> Estimate | None:
    if len(values) < LEAST_JOBS:
        return None
    found = metrics.estimate(values, figure)
    return Estimate(found.value, found.low, found.high)
