"""The small CLIP: judge of the illustrator, and the first state of its text encoder."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPVisionConfig

from models.training import captions, scenes, tokens, world
from models.training.autoencoder import to_tensor
from models.training.pacing import Run, Stage, attention_kernels, set_rate
from models.training.presets import TEXT_TOKENS, TEXT_WIDTH, Preset

PICTURE_SIZE = 64
POOL = 12_000
RATE = 1e-3
HEAD_WEIGHT = 0.5


def build() -> CLIPModel:
    """An untrained CLIP for 64x64 pictures."""
    tokenizer = tokens.build()
    text = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=TEXT_WIDTH,
        intermediate_size=2 * TEXT_WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=TEXT_TOKENS,
        projection_dim=TEXT_WIDTH,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    vision = CLIPVisionConfig(
        hidden_size=128,
        intermediate_size=384,
        num_hidden_layers=4,
        num_attention_heads=4,
        image_size=PICTURE_SIZE,
        patch_size=16,
        projection_dim=TEXT_WIDTH,
    )
    return CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=TEXT_WIDTH))


class Heads(nn.Module):
    """Auxiliary classifiers on both embeddings: which subjects, which place, time and sky."""

    def __init__(self) -> None:
        super().__init__()
        self.classes = [
            each.name for kind in (world.SUBJECTS, world.PLACES, world.TIMES, world.SKIES)
            for each in kind
        ]  # fmt: skip
        self.head = nn.Linear(TEXT_WIDTH, len(self.classes))

    def targets(self, batch: list[scenes.Scene]) -> torch.Tensor:
        """What each scene holds: [n, classes] of 0 and 1."""
        held = [{*s.subjects, s.place, s.time, s.sky} for s in batch]
        return torch.tensor([[float(name in names) for name in self.classes] for names in held])

    def forward(self, embeddings: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return functional.binary_cross_entropy_with_logits(self.head(embeddings), targets) * 20


def shrink(pictures: torch.Tensor) -> torch.Tensor:
    """[n, 3, 128, 128] in -1..1 to the CLIP's [n, 3, 64, 64]."""
    return functional.interpolate(pictures, PICTURE_SIZE, mode="area")


def pool(seed: int, count: int) -> tuple[list[scenes.Scene], np.ndarray]:
    """Scenes and their pictures at the CLIP's size: uint8 [count, 64, 64, 3]."""
    rng = np.random.default_rng(seed)
    drawn = [scenes.sample(rng) for _ in range(count)]
    small = np.empty((count, PICTURE_SIZE, PICTURE_SIZE, 3), np.uint8)
    for index, scene in enumerate(drawn):
        halves = scenes.draw(scene).reshape(PICTURE_SIZE, 2, PICTURE_SIZE, 2, 3)
        small[index] = halves.mean((1, 3))
    return drawn, small


def _roughen(pixels: torch.Tensor) -> torch.Tensor:
    """Noise and blur, so that the judge reads drawn pictures and not only clean ones."""
    blurred = functional.avg_pool2d(pixels, 3, 1, 1)
    share = torch.rand(len(pixels), 1, 1, 1, device=pixels.device)
    noise = 0.15 * share.roll(1, 0) * torch.randn_like(pixels)
    return pixels.lerp(blurred, share * (share > 0.4)) + noise


def _contrast(pictures: torch.Tensor, texts: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    pictures, texts = functional.normalize(pictures, dim=-1), functional.normalize(texts, dim=-1)
    logits = scale.exp().clamp(max=100) * pictures @ texts.T
    own = torch.arange(len(logits), device=logits.device)
    return (functional.cross_entropy(logits, own) + functional.cross_entropy(logits.T, own)) / 2


def _optimizer(model: CLIPModel, heads: Heads) -> torch.optim.AdamW:
    parameters = [*model.parameters(), *heads.parameters()]
    return torch.optim.AdamW(parameters, lr=RATE, weight_decay=0.02)


def _loss(
    model: CLIPModel, heads: Heads, pixels: torch.Tensor, ids: dict, targets: torch.Tensor
) -> torch.Tensor:
    device = pixels.device.type
    with torch.autocast(device, torch.bfloat16), attention_kernels(device):
        pictures = model.get_image_features(pixel_values=_roughen(pixels)).pooler_output
        texts = model.get_text_features(**ids).pooler_output
    pictures, texts = pictures.float(), texts.float()
    extra = heads(pictures, targets) + heads(texts, targets)
    return _contrast(pictures, texts, model.logit_scale) + HEAD_WEIGHT * extra


def train(stage: Stage, preset: Preset) -> CLIPModel:
    """Contrastive training with auxiliary heads on scenes and fresh captions."""
    model, heads = build().to(stage.device), Heads().to(stage.device)
    optimizer = _optimizer(model, heads)
    run = Run(stage, {"model": model, "heads": heads, "optimizer": optimizer})
    run.restore()
    rng, tokenizer = np.random.default_rng(run.steps), tokens.build()
    drawn, pixels = pool(run.steps, min(POOL, preset.scenes))
    for share, bar in run.paced():
        set_rate(optimizer, share, warm_up=0.05)
        chosen = rng.integers(len(drawn), size=preset.clip_batch)
        batch = [drawn[index] for index in chosen]
        texts = [captions.describe(scene, rng) for scene in batch]
        ids = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
        targets = heads.targets(batch).to(stage.device)
        loss = _loss(
            model, heads, to_tensor(pixels[chosen], stage.device), ids.to(stage.device), targets
        )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        bar.set_postfix(step=run.steps, loss=f"{loss.item():.3f}")
    return model
