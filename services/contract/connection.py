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
def _source(name: str) -> str:
    return files("services.contract").joinpath("lua", f"{name}.lua").read_text()


@lru_cache(maxsize=128)
def _script(redis: Any, *names: str) -> Any:
    """Kept ready, or every call would hash the whole source."""
    parts = [_source(name) for name in names]
    joined = ", ".join(f"(function()\n{part}\nend)()" for part in parts)
    body = parts[0] if len(parts) == 1 else f"return {{{joined}}}"
    return redis.register_script("\n".join((_source("prelude"), body)))


def server_time(redis: Any) -> float:
    """Seconds since the epoch by the clock of Redis, which stamps every record and lease."""
    seconds, micros = redis.time()
    return seconds + micros / 1e6


def run_script(redis: Any, name: str, *args: str | float) -> Any:
    """Run `lua/<name>.lua` as one atomic transition and return its answer."""
    return _script(redis, name)(args=args)


def run_together(redis: Any, names: tuple[str, ...], *args: str | float) -> list[Any]:
    """Run scripts one after the other as one, each with all the arguments: their answers."""
    return _script(redis, *names)(args=args)
