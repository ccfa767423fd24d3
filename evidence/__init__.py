"""Prediction beside measurement: what `make study` runs, and the report it writes."""
