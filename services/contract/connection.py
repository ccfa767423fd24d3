"""How every process talks to Redis; the client itself is made by whoever owns the process."""

from functools import lru_cache
from importlib.resources import files
from typing import Any

# Readers that block must stay under `socket_timeout`, or redis-py takes the wait for a failure.
SOCKET_TIMEOUT_SECONDS = 5.0
BLOCK_SECONDS = 2.0

CLIENT_OPTIONS: dict[str, Any] = {
    "decode_responses": True,
    "socket_timeout": SOCKET_TIMEOUT_SECONDS,
    "socket_connect_timeout": 3.0,
    "socket_keepalive": True,
    "health_check_interval": 10,
}


@lru_cache
def _script(name: str) -> str:
    folder = files("services.contract").joinpath("lua")
    return "\n".join(folder.joinpath(f"{part}.lua").read_text() for part in ("prelude", name))


def server_time(redis: Any) -> float:
    """Seconds since the epoch by the clock of Redis, which stamps every record and lease."""
    seconds, micros = redis.time()
    return seconds + micros / 1e6


def run_script(redis: Any, name: str, *args: str | float) -> Any:
    """Run `lua/<name>.lua` as one atomic transition and return its answer."""
    return redis.register_script(_script(name))(args=args)
