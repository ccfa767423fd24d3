"""What re-timing buys when a burst hits, and what it costs: the real stack, with it and without.

A seeded schedule of pictures (Poisson arrivals, and one burst) is sent at its due times to the
stack's gateway, twice: STORYTELLER_RETIME=on and off. One row a picture goes to data.csv.
"""

import argparse
import csv
import io
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from stack.client import ENDS, Gateway
from worker.batching.clip_watch import SHIPPED_CLIP, ClipWatch

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
CAPTIONS = (ROOT / "models" / "captions-held-out.txt").read_text().splitlines()
PORTS = {"gateway_port": 8765, "redis_port": 6765}


@contextmanager
def stack(retime: str, cap: int) -> Iterator[Gateway]:
    """`make up` with a home of its own, once it is ready."""
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "models").symlink_to(ROOT / ".storyteller" / "models")
        own = {"home": home, "retime": retime, "batch_cap": cap, "ageing_seconds": 86400, **PORTS}
        told = {f"STORYTELLER_{name.upper()}": str(value) for name, value in own.items()}
        process = subprocess.Popen(
            [sys.executable, "-m", "stack", "up"],
            cwd=ROOT,
            env={**os.environ, **told, "OMP_WAIT_POLICY": "PASSIVE"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            with Gateway(f"http://127.0.0.1:{PORTS['gateway_port']}") as gateway:
                while gateway.missing() is not None:
                    time.sleep(0.2)
                yield gateway
        finally:
            process.terminate()
            process.wait()


def schedule(seed: int, rate: float, seconds: float, burst: int) -> list[float]:
    """Due times: Poisson arrivals at `rate`, and `burst` of them at once after a third."""
    rng, due, now = random.Random(seed), [seconds / 3] * burst, 0.0
    while (now := now + rng.expovariate(rate)) < seconds:
        due.append(now)
    return sorted(due)


def run(gateway: Gateway, due: list[float], seed: int) -> list[tuple[float, dict[str, Any]]]:
    """Send each picture when it is due; (seconds after the start, record) once all are done."""
    rng, ids, started = random.Random(seed), [], time.monotonic()
    for number, when in enumerate(due):
        time.sleep(max(0.0, started + when - time.monotonic()))
        request = {"kind": "image", "prompt": rng.choice(CAPTIONS), "seed": number}
        ids.append(gateway.submit(request)["id"])
    return [(when, done(gateway, job_id)) for when, job_id in zip(due, ids, strict=True)]


def done(gateway: Gateway, job_id: str) -> dict[str, Any]:
    """The record of a job that has ended."""
    while (record := gateway.job(job_id))["status"] not in ENDS:
        time.sleep(0.1)
    return record


def rows(
    gateway: Gateway, runs: list[tuple[float, dict[str, Any]]], clip: ClipWatch
) -> Iterator[dict[str, Any]]:
    """What is kept of each picture."""
    for due, record in runs:
        drawing = record["result"]["drawings"][0]
        picture = Image.open(io.BytesIO(gateway.artifact(record["id"], "image-0.png")))
        (score,) = clip.score([picture.convert("RGB")], [record["request"]["prompt"]])
        yield {
            "due": round(due, 3),
            "waited": round(record["timings"]["waited_seconds"], 3),
            "seconds": round(record["timings"]["total_seconds"], 3),
            "levels": " ".join(f"{each['level']}@{each['step']}" for each in drawing["levels"]),
            "steps": drawing["steps"],
            "clip_score": round(score, 2),
        }


def main() -> None:
    """Run it all and write data.csv."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--rate", type=float, default=0.5, help="pictures a second")
    parser.add_argument("--seconds", type=float, default=45)
    parser.add_argument("--burst", type=int, default=24)
    parser.add_argument("--cap", type=int, default=8, help="STORYTELLER_BATCH_CAP")
    parser.add_argument("--out", type=Path, default=HERE / "data.csv")
    options = parser.parse_args()
    clip, found = ClipWatch.load(str(SHIPPED_CLIP), device="cpu"), []
    for repeat in range(options.repeats):
        due = schedule(repeat, options.rate, options.seconds, options.burst)
        for retime in ("on", "off"):
            with stack(retime, options.cap) as gateway:
                runs = run(gateway, due, repeat)
                kept = rows(gateway, runs, clip)
                found += [{"repeat": repeat, "retime": retime, **row} for row in kept]
            print(f"repeat {repeat}, re-timing {retime}: {len(runs)} pictures", file=sys.stderr)
    with options.out.open("w", newline="") as file:
        writer = csv.DictWriter(file, found[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)


if __name__ == "__main__":
    main()
