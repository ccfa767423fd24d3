"""The runs of a sweep's folder, by the names that `loadgen sweep` gives them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evidence.report.records import BadStudy
from loadgen import metrics
from loadgen.record import ENDINGS, BadRecord, Record, read, run_name

KINDS = ("fixed", "threshold", "slo", "planned", "table")
"""Of policies whose notation has a colon."""


@dataclass(frozen=True)
class SweepRun:
    """The records of POLICY-RATE-REPEAT; the policy as the file's name has it."""

    policy: str
    rate: float
    repeat: int
    path: Path

    @property
    def notation(self) -> str:
        """The policy as it was asked for, which file names cannot have."""
        kind, _, rest = self.policy.partition("_")
        if kind not in KINDS or not rest:
            return self.policy
        return f"{kind}:{rest.replace('_', ',') if kind == 'threshold' else rest}"

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
