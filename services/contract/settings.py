"""Every setting, in one table: an environment variable `STORYTELLER_<NAME>` for each row.

`load` reads a mapping (the environment, or a test's) and returns one frozen `Settings`, or
raises `SettingsError` naming the variable and what it may hold. An unknown `STORYTELLER_*`
variable is an error too: a misspelt setting must not be ignored.
"""

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple

PREFIX = "STORYTELLER_"


class SettingsError(ValueError):
    """A `STORYTELLER_*` variable is unknown or holds a value it may not hold."""


class Kind(NamedTuple):
    """How a value is read, and what a person is told that it may hold."""

    parse: Callable[[str], Any]
    allowed: str


def setting(default: str, kind: Kind, help: str) -> Any:  # noqa: A002 - the table reads better
    """A row of the table: its default as one would write it, its kind, what it is for."""
    return field(metadata={"default": default, "kind": kind, "help": help})


def _whole(low: int, high: int) -> Kind:
    def parse(text: str) -> int:
        if not low <= (value := int(text)) <= high:
            raise ValueError
        return value

    return Kind(parse, f"a whole number from {low} to {high}")


def _seconds(low: float, high: float) -> Kind:
    def parse(text: str) -> float:
        if not low <= (value := float(text)) <= high:
            raise ValueError
        return value

    return Kind(parse, f"seconds from {low:g} to {high:g}")


def _one_of(*choices: str) -> Kind:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError
        return text

    return Kind(parse, "one of " + ", ".join(choices))


def _device(text: str) -> str:
    name, colon, index = text.partition(":")
    if name not in {"auto", "cpu", "cuda"} or (colon and (name != "cuda" or not index.isdigit())):
        raise ValueError
    return text


def _redis_url(text: str) -> str:
    if text and not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError
    return text


TEXT = Kind(str, "any text")
PATH = Kind(Path, "a path")
DEVICE = Kind(_device, "auto, cpu, cuda, or cuda:N")
REDIS = Kind(_redis_url, "a redis://, rediss:// or unix:// address, or nothing")
PORT = _whole(1, 65535)


@dataclass(frozen=True)
class Settings:
    """The table: a field is a setting, `redis_url` is `STORYTELLER_REDIS_URL`."""

    redis_url: str = setting("", REDIS, "Redis to use. Empty: the one that `make up` starts.")
    redis_port: int = setting("6389", PORT, "Port of the Redis that `make up` starts.")
    home: Path = setting(
        ".storyteller", PATH, "Folder for artifacts, state, logs and cached models."
    )
    policy: Path = setting("policy.toml", PATH, "The ladder of levels and the policy that picks.")
    gateway_host: str = setting("127.0.0.1", TEXT, "Address the gateway listens on.")
    gateway_port: int = setting("8000", PORT, "Port the gateway listens on.")
    gateway_threads: int = setting("16", _whole(1, 512), "Threads kept for ordinary calls.")
    gateway_streams: int = setting("64", _whole(1, 4096), "Streams and waiting calls held at once.")
    max_body_bytes: int = setting("65536", _whole(1024, 10**8), "Largest request body.")
    max_prompt_characters: int = setting("2000", _whole(1, 100_000), "Longest prompt.")
    queue_capacity: int = setting("200", _whole(1, 10**6), "Jobs waiting and running before 429.")
    story_model: str = setting("", TEXT, "Hub id, folder or GGUF file. Empty: Gemma 3 270M.")
    image_model: str = setting("", TEXT, "Hub id or folder. Empty: the shipped illustrator.")
    device: str = setting("auto", DEVICE, "Where the models run.")
    torch_threads: int = setting(
        "0", _whole(0, 1024), "CPU threads of one worker. 0: what suits its model."
    )
    story_concurrency: int = setting("8", _whole(1, 256), "Story and storybook jobs in one worker.")
    story_batch: int = setting(
        "8", _whole(1, 256), "Stories that are written together in one worker."
    )
    batch_cap: int = setting("8", _whole(1, 256), "Images that step together in one worker.")
    model_memory_mb: int = setting(
        "0", _whole(0, 10**7), "Memory for one worker's variants of its model. 0: no limit."
    )
    compile: str = setting(
        "off", _one_of("off", "on"), "Compile the denoiser: minutes at the start, faster steps."
    )
    clip_model: str = setting(
        "", TEXT, "Hub id or folder, for early exit by clip-score. Empty: the shipped CLIP."
    )
    retime: str = setting(
        "on", _one_of("off", "on"), "Whether pictures under way follow the policy further down."
    )
    fallback_level: str = setting(
        "",
        TEXT,
        "Level while no controller holds the lease. Empty: balanced, else the ladder's middle one.",
    )
    dispatch: str = setting(
        "shared",
        _one_of("shared", "jsq"),
        "Tickets: one queue for all workers, or each to the worker with the fewest jobs.",
    )
    lease_seconds: float = setting(
        "15", _seconds(1, 600), "A running job not renewed for so long is lost."
    )
    max_attempts: int = setting("3", _whole(1, 100), "Lost leases before a job fails.")
    ageing_seconds: float = setting(
        "60",
        _seconds(1, 86400),
        "Low priority rises to normal after so long, normal to high after twice.",
    )
    retention_seconds: float = setting(
        "86400", _seconds(60, 10**8), "How long finished jobs are kept."
    )
    controller_seconds: float = setting("0.25", _seconds(0.05, 60), "Time between two decisions.")
    policy_lease_seconds: float = setting(
        "10", _seconds(0.5, 600), "Workers trust a level so long."
    )
    heartbeat_file: str = setting(
        "", TEXT, "File each process touches. Empty: HOME/alive/<process>."
    )
    log_format: str = setting(
        "auto", _one_of("auto", "json", "pretty"), "auto: pretty on a terminal."
    )
    log_level: str = setting(
        "info", _one_of("debug", "info", "warning", "error"), "Least severe line."
    )

    @property
    def redis_address(self) -> str:
        """Where Redis is: `STORYTELLER_REDIS_URL`, else the one on `STORYTELLER_REDIS_PORT`."""
        return self.redis_url or f"redis://127.0.0.1:{self.redis_port}/0"

    @property
    def artifacts(self) -> Path:
        """Folder of all artifacts."""
        return self.home / "artifacts"

    def heartbeat(self, process: str) -> Path:
        """File that `process` touches while it is alive."""
        return Path(self.heartbeat_file) if self.heartbeat_file else self.home / "alive" / process


def variable(row: Field[Any]) -> str:
    """The environment variable of one row."""
    return PREFIX + row.name.upper()


def _value(row: Field[Any], environ: Mapping[str, str]) -> Any:
    text = environ.get(variable(row), row.metadata["default"])
    try:
        return row.metadata["kind"].parse(text)
    except ValueError:
        raise SettingsError(
            f"{variable(row)}={text!r} is not allowed: it must be "
            f"{row.metadata['kind'].allowed}. ({row.metadata['help']})"
        ) from None


def load(environ: Mapping[str, str]) -> Settings:
    """The settings in `environ`, defaults filled in.

    Raises SettingsError for an unknown `STORYTELLER_*` name or a value outside what is allowed.
    """
    known = {variable(row) for row in fields(Settings)}
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            raise SettingsError(
                f"{name} is not a setting. The settings are: {', '.join(sorted(known))}."
            )
    return Settings(**{row.name: _value(row, environ) for row in fields(Settings)})
