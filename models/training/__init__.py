"""Trains the illustrator from the art in Debian packages to a Stable Diffusion folder."""
