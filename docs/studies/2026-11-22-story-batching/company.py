"""Whether a piece of text is read in company as it is read alone: random mixes, compared by bits.

cd docs/studies/2026-11-22-story-batching && ../../../.venv/bin/python company.py > company.csv
"""

import argparse
import os
import random
import sys
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402 - OpenMP reads its policy when torch is loaded

from worker.language import packing, prelude  # noqa: E402
from worker.language.context import Context  # noqa: E402
from worker.language.load import Source  # noqa: E402
from worker.language.model import LanguageModel  # noqa: E402
from worker.language.packing import Piece  # noqa: E402

BEFORE = (60, 250, 520)
SIZES = (1, 1, 1, 1, 2, 3, 4, 6, 9, 30)
MOST = 7


def differences(model: LanguageModel, mixes: int) -> list[float]:
    """The largest difference of a score, one for each mix of up to MOST pieces."""
    ids = tuple(model.tokenizer.encode(prelude.examples()))
    begun = [packing.read(model.network, [Piece(Context(), ids[:n])])[0][0] for n in BEFORE]
    chance, found = random.Random(1), []
    for _ in range(mixes):
        pieces = []
        for _ in range(chance.randint(2, MOST)):
            start = chance.randint(0, 600)
            text = ids[start : start + chance.choice(SIZES)]
            pieces.append(Piece(chance.choice(begun), text))
        own = chance.randrange(len(pieces))
        _, alone = packing.read(model.network, [pieces[own]])[0]
        _, together = packing.read(model.network, pieces)[own]
        found.append((alone - together).abs().max().item())
    return found


def main() -> None:
    """Print a row for each precision and number of threads."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mixes", type=int, default=40)
    options = parser.parse_args()
    source = Source.named(None, home=ROOT / ".storyteller", device="cpu")
    print("precision,threads,mixes,same,largest_difference", flush=True)
    for precision in ("bf16", "fp32"):
        model = source.load(precision)
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found = differences(model, options.mixes)
            same = sum(difference == 0 for difference in found)
            print(precision, threads, len(found), same, f"{max(found):.1e}", sep=",", flush=True)


if __name__ == "__main__":
    main()
