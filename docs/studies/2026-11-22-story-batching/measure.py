"""Tokens a second of several stories on one CPU, by how they share the network's forward passes.

    cd docs/studies/2026-11-22-story-batching && ../../../.venv/bin/python measure.py > data.csv

`alone`: one after another, transformers with a DynamicCache. `padded`: one static batch of
transformers', padded on the left. `packed`: worker/language/packing.py. They take turns within a
repeat, because the machine may be busier at one time than at another. The prompt is what the
worker lets Gemma read before a story; forward passes are timed alone. `written` are whole
one-page stories by worker/narrate.py, with drafts, sampling and threads: one after another and
together; `same` counts those that came out alike both times.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402 - OpenMP reads its policy when torch is loaded
from transformers import DynamicCache, PreTrainedModel  # noqa: E402

from worker.language import packing, prelude  # noqa: E402
from worker.language.context import Context  # noqa: E402
from worker.language.load import load_model  # noqa: E402
from worker.language.model import LanguageModel  # noqa: E402
from worker.narrate import StoryOrder, narrate  # noqa: E402

SUBJECTS = (
    "a brave fox who finds a star", "a bear who bakes", "an old train that dreams of the sea",
    "two mice", "a girl named Mia and her kite", "a robot in the garden", "a whale", "a frog",
)  # fmt: skip
COUNTS = (1, 2, 4, 8)
THREADS = (1, 2)
Step = Callable[[], None]


def alone(network: PreTrainedModel, texts: list[list[int]]) -> Step:
    """Advances every text by a token, one text after another."""
    caches = [DynamicCache(config=network.config) for _ in texts]

    def read(rows: torch.Tensor, cache: DynamicCache) -> torch.Tensor:
        out = network(input_ids=rows, past_key_values=cache, logits_to_keep=1)
        return out.logits[:, -1].argmax(-1, keepdim=True)

    now = [read(torch.tensor([ids]), cache) for ids, cache in zip(texts, caches, strict=True)]

    def step() -> None:
        now[:] = [read(last, cache) for last, cache in zip(now, caches, strict=True)]

    return step


def padded(network: PreTrainedModel, texts: list[list[int]]) -> Step:
    """Advances every text by a token, in one batch whose texts are padded on the left."""
    gaps = [max(map(len, texts)) - len(ids) for ids in texts]
    mask = torch.tensor([[0] * g + [1] * len(ids) for g, ids in zip(gaps, texts, strict=True)])
    rows = torch.tensor([[0] * g + ids for g, ids in zip(gaps, texts, strict=True)])
    places = (mask.cumsum(1) - 1).clamp(min=0)
    cache = DynamicCache(config=network.config)

    def read(rows: torch.Tensor, mask: torch.Tensor, places: torch.Tensor) -> list[torch.Tensor]:
        out = network(rows, mask, places, past_key_values=cache, logits_to_keep=1)
        seen = torch.cat([mask, mask[:, -1:]], dim=1)
        return [out.logits[:, -1].argmax(-1, keepdim=True), seen, places[:, -1:] + 1]

    now = read(rows, mask, places)

    def step() -> None:
        now[:] = read(*now)

    return step


def packed(network: PreTrainedModel, texts: list[list[int]]) -> Step:
    """Advances every text by a token, all tokens side by side in one row."""
    now = packing.read(network, [packing.Piece(Context(), tuple(ids)) for ids in texts])

    def step() -> None:
        pieces = [packing.Piece(context, (int(row.argmax()),)) for context, row in now]
        now[:] = packing.read(network, pieces)

    return step


WAYS = {alone: "sdpa", padded: "sdpa", packed: packing.PACKED}


@torch.inference_mode()
def passes(model: LanguageModel, options: argparse.Namespace) -> Iterator[str]:
    """A row for each way, number of stories and number of threads."""
    texts = [model.tokenizer.encode(f"{prelude.examples()}Book: {s}\nTitle:") for s in SUBJECTS]
    for count in COUNTS:
        steps = {}
        for way, attention in WAYS.items():
            model.network.set_attn_implementation(attention)
            steps[way] = way(model.network, texts[:count])
        for threads in THREADS:
            torch.set_num_threads(threads)
            rounds = [
                {way: _seconds(model, way, step, options.tokens) for way, step in steps.items()}
                for _ in range(options.repeats)
            ]
            yield from _rows(threads, count, rounds, count * options.tokens)


def _seconds(model: LanguageModel, way: Callable, step: Step, tokens: int) -> float:
    model.network.set_attn_implementation(WAYS[way])
    step()
    started = time.perf_counter()
    for _ in range(tokens):
        step()
    return time.perf_counter() - started


def _rows(threads: int, count: int, rounds: list[dict], tokens: int) -> Iterator[str]:
    for way in WAYS:
        speed = tokens / statistics.median(seconds[way] for seconds in rounds)
        ratio = statistics.median(seconds[alone] / seconds[way] for seconds in rounds)
        yield f"{way.__name__},{threads},{count},{speed:.1f},{ratio:.2f},"


def written(model: LanguageModel) -> Iterator[str]:
    """A row for eight whole stories one after another, and one for the same ones together."""
    torch.set_num_threads(THREADS[0])
    model.network.set_attn_implementation(packing.PACKED)
    model.opening(prelude.examples(), lambda: None)
    one, first = _written(model, 1)
    many, second = _written(model, len(SUBJECTS))
    same = sum(a == b for a, b in zip(first, second, strict=True))
    yield f"written,{THREADS[0]},1,{one:.1f},1.00,"
    yield f"written,{THREADS[0]},{len(SUBJECTS)},{many:.1f},{many / one:.2f},{same}"


def _written(model: LanguageModel, together: int) -> tuple[float, list]:
    """Tokens a second, and the stories."""
    tokens: list[int] = []

    def write(subject: str) -> object:
        return narrate(
            model,
            StoryOrder(subject, pages=1, max_tokens=60),
            on_page=lambda *_: None,
            on_token=lambda done, _: tokens.append(done),
            interrupted=lambda: None,
        )

    started = time.perf_counter()
    with ThreadPoolExecutor(together) as pool:
        stories = list(pool.map(write, SUBJECTS))
    return len(tokens) / (time.perf_counter() - started), stories


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=6, help="timed of each story in a repeat")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    model = load_model(None, home=ROOT / ".storyteller", device="cpu")
    print("way,threads,stories,tokens_a_second,over_alone,same", flush=True)
    for rows in (written(model), passes(model, options)):
        for row in rows:
            print(row, flush=True)


if __name__ == "__main__":
    main()
