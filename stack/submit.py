"""Submit a few jobs and wait for them: `python -m stack.submit --url http://… --count 3`."""

import argparse
import sys

import httpx

from stack.client import Gateway

PROMPTS = (
    "a fox in the forest",
    "a bear on the beach at sunset",
    "an owl under the moon at night",
    "a penguin in the snow",
)


def _submit(gateway: Gateway, kind: str, count: int) -> list[str]:
    requests = [
        {"kind": kind, "prompt": PROMPTS[n % len(PROMPTS)], "seed": n} for n in range(count)
    ]
    return [gateway.submit(request)["id"] for request in requests]


def _submit_and_wait(gateway: Gateway, kind: str, count: int) -> int:
    ids = _submit(gateway, kind, count)
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
    options = parser.parse_args()
    try:
        with Gateway(options.url) as gateway:
            return _submit_and_wait(gateway, options.kind, options.count)
    except httpx.HTTPError as error:
        print(f"{options.url}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
