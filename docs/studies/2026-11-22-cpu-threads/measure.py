"""Seconds a picture and tokens a second by threads, OpenMP wait policy, and a busy neighbour.

    cd docs/studies/2026-11-22-cpu-threads && ../../../.venv/bin/python measure.py > data.csv

Each row is one fresh process, because OpenMP reads its policy once, when torch is loaded.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[3]
STEPS, REPEATS, TOKENS = 25, 3, 60
SPIN = "while True: pass"


def picture() -> float:
    """Seconds for one picture of STEPS steps by the shipped illustrator."""
    from services.contract.ladder import ImageLevel
    from worker.batching.denoiser import Denoiser
    from worker.batching.engine import Engine
    from worker.batching.request import ImageRequest

    with Engine(Denoiser.load(str(ROOT / "models" / "illustrator"), device="cpu")) as engine:

        def draw(seed: int) -> float:
            started = time.monotonic()
            request = ImageRequest(
                prompt="a fox in the snow",
                seed=seed,
                level=ImageLevel(sampler="ddim", steps=STEPS, guidance_scale=3.0),
            )
            engine.submit(request).result()
            return time.monotonic() - started

        draw(0)
        return sorted(draw(seed) for seed in range(1, REPEATS + 1))[REPEATS // 2]


def text() -> float:
    """Tokens a second of the default story model, once it has read its examples."""
    from worker.language.load import load_model
    from worker.narrate import StoryOrder, narrate

    model = load_model(None, home=ROOT / ".storyteller", device="cpu")
    counts: list[int] = []

    def write(prompt: str) -> float:
        counts.clear()
        started = time.monotonic()
        narrate(
            model,
            StoryOrder(prompt, pages=1, max_tokens=TOKENS),
            on_page=lambda *_: None,
            on_token=lambda done, _: counts.append(done),
            interrupted=lambda: None,
        )
        return len(counts) / (time.monotonic() - started)

    write("a fox")
    return write("a bear")


def measure(what: str, threads: str) -> None:
    """Print one figure."""
    import torch

    torch.set_num_threads(int(threads))
    print(f"{(picture if what == 'seconds_a_picture' else text)():.3f}")


def row(what: str, threads: int, policy: str, neighbours: int) -> None:
    """Run one process beside so many that never rest, and print its line."""
    busy = [subprocess.Popen([sys.executable, "-c", SPIN]) for _ in range(neighbours)]
    try:
        answer = subprocess.run(
            [sys.executable, __file__, what, str(threads)],
            env={**os.environ, "OMP_WAIT_POLICY": policy, "PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    finally:
        for process in busy:
            process.kill()
            process.wait()
    print(what, threads, policy, neighbours, answer.stdout.split()[-1], sep=",", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(*sys.argv[1:])
    else:
        print("what,threads,policy,busy_neighbours,value", flush=True)
        for what in ("seconds_a_picture", "tokens_a_second"):
            for neighbours in (0, 1):
                for threads, policy in ((1, "PASSIVE"), (2, "PASSIVE"), (2, "ACTIVE")):
                    row(what, threads, policy, neighbours)
