"""What `python -m loadgen` does, a module for each command."""
