"""A record of each picture that was judged."""

from collections.abc import Iterator, Mapping
from typing import Any

from worker.study.judging.studio import Judged


def per_picture(judged: Mapping[str, Judged]) -> list[dict[str, Any]]:
    """A record of each picture."""
    return [row for name, each in judged.items() for row in _rows(name, each)]


def _rows(name: str, judged: Judged) -> Iterator[dict[str, Any]]:
    scores = iter(judged.verdict.scores)
    for number, each in enumerate(judged.sheet.rounds):
        for drawing in each.drawings:
            yield {
                "setting": name,
                "round": number,
                "round_seconds_a_picture": round(each.seconds / len(each.drawings), 6),
                "steps": drawing.steps,
                "exit_value": drawing.exit.value if drawing.exit else None,
                "clip_score": round(next(scores), 4),
            }
