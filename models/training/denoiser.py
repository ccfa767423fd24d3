"""The denoiser: a text-conditioned UNet on 8x8x4 latents, trained to predict v."""

import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import DDPMScheduler, UNet2DConditionModel
from torch import nn
from transformers import CLIPModel, CLIPTextModel

from models.training import captions, clip, latents, tokens, workers
from models.training.pacing import Run, Stage, attention_kernels, follow, set_rate
from models.training.presets import LATENT_CHANNELS, TEXT_TOKENS, TEXT_WIDTH, Preset

LATENT_SIZE = 8
CAPTION_DROPOUT = 0.1
MAX_SNR = 5.0
TEXT_RATE_SHARE = 0.3
EMA_DECAY = 0.999
SCHEDULE = {
    "num_train_timesteps": 1000,
    "beta_schedule": "squaredcos_cap_v2",
    "prediction_type": "v_prediction",
    "timestep_spacing": "trailing",
    "clip_sample": False,
}


def build(preset: Preset) -> UNet2DConditionModel:
    """An untrained denoiser of the preset's size."""
    return UNet2DConditionModel(
        sample_size=LATENT_SIZE,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        block_out_channels=preset.denoiser_channels,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        cross_attention_dim=TEXT_WIDTH,
        attention_head_dim=4,
        norm_num_groups=16,
    )


@dataclass
class Models:
    """The denoiser with its text encoder, and the running average of both."""

    unet: UNet2DConditionModel
    text: CLIPTextModel

    def parts(self) -> nn.ModuleList:
        """Both as one module, for gradients and averages."""
        return nn.ModuleList([self.unet, self.text])


class _Batches:
    """Random latents and fresh captions of their scenes, one process's part of a batch."""

    def __init__(self, task: "Task", rng: np.random.Generator, processes: int) -> None:
        self.encoded = latents.load(task.preset.scenes, task.latents)
        self.device, self.rng, self.tokenizer = task.stage.device, rng, tokens.build()
        self.size = task.preset.denoiser_batch // processes

    def _caption(self, index: int) -> str:
        if self.rng.random() < CAPTION_DROPOUT:
            return ""
        return captions.describe(self.encoded.scenes[index], self.rng)

    def __call__(self) -> tuple[torch.Tensor, torch.Tensor]:
        chosen = self.rng.integers(len(self.encoded.scenes), size=self.size)
        padded = {"padding": "max_length", "truncation": True, "max_length": TEXT_TOKENS}
        texts = [self._caption(index) for index in chosen]
        ids = self.tokenizer(texts, return_tensors="pt", **padded).input_ids
        return self.encoded.latents[chosen].float().to(self.device), ids.to(self.device)


def min_snr_weight(alphas: torch.Tensor) -> torch.Tensor:
    """Weights of the v loss for cumulative alphas (Hang et al. 2023, min-SNR with gamma 5)."""
    snr = alphas / (1 - alphas)
    return snr.clamp(max=MAX_SNR) / (snr + 1)


def loss(
    models: Models, clean: torch.Tensor, ids: torch.Tensor, scheduler: DDPMScheduler
) -> tuple[torch.Tensor, float]:
    """Weighted v-prediction loss of latents [n, 4, 8, 8], and the plain one to report."""
    noise = torch.randn_like(clean)
    times = torch.randint(0, 1000, (len(clean),), device=clean.device)
    noisy = scheduler.add_noise(clean, noise, times)
    target = scheduler.get_velocity(clean, noise, times)
    device = clean.device.type
    with torch.autocast(device, torch.bfloat16), attention_kernels(device):
        hidden = models.text(ids).last_hidden_state
        found = models.unet(noisy, times, hidden).sample
    errors = (found.float() - target).square().mean((1, 2, 3))
    weights = min_snr_weight(scheduler.alphas_cumprod.to(clean.device)[times])
    return (errors * weights).mean() / 0.5, errors.detach().mean().item()


def _optimizer(models: Models, preset: Preset) -> torch.optim.AdamW:
    groups = [
        {"params": list(models.unet.parameters()), "lr": preset.denoiser_rate},
        {"params": list(models.text.parameters()), "lr": preset.denoiser_rate * TEXT_RATE_SHARE},
    ]
    return torch.optim.AdamW(groups, weight_decay=1e-2, betas=(0.9, 0.99), fused=True)


class _Log:
    """Mean loss of every hundred steps, as lines of a CSV file."""

    def __init__(self, run: Run) -> None:
        self.run, self.sum = run, 0.0
        self.path = run.stage.folder / "denoiser.csv"

    def add(self, value: float) -> None:
        self.sum += value
        if self.run.steps % 100 == 99:
            with self.path.open("a") as file:
                file.write(f"{self.run.spent:.0f},{self.run.steps + 1},{self.sum / 100:.4f}\n")
            self.sum = 0.0


@dataclass(frozen=True)
class Task:
    """What every process of the training gets to know."""

    stage: Stage
    preset: Preset
    latents: Path
    clip: Path

    def start(self) -> Models:
        """A fresh denoiser, and the CLIP's text encoder to begin with."""
        judge = clip.build()
        judge.load_state_dict(torch.load(self.clip, map_location="cpu")["state"]["model"])
        text = text_encoder(judge)
        device = self.stage.device
        return Models(build(self.preset).to(device), text.to(device))


def text_encoder(judge: CLIPModel) -> CLIPTextModel:
    """A copy of a CLIP's text half as a model of its own."""
    text = CLIPTextModel(judge.config.text_config)
    whole = judge.state_dict()
    text.load_state_dict({name: whole[f"text_model.{name}"] for name in text.state_dict()})
    return text


def train(task: Task, models: Models, team: workers.Team) -> None:
    """Trains on the encoded scenes with fresh captions; the checkpoint holds the result."""
    averaged = copy.deepcopy(models).parts().requires_grad_(False)
    trained, optimizer = models.parts(), _optimizer(models, task.preset)
    run = Run(task.stage, {"trained": trained, "averaged": averaged, "optimizer": optimizer})
    run.restore()
    torch.manual_seed(run.steps * 64 + team.rank)
    draw = _Batches(task, np.random.default_rng([run.steps, team.rank]), team.count)
    log, scheduler, parameters = _Log(run), DDPMScheduler(**SCHEDULE), list(trained.parameters())
    for share, bar in run.paced(lead=team.rank == 0, agree=team.agree):
        set_rate(optimizer, share)
        weighted, plain = loss(models, *draw(), scheduler)
        optimizer.zero_grad(set_to_none=True)
        weighted.backward()
        team.average_gradients(parameters)
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        if team.rank == 0:
            follow(averaged, trained, run.steps, EMA_DECAY)
            log.add(plain)
            bar.set_postfix(step=run.steps, loss=f"{plain:.3f}")


def _work(rank: int, count: int, task: Task) -> None:
    train(task, task.start(), workers.Team(rank, count))


def launch(task: Task) -> None:
    """Trains in as many processes as suit the device."""
    workers.spawn(_work, workers.count_for(task.stage.device), task)
