"""`predict --policy`: the live system's policy and profile, by the models with levels."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from controller.queueing.levels.prediction import Model, Prediction, System, predict
from controller.queueing.refusal import BadInput
from controller.queueing.simulation.live import TICK_SECONDS
from services.contract import policy, profile
from services.contract.jobs import QUEUES

MODELS: tuple[str, ...] = get_args(Model)

_DESCRIPTION = """
With the dwell of its rules (model dwelling) and, beside it, as if levels changed at once (chain, or
embedded where it applies); --model asks for one alone. Both decide with every arrival and
departure; dwelling and chain have all work in hand follow the level up and down, while live a
picture follows it down alone and a story keeps the one it began with: simulate those.
"""


def add(group: Any) -> None:
    """Its options."""
    group.description = _DESCRIPTION
    option = group.add_argument
    option("--policy", type=Path, help="policy.toml: when which level is in force")
    option("--profile", type=Path, help="profile.json: what its levels take and are worth")
    option("--queue", choices=QUEUES, help="(images)")


def asked(options: argparse.Namespace) -> bool:
    """Whether a policy is meant, in full or in part."""
    return options.model in MODELS or bool(options.policy or options.profile or options.queue)


def predicted(options: argparse.Namespace, others: tuple[str, ...]) -> Prediction:
    """`others`: options that describe a queue that has no policy. Raises Refusal, PolicyError or
    ProfileError."""
    if options.policy is None or options.profile is None:
        raise BadInput(
            "a policy is predicted from two files: --policy, when which level is in force, and "
            "--profile, what its levels take and are worth"
        )
    if options.model is not None and options.model not in MODELS:
        raise BadInput(f"--model {options.model} has no levels: it takes no --policy")
    for name in others:
        if getattr(options, name) is not None:
            said = f"--{name.replace('_', '-')}"
            raise BadInput(f"{said} is for --model: a policy and its profile say it themselves")
    system = System(
        policy=policy.load(options.policy),
        profile=profile.load(options.profile),
        queue=options.queue or "images",
        rate=options.rate,
        workers=1 if options.servers is None else options.servers,
        period=TICK_SECONDS,
    )
    return predict(system, options.model)


def rows(found: Prediction) -> Iterator[tuple[str, str]]:
    """What a queue without levels has not; then the same if its levels changed at once."""
    yield from _of_levels(found)
    if found.at_once is not None:
        measures = found.at_once.measures
        yield "if levels changed at once", measures.model
        yield "mean response at once", f"{measures.mean_response:.6g} s"
        if measures.p95_response is not None:
            yield "p95 response at once", f"{measures.p95_response:.6g} s"
        yield from ((f"{name} at once", value) for name, value in _of_levels(found.at_once))


def _of_levels(found: Prediction) -> Iterator[tuple[str, str]]:
    for level, share in found.residency.items():
        yield f"residency of {level}", f"{share:.6g}"
    if found.effective_quality is not None:
        yield "effective quality", f"{found.effective_quality:.6g}"
    yield "changes of level", f"{found.switch_rate:.6g} a second"
    if found.stability_limit is not None:
        yield "stability limit", f"{found.stability_limit:.6g} a second"
