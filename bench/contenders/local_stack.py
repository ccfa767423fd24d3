"""The whole project as `python -m stack up` starts it, with a Redis and a home of its own."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from bench.conditions import ROOT, SHIPPED, Conditions
from stack import own
from stack.client import Gateway
from stack.own import Own

MODELS = ROOT / ".storyteller" / "models"


def running(
    conditions: Conditions, log: Path, settings: Mapping[str, object]
) -> AbstractContextManager[Gateway]:
    """Its gateway, once it is ready for jobs; it shares the models that are prepared already."""
    return own.running(Own(MODELS, _settings(conditions) | settings), log)


def _settings(conditions: Conditions) -> dict[str, object]:
    model = {"image_model": conditions.model} if conditions.model != str(SHIPPED) else {}
    return model | {"device": conditions.device}
