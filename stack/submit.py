"""Submit a few jobs and wait for them: `python -m stack.submit --url http://… --count 3`."""

import argparse
import sys
from typing import Any, get_args

import httpx

from services.contract.ladder import Strategy
from stack.client import Gateway

PROMPTS = (
    "a fox in the forest",
    "a bear on the beach at sunset",
    "an owl under the moon at night",
    "a penguin in the snow",
)


def _requests(options: argparse.Namespace) -> list[dict[str, Any]]:
    """What to ask for; a strategy is a storybook's alone."""
    same = {"kind": options.kind} | ({"strategy": options.strategy} if options.strategy else {})
    return [same | {"prompt": PROMPTS[n % len(PROMPTS)], "seed": n} for n in range(options.count)]


def _submit_and_wait(gateway: Gateway, requests: list[dict[str, Any]]) -> int:
    ids = [gateway.submit(request)["id"] for request in requests]
    ends = {job_id: list(gateway.events(job_id))[-1].type for job_id in ids}
    for job_id, end in ends.items():
        level = gateway.job(job_id)["level"]
        print(job_id, end, level["name"] if level else "-")
    return 0 if set(ends.values()) == {"succeeded"} else 1


def main() -> int:
    """The exit status: 0 when every job succeeded."""
    parser = argparse.ArgumentParser(prog="python -m stack.submit", description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="the gateway's address")
    parser.add_argument("--kind", choices=["story", "image", "storybook"], default="image")
    parser.add_argument("--count", type=int, default=3, help="how many jobs")
    parser.add_argument("--strategy", choices=get_args(Strategy), help="of storybooks")
    options = parser.parse_args()
    try:
        with Gateway(options.url) as gateway:
            return _submit_and_wait(gateway, _requests(options))
    except httpx.HTTPError as error:
        print(f"{options.url}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
