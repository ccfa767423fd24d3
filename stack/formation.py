"""How many processes of each kind of the Procfile run: `image-worker=2,story-worker=1`."""

from collections.abc import Iterator, Mapping

Formation = Mapping[str, int]
"""Processes of each kind that is named; of any other kind there is one."""


class BadFormation(ValueError):
    """What was written is no formation, or names what the Procfile does not."""


def parse(text: str) -> Formation:
    """`image-worker=2,gateway=1` as counts. Raises BadFormation for anything else."""
    found: dict[str, int] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, count = part.partition("=")
        if not count.isdecimal() or name in found:
            raise BadFormation(f"--formation {text!r}: write image-worker=2,story-worker=1")
        found[name] = int(count)
    return found


def written(formation: Formation) -> str:
    """The same as it is written."""
    return ",".join(f"{name}={count}" for name, count in formation.items())


def processes(kinds: Mapping[str, str], formation: Formation) -> Iterator[tuple[str, str]]:
    """Name and command of every process; several of a kind are numbered from 1.

    Raises BadFormation for a kind that is not among `kinds`.
    """
    for name in formation:
        if name not in kinds:
            raise BadFormation(f"--formation: no {name!r} in the Procfile: {', '.join(kinds)}")
    for name, command in kinds.items():
        count = formation.get(name, 1)
        names = [name] if count == 1 else [f"{name}.{number + 1}" for number in range(count)]
        yield from ((each, command) for each in names)
