"""Studies whose machine has a known speed in each run, and keeps it beside them."""

import json

import numpy as np

from evidence import speed as kept
from loadgen import began
from tests.evidence.validation.studies import OVERHEAD, SECONDS, Truth, begin, calibrate, play

CALIBRATED, LIVE = 1.76e9, 1.77e9
"""When the calibration and the first live run began, unix seconds."""
USUAL, EVERY = 0.002, 0.5
"""Seconds of a probe, and between two."""


def truth(ratio=1.0):
    """A stack on a machine that takes so many times as long for everything."""
    slower = {name: ratio * value for name, value in SECONDS.items()}
    return Truth(seconds=slower, overhead={name: ratio * each for name, each in OVERHEAD.items()})


def probe(folder, begun, seconds, pace):
    """Add lines to a folder's speed.csv; `pace(t)` times the usual, with a little noise."""
    at = np.arange(0, seconds, EVERY)
    noise = np.random.default_rng(int(begun) % 1000).normal(1, 0.02, len(at))
    took = USUAL * np.array([pace(each) for each in at]) * noise
    with kept.appended(folder / kept.FILE) as file:
        for moment, each in zip(begun + at, took, strict=True):
            file.write(f"{moment:.2f},{each:.6f}\n".encode())


def says_when(path, unix):
    """Beside the records of a run."""
    began.beside(path).write_text(json.dumps({"unix": unix}))


def probed(folder, played, *, seconds=120.0):
    """A study whose runs came one after the other, on a machine of another speed in each: policy,
    rate, and how many times as long all work took."""
    begin(folder)
    calibrate(folder, truth=truth())
    for path in (folder / "calibration").glob("*.jsonl"):
        says_when(path, CALIBRATED)
    probe(folder / "calibration", CALIBRATED, 80, lambda _: 1.0)
    for number, (notation, rate, ratio) in enumerate(played):
        path = play(folder, notation, rate, truth=truth(ratio), seconds=seconds)
        says_when(path, LIVE + 1000 * number)
        probe(folder / "live", LIVE + 1000 * number, seconds + 20, lambda _, r=ratio: r)
    return folder
