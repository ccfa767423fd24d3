"""A tiny language model with random weights, and a tokenizer trained on a few pages."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from worker.language.model import LanguageModel
from worker.language.prelude import example_pages

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


def tiny_network(vocabulary_size: int) -> LlamaForCausalLM:
    """Two layers with seeded random weights."""
    torch.manual_seed(3)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary_size,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=4096,
            bos_token_id=1,
            eos_token_id=2,
            pad_token_id=0,
        )
    ).eval()


def tiny_model(*, chats: bool) -> LanguageModel:
    """Base or chat, in memory."""
    tokenizer = tiny_tokenizer(chats)
    return LanguageModel("tiny", tiny_network(len(tokenizer)), tokenizer)


def write_tiny(folder: Path) -> Path:
    """The chat model as a transformers folder."""
    tokenizer = tiny_tokenizer(chats=True)
    tokenizer.save_pretrained(folder)
    tiny_network(len(tokenizer)).save_pretrained(folder)
    return folder
