"""The queue without a worker: models, simulation and the planning of levels. Pure."""
