"""`predict --policy`: the live system's policy and profile, by the models with levels."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from controller.queueing.levels.prediction import Model, Prediction, System, predict
from controller.queueing.refusal import BadInput
from services.contract import policy, profile
from services.contract.jobs import QUEUES

MODELS: tuple[str, ...] = get_args(Model)


def add(group: Any) -> None:
    """Its options."""
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
    )
    return predict(system, options.model)


def rows(found: Prediction) -> Iterator[tuple[str, str]]:
    """What a queue without levels has not."""
    for level, share in found.residency.items():
        yield f"residency of {level}", f"{share:.6g}"
    if found.effective_quality is not None:
        yield "effective quality", f"{found.effective_quality:.6g}"
    yield "changes of level", f"{found.switch_rate:.6g} a second"
    if found.stability_limit is not None:
        yield "stability limit", f"{found.stability_limit:.6g} a second"
