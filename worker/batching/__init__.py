"""Step-batched denoising: every image in flight advances one step a turn, in one model call."""
