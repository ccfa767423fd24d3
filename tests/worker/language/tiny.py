"""A tiny language model with random weights, and a tokenizer trained on a few pages."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    GptOssConfig,
    GptOssForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from worker.language.model import LanguageModel
from worker.language.prelude import example_pages
from worker.language.prove import prepared

TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
SPECIAL = ["<|pad|>", "<|start|>", "<|end|>", "<|user|>", "<|assistant|>"]


def tiny_tokenizer(chats: bool) -> PreTrainedTokenizerFast:
    """Byte-level pieces of the example pages; any text goes in and comes out again."""
    pieces = Tokenizer(models.BPE())
    pieces.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=900,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    pieces.train_from_iterator(example_pages(), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=pieces,
        pad_token="<|pad|>",
        bos_token="<|start|>",
        eos_token="<|end|>",
        chat_template=TEMPLATE if chats else None,
    )


def tiny_network(
    vocabulary_size: int, heads: int = 2, keys: int | None = None, width: int = 32
) -> LlamaForCausalLM:
    """Two layers with seeded random weights; so many heads share `keys` heads of keys."""
    torch.manual_seed(3)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary_size,
            hidden_size=width,
            intermediate_size=2 * width,
            num_hidden_layers=2,
            num_attention_heads=heads,
            num_key_value_heads=keys,
            max_position_embeddings=4096,
            bos_token_id=1,
            eos_token_id=2,
            pad_token_id=0,
        )
    ).eval()


def tiny_gemma(vocabulary_size: int) -> Gemma3ForCausalLM:
    """Three layers with seeded random weights, two of which see the last eight tokens alone."""
    torch.manual_seed(4)
    return Gemma3ForCausalLM(
        Gemma3TextConfig(
            vocab_size=vocabulary_size,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=3,
            num_attention_heads=4,
            num_key_value_heads=1,
            head_dim=16,
            query_pre_attn_scalar=16,
            sliding_window=8,
            layer_types=["sliding_attention", "full_attention", "sliding_attention"],
            max_position_embeddings=4096,
        )
    ).eval()


def tiny_model(*, chats: bool) -> LanguageModel:
    """Base or chat, in memory."""
    tokenizer = tiny_tokenizer(chats)
    return LanguageModel("tiny", prepared(tiny_network(len(tokenizer))), tokenizer)


def write_tiny(folder: Path, width: int = 32) -> Path:
    """The chat model as a transformers folder."""
    tokenizer = tiny_tokenizer(chats=True)
    tokenizer.save_pretrained(folder)
    tiny_network(len(tokenizer), width=width).save_pretrained(folder)
    return folder


def write_tiny_with_sinks(folder: Path) -> Path:
    """A network that attends to a sink beside its keys, as a transformers folder."""
    tokenizer = tiny_tokenizer(chats=True)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(2)
    config = GptOssConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        initializer_range=0.3,
        num_local_experts=2,
        num_experts_per_tok=1,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
    )
    GptOssForCausalLM(config).save_pretrained(folder)
    return folder
