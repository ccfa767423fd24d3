"""The same processes as compose.yaml, on one machine without containers or root."""
