"""What is measured, a scene to a file: `run` takes conditions and records, and gives findings."""
