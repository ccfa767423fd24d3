"""The law of served pictures that tests plant, and closed loops that follow it."""

from pathlib import Path

from loadgen.record import Record
from tests.evidence.report import studies

STEPS = {name: steps for name, _, steps, *_ in studies.LEVELS}
PHI0, PHI1, TAU0, TAU1 = 0.0212, 0.1, 0.0107, 0.0043


def response(level: str, together: float) -> float:
    """What LAW says of a picture beside so many others, itself counted."""
    return PHI0 + PHI1 * together + STEPS[level] * (TAU0 + TAU1 * together)


def _served(level: str) -> dict[str, float]:
    alone, two = response(level, 1), response(level, 2)
    return {"seconds": alone, "crowding": (two - alone) / alone}


LAW = {
    "phi0": studies.estimate(PHI0, 0.02),
    "phi1": studies.estimate(PHI1, 0.01),
    "tau0": studies.estimate(TAU0, 0.001),
    "tau1": studies.estimate(TAU1, 0.001),
    "before": studies.estimate(0.0123, 0.001),
    "cap": 4,
    "observations": 12,
    "levels": {level: _served(level) for level in STEPS},
}
"""What served pictures take, as validation.json has it."""


def loops(folder: Path, stage: str, factor: float = 1.0) -> None:
    """Closed loops of one and of three at every level, that take `factor` times what LAW says."""
    for level, steps in STEPS.items():
        for together in (1, 3):
            took = factor * response(level, together)
            found = [_looped(i, together, took, level, steps) for i in range(4 * together)]
            studies.records(
                folder / stage / "loops" / f"{level}-{together}.jsonl.gz", found, packed=True
            )


def _looped(number: int, together: int, took: float, level: str, steps: int) -> Record:
    """All of a round are sent together, as the round before ends."""
    sent = (number // together) * took
    times = {"sent": sent, "started": sent + 0.01, "finished": sent + took}
    return studies.record(number, 0.0, took, level=level, levels=(level,), steps=steps, **times)
