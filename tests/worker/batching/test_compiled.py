"""The UNet compiled: the same numbers, from few shapes."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from torch._dynamo.utils import counters

from tests.worker.batching.oracle import psnr
from tests.worker.batching.requests import MIXED
from worker.batching.checkpoint import ModelError
from worker.batching.compiled import Compiled, check_compiler, sizes
from worker.batching.denoiser import Denoiser
from worker.batching.engine import Engine
from worker.batching.reference import draw
from worker.batching.unet import Inputs, Plain

CPU = torch.device("cpu")


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """A backend that changes nothing: inductor takes a minute for each size. And one thread from
    the first, for what was compiled for one number of threads is compiled again for another."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("worker.batching.compiled.BACKEND", "eager")
        patch.setattr("worker.batching.compiled.PADDING", {"cpu": 2.0})
        yield
    torch.set_num_threads(threads)
    torch.compiler.reset()


@pytest.fixture(scope="module")
def compiled(denoiser: Denoiser) -> Compiled:
    """Warm for up to four rows."""
    compiled = Compiled(denoiser.checkpoint.unet("bf16"))
    with torch.inference_mode():
        compiled.warm(asked(denoiser, 1), 4)
    return compiled


@contextmanager
def serving() -> Iterator[None]:
    """Nothing may be compiled any more: it would stop everybody for a minute."""
    with torch.inference_mode(), torch.compiler.set_stance("fail_on_recompile"):
        yield


def asked(denoiser: Denoiser, rows: int, cells: int = 8) -> Inputs:
    """Random latents, each row at its own timestep and with its own prompt."""
    generator = torch.Generator().manual_seed(rows)
    texts = ["a fox", "a bear", "an owl at night", ""]
    encodings = [denoiser._prompts.encode(texts[row % 4]) for row in range(rows)]
    large = encodings[0].pooled is not None
    return Inputs(
        torch.randn((rows, 4, cells, cells), generator=generator),
        torch.arange(rows) * 100.0,
        torch.cat([encoding.tokens for encoding in encodings]),
        torch.cat([encoding.pooled for encoding in encodings]) if large else None,
        torch.full((rows, 6), 32.0) if large else None,
    )


@pytest.mark.parametrize(("rows", "expected"), [(1, [1]), (2, [1, 2]), (12, [1, 2, 4, 8, 16])])
def test_the_sizes_are_powers_of_two_that_hold_every_batch(rows: int, expected: list[int]) -> None:
    assert sizes(rows) == expected


@pytest.mark.parametrize("kind", ["denoiser", "large_denoiser"])
def test_rows_that_pad_change_nothing(kind: str, request: pytest.FixtureRequest) -> None:
    denoiser: Denoiser = request.getfixturevalue(kind)
    plain, inputs = Plain(denoiser.checkpoint.pipeline.unet), asked(denoiser, 3)
    with torch.inference_mode():
        padded = plain(inputs.padded(8))
        assert len(padded) == 8
        torch.testing.assert_close(padded[:3], plain(inputs), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("rows", [1, 2, 3, 4])
def test_the_numbers_are_those_of_the_plain_one(
    compiled: Compiled, denoiser: Denoiser, rows: int
) -> None:
    with serving():
        inputs = asked(denoiser, rows)
        torch.testing.assert_close(compiled(inputs), Plain(compiled.unet)(inputs))


@pytest.mark.parametrize(("most", "expected"), [(2.0, [1, 2, 4, 4]), (1.15, [1, 2, 4])])
def test_a_batch_is_padded_to_the_next_warm_size_where_that_is_worth_it(
    compiled: Compiled,
    denoiser: Denoiser,
    monkeypatch: pytest.MonkeyPatch,
    most: float,
    expected: list[int],
) -> None:
    given: list[int] = []
    network = compiled._compiled

    def watched(latents: torch.Tensor, *rest: torch.Tensor, **named: object) -> torch.Tensor:
        given.append(len(latents))
        return network(latents, *rest, **named)

    monkeypatch.setattr("worker.batching.compiled.PADDING", {"cpu": most})
    monkeypatch.setattr(compiled, "_compiled", watched)
    with serving():
        assert [len(compiled(asked(denoiser, rows))) for rows in (1, 2, 3, 4)] == [1, 2, 3, 4]
    assert given == expected


def test_nothing_is_compiled_once_it_is_warm(compiled: Compiled, denoiser: Denoiser) -> None:
    """Neither for a batch, nor for what no warm size fits, which goes through as it is."""
    with serving():
        for rows, cells in ((1, 8), (3, 8), (2, 12), (7, 8)):
            assert len(compiled(asked(denoiser, rows, cells))) == rows


def test_an_answer_outlives_the_next(compiled: Compiled, denoiser: Denoiser) -> None:
    with serving():
        first = compiled(asked(denoiser, 1))
        kept = first.clone()
        compiled(asked(denoiser, 2))
        assert torch.equal(first, kept)


def test_a_compiler_that_fails_says_what_to_set(
    denoiser: Denoiser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no room left")

    monkeypatch.setattr("worker.batching.compiled.BACKEND", broken)
    compiled = Compiled(denoiser.checkpoint.unet("bf16"))
    with (
        torch.inference_mode(),
        pytest.raises(ModelError, match=r"(?s)no room left.*STORYTELLER_COMPILE=off"),
    ):
        compiled.warm(asked(denoiser, 1), 1)


@pytest.mark.parametrize("device", [CPU, torch.device("cuda", 0)])
def test_a_missing_compiler_is_told_at_once(
    device: torch.device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ModelError, match=r"needs g(\+\+|cc), .*STORYTELLER_COMPILE=off"):
        check_compiler(device)


def test_a_compiler_that_is_named_is_the_one_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "my-compiler")
    with pytest.raises(ModelError, match="needs my-compiler"):
        check_compiler(CPU)


def test_the_engine_draws_the_same_pictures(denoiser: Denoiser) -> None:
    """With sizes and batches among them that are not compiled, and in a thread that did not."""
    quick = Denoiser(denoiser.checkpoint, compiled=True)
    quick.warm(1)
    requests = [MIXED[index] for index in (1, 3, 5)]
    graphs = counters["stats"]["unique_graphs"]
    with Engine(quick, cap=4) as engine:
        futures = [engine.submit(request) for request in requests]
        pictures = [future.result(60).picture for future in futures]
    for picture, request in zip(pictures, requests, strict=True):
        assert psnr(picture, draw(denoiser, request)) >= 50
    assert counters["stats"]["unique_graphs"] == graphs > 0


def test_without_compiling_nothing_is_warmed_and_no_variant_loaded(denoiser: Denoiser) -> None:
    plain = Denoiser(denoiser.checkpoint)
    plain.warm(8, ["auto", "bf16"])
    assert list(plain.memory) == ["fp32"]
