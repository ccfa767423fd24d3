"""What a call is, to whoever describes it."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Answer:
    """One way a call ends well. `model` is a JSON body; `media` names any other."""

    status: int
    description: str
    model: Any = None
    media: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Parameter:
    """A value in the path, the query or a header."""

    name: str
    place: str
    schema: dict[str, Any]
    description: str


@dataclass(frozen=True)
class Operation:
    """One method on one path; `problems` are slugs of problems.PROBLEMS."""

    method: str
    path: str
    name: str
    tag: str
    summary: str
    answers: tuple[Answer, ...]
    problems: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    query: Any = None
    body: Any = None
