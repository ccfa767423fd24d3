"""A prompt that comes again is not encoded again."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import nn

from tests.worker.batching.requests import image_request
from worker.batching.denoiser import Denoiser
from worker.batching.prompts import REMEMBERED, Prompts
from worker.batching.reference import draw

pytestmark = pytest.mark.usefixtures("one_thread")


@contextmanager
def calls_of(encoder: nn.Module) -> Iterator[list[int]]:
    """One entry for each call of a text encoder."""
    calls: list[int] = []
    hook = encoder.register_forward_hook(lambda *_: calls.append(1))
    yield calls
    hook.remove()


def test_each_text_is_encoded_once(denoiser: Denoiser) -> None:
    pipeline = denoiser.checkpoint.pipeline
    prompts = Prompts(pipeline)
    with calls_of(pipeline.text_encoder) as calls:
        for prompt, negative in (("a fox", ""), ("a fox", ""), ("a bear", ""), ("", "a fox")):
            prompts.conditioning(image_request(prompt=prompt, negative_prompt=negative), 32, 32)
    assert len(calls) == 3


def test_both_encoders_are_asked_once(large_denoiser: Denoiser) -> None:
    pipeline = large_denoiser.checkpoint.pipeline
    prompts = Prompts(pipeline)
    with calls_of(pipeline.text_encoder) as first, calls_of(pipeline.text_encoder_2) as second:
        for _ in range(3):
            prompts.conditioning(image_request(prompt="a fox", negative_prompt="owl"), 32, 32)
    assert len(first) == len(second) == 2


def test_without_guidance_the_negative_prompt_is_not_encoded(denoiser: Denoiser) -> None:
    pipeline = denoiser.checkpoint.pipeline
    with calls_of(pipeline.text_encoder) as calls:
        request = image_request(guidance_scale=1.0, negative_prompt="an owl")
        assert Prompts(pipeline).conditioning(request, 32, 32).negative is None
    assert len(calls) == 1


def test_the_least_recently_used_is_forgotten(denoiser: Denoiser) -> None:
    pipeline = denoiser.checkpoint.pipeline
    prompts = Prompts(pipeline)
    prompts.encode("a fox")
    for index in range(REMEMBERED):
        prompts.encode(f"{index}")
        prompts.encode("a fox")
    with calls_of(pipeline.text_encoder) as calls:
        prompts.encode("a fox")
        assert not calls
        prompts.encode("0")
        assert calls


def test_drawing_changes_nothing_that_is_remembered(
    denoiser: Denoiser, large_denoiser: Denoiser
) -> None:
    for model in (denoiser, large_denoiser):
        request = image_request(negative_prompt="an owl", steps=2)
        texts = [model._prompts.encode(text) for text in (request.prompt, "an owl")]
        before = [text.tokens.clone() for text in texts]
        draw(model, request)
        assert all(torch.equal(text.tokens, was) for text, was in zip(texts, before, strict=True))
        assert model._prompts.encode("an owl") is texts[1]
