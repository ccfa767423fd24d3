"""The gateway: HTTP in front of the queue."""

from services.gateway.factory import create_app

__all__ = ["create_app"]
