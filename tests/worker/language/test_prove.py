"""Which architectures may write, shown by tiny random models of the true classes."""

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    GptOssConfig,
    MambaConfig,
    PreTrainedConfig,
    Qwen3Config,
)

from worker.language.packing import PACKED
from worker.language.prove import Unpackable, prepared

pytestmark = pytest.mark.usefixtures("one_thread")
SMALL = {
    "vocab_size": 200,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "initializer_range": 0.3,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
ATTENTION = {
    "intermediate_size": 64,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
}


CAPPED = {"sliding_window": 4, "attn_logit_softcapping": 0.5, "query_pre_attn_scalar": 8}
EXPERTS = {
    "num_local_experts": 2,
    "num_experts_per_tok": 1,
    "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
}


@pytest.mark.parametrize(
    "config",
    [Qwen3Config(**SMALL, **ATTENTION), Gemma2Config(**SMALL, **ATTENTION, **CAPPED)],
    ids=["qwen-3", "gemma-2, whose scores are capped"],
)
def test_causal_attention_is_packed(config: PreTrainedConfig) -> None:
    torch.manual_seed(0)
    network = prepared(AutoModelForCausalLM.from_config(config).eval())
    assert network.config._attn_implementation == PACKED


@pytest.mark.parametrize(
    "config",
    [MambaConfig(**SMALL, state_size=4), GptOssConfig(**SMALL, **ATTENTION, **EXPERTS)],
    ids=["mamba has no attention", "gpt-oss attends to a sink"],
)
def test_what_cannot_be_packed_is_refused_with_what_can(config: PreTrainedConfig) -> None:
    torch.manual_seed(0)
    network = AutoModelForCausalLM.from_config(config).eval()
    with pytest.raises(Unpackable, match=r"side by side.*Choose a model with plain causal"):
        prepared(network)
