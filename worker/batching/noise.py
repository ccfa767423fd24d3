"""How noisy a latent is at each training timestep, read from a checkpoint's scheduler config.

Arithmetic is float32 in the order diffusers uses, because near timestep 0 the coefficients are
differences of numbers next to 1, where float32 rounding is as large as the tolerance we hold.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

PREDICTION_TYPES = ("epsilon", "v_prediction", "sample")
SPACINGS = ("leading", "trailing", "linspace")
BETA_SCHEDULES = ("linear", "scaled_linear", "squaredcos_cap_v2")
VARIANCE_TYPES = ("fixed_small", "fixed_small_log", "fixed_large")

DEFAULTS: Mapping[str, Any] = {
    "num_train_timesteps": 1000,
    "beta_start": 0.0001,
    "beta_end": 0.02,
    "beta_schedule": "linear",
    "trained_betas": None,
    "prediction_type": "epsilon",
    "timestep_spacing": "leading",
    "steps_offset": 0,
    "set_alpha_to_one": True,
    "rescale_betas_zero_snr": False,
    "variance_type": "fixed_small",
    "thresholding": False,
}
"""What diffusers' DDPMScheduler and DDIMScheduler assume where a config is silent."""


@dataclass(frozen=True, eq=False)
class NoiseSchedule:
    """The noise a checkpoint was trained with.

    `clip_sample` is taken as false whatever the config says: a latent is no pixel and has no
    range to clip to (diffusers' own pipeline turns it off as well), and a clip is not linear,
    so no row of coefficients could express it.
    """

    alphas_cumprod: Floats
    """ᾱ_t for t = 0 … num_train_timesteps - 1: the share of signal variance left at t."""
    final_alpha_cumprod: np.float32
    """What DDIM takes for ᾱ before timestep 0."""
    prediction_type: str
    timestep_spacing: str
    steps_offset: int
    variance_type: str

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Read a diffusers scheduler config; ValueError names what a table of steps cannot do."""
        known = _with_defaults(config)
        _refuse_unsupported(known)
        alphas = _alphas_cumprod(known)
        if alphas[-1] == 0 and known["prediction_type"] == "epsilon":
            raise ValueError(
                "The scheduler config rescales to zero terminal SNR, where a predicted noise says "
                "nothing about the picture: use a checkpoint with v_prediction, or set "
                "rescale_betas_zero_snr to false."
            )
        return cls(
            alphas_cumprod=alphas,
            final_alpha_cumprod=np.float32(1) if known["set_alpha_to_one"] else alphas[0],
            prediction_type=known["prediction_type"],
            timestep_spacing=known["timestep_spacing"],
            steps_offset=int(known["steps_offset"]),
            variance_type=known["variance_type"],
        )

    @property
    def num_train_timesteps(self) -> int:
        """How many noise levels the model was trained on."""
        return len(self.alphas_cumprod)

    def timesteps(self, steps: int, *, skipped: int = 0) -> NDArray[np.int64]:
        """The training timesteps visited, noisiest first (arXiv 2305.08891, table 2).

        `skipped` more are spaced along with them at the clean end, and not visited.
        """
        self.check_steps(steps, self.num_train_timesteps - skipped)
        visited = self._spaced(steps + skipped)[:steps].astype(np.int64)
        if visited[0] >= self.num_train_timesteps:
            most = self.num_train_timesteps - self.steps_offset - skipped
            raise ValueError(
                f"{steps} steps with steps_offset {self.steps_offset} begin beyond the noisiest "
                f"level; use at most {most} steps."
            )
        return visited

    def check_steps(self, steps: int, most: int | None = None) -> None:
        """ValueError unless there are levels for `steps` steps: `most`, or all there are."""
        most = self.num_train_timesteps if most is None else most
        if not 1 <= steps <= most:
            raise ValueError(
                f"steps must be between 1 and {most}, for a model trained on "
                f"{self.num_train_timesteps} noise levels; got {steps}."
            )

    def _spaced(self, steps: int) -> NDArray[np.float64]:
        total = self.num_train_timesteps
        if self.timestep_spacing == "linspace":
            return np.linspace(0, total - 1, steps).round()[::-1]
        if self.timestep_spacing == "leading":
            return np.arange(steps)[::-1] * (total // steps) + float(self.steps_offset)
        return trailing(total, steps)


def trailing(levels: float, steps: int) -> NDArray[np.float64]:
    """`steps` timesteps spaced evenly over the `levels` cleanest, from levels - 1 down."""
    # For a few step counts (61, 103, …) rounding gives arange one element too many, which
    # diffusers visits as timestep -1 and ruins the picture with; the cut leaves it out.
    return np.round(np.arange(levels, 0, -levels / steps))[:steps] - 1


def _with_defaults(config: Mapping[str, Any]) -> dict[str, Any]:
    """The config's own values; what its class merely defaulted to gives way to our defaults."""
    assumed = config.get("_use_default_values", ())
    own = {key: config[key] for key in DEFAULTS if key in config and key not in assumed}
    return {**DEFAULTS, **own}


def _refuse_unsupported(config: Mapping[str, Any]) -> None:
    allowed = {
        "prediction_type": PREDICTION_TYPES,
        "timestep_spacing": SPACINGS,
        "variance_type": VARIANCE_TYPES,
    }
    if config["trained_betas"] is None:
        allowed["beta_schedule"] = BETA_SCHEDULES
    for name, values in allowed.items():
        if config[name] not in values:
            raise ValueError(
                f"The checkpoint's scheduler config has {name} = {config[name]!r}, which is not "
                f"supported; use a checkpoint with one of: {', '.join(values)}."
            )
    if config["thresholding"]:
        raise ValueError(
            "The checkpoint's scheduler config asks for dynamic thresholding, which is made for "
            "pixels and not for latents; set thresholding to false in scheduler_config.json."
        )


def _alphas_cumprod(config: Mapping[str, Any]) -> Floats:
    betas = _betas(config)
    alphas = np.float32(1) - betas
    if config["rescale_betas_zero_snr"]:
        alphas = _zero_terminal_snr(_cumulative_product(alphas))
    return _cumulative_product(alphas)


def _betas(config: Mapping[str, Any]) -> Floats:
    total = int(config["num_train_timesteps"])
    start, end = float(config["beta_start"]), float(config["beta_end"])
    if config["trained_betas"] is not None:
        return np.asarray(config["trained_betas"], np.float32)
    if config["beta_schedule"] == "linear":
        return _evenly(start, end, total)
    if config["beta_schedule"] == "scaled_linear":
        return _evenly(start**0.5, end**0.5, total) ** 2
    return _squared_cosine(total)


def _squared_cosine(total: int) -> Floats:
    """β_t of ᾱ(t) = cos²((t + 0.008) / 1.008 · π/2), capped at 0.999 (arXiv 2102.09672, eq. 17)."""
    bar = [math.cos((i / total + 0.008) / 1.008 * math.pi / 2) ** 2 for i in range(total + 1)]
    return np.array([min(1 - bar[i + 1] / bar[i], 0.999) for i in range(total)], np.float32)


def _evenly(start: float, end: float, count: int) -> Floats:
    """torch.linspace in float32: counted from both ends towards the middle, each rounded once."""
    first, last = np.float32(start), np.float32(end)
    step = np.float64((last - first) / np.float32(max(count - 1, 1)))
    index = np.arange(count)
    spaced = np.where(index < count // 2, first + step * index, last - step * index[::-1])
    return spaced.astype(np.float32)


def _cumulative_product(values: Floats) -> Floats:
    """torch.cumprod on a CPU: multiplied in double precision, kept in single."""
    return np.cumprod(values.astype(np.float64)).astype(np.float32)


def _zero_terminal_snr(alphas_cumprod: Floats) -> Floats:
    """α_t shifted and scaled so that the last ᾱ is 0 and the first stays (2305.08891, alg. 1)."""
    root = np.sqrt(alphas_cumprod)
    first, last = root[0], root[-1]
    squared = ((root - last) * (first / (first - last))) ** 2
    return np.concatenate([squared[:1], squared[1:] / squared[:-1]])
