"""Scheduler configs as checkpoints have them."""

from typing import Any

import numpy as np

Config = dict[str, Any]

STABLE_DIFFUSION_1: Config = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "set_alpha_to_one": False,
    "steps_offset": 1,
    "timestep_spacing": "leading",
}
ILLUSTRATOR: Config = {
    "beta_schedule": "squaredcos_cap_v2",
    "prediction_type": "v_prediction",
    "timestep_spacing": "trailing",
}
ZERO_SNR: Config = {
    "beta_schedule": "scaled_linear",
    "prediction_type": "v_prediction",
    "timestep_spacing": "trailing",
    "rescale_betas_zero_snr": True,
}
CONFIGS: dict[str, Config] = {
    "epsilon-leading": STABLE_DIFFUSION_1,
    "epsilon-trailing": {**STABLE_DIFFUSION_1, "timestep_spacing": "trailing"},
    "epsilon-linspace": {"timestep_spacing": "linspace"},
    "v-leading": {**ILLUSTRATOR, "timestep_spacing": "leading"},
    "v-trailing": ILLUSTRATOR,
    "v-linspace": {**ILLUSTRATOR, "timestep_spacing": "linspace"},
    "zero-snr": ZERO_SNR,
    "sample": {
        "prediction_type": "sample",
        "beta_schedule": "squaredcos_cap_v2",
        "timestep_spacing": "leading",
    },
    "trained-betas": {
        "trained_betas": np.linspace(0.001, 0.03, 1000).tolist(),
        "timestep_spacing": "trailing",
    },
}
