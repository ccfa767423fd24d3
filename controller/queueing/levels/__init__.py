"""Queues whose service depends on a level that follows the number outstanding: exact models."""
