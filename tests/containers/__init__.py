"""The containers of compose.yaml, built and started for real."""
