"""When a storybook is done: its text through one queue, and its pages' pictures through the other.

Kept simple. The pictures find the images that are outstanding now, at the level in force now, and
those of a book that has begun to draw are among them. The text is complete page by page, evenly.
"""

from typing import NamedTuple

from services.contract.forecast import Response
from services.contract.jobs import Job, StorybookRequest
from services.contract.ladder import Strategy
from services.gateway.outlook import Prospect

AFTER_THE_TEXT = ("sequential", "parallel")
ONE_AT_A_TIME = ("sequential", "autoregressive")


class Pictures(NamedTuple):
    """A book's pictures from the first one's order on, and one of them from its order on."""

    all: Response
    one: Response


def strategy(request: StorybookRequest, images: Prospect) -> Strategy:
    """How the pictures follow the text: as the request says, else as the level will."""
    if request.strategy is not None or not images.ladder:
        return request.strategy or "pipelined"
    return images.ladder[images.index(request.level)].storybook.strategy


def pictures(request: StorybookRequest, images: Prospect) -> Pictures | None:
    """Of every page: one after the other, each from the queue's end, or all at once."""
    ahead = images.load.before(request.priority)
    one = images.response(ahead, request.level)
    together = images.response(ahead + request.pages - 1, request.level)
    if one is None or together is None:
        return None
    in_turn = strategy(request, images) in ONE_AT_A_TIME
    return Pictures(_times(one, request.pages) if in_turn else together, one)


def whole(
    request: StorybookRequest, text: Response, writing: float, images: Prospect
) -> Response | None:
    """Of text and pictures; `writing` seconds of the text's response are the writing itself.

    Amid the text, the book waits for what ends later: all pictures, ordered from the first page on,
    or the text and the picture of its last page.
    """
    drawn = pictures(request, images)
    if drawn is None:
        return None
    if strategy(request, images) in AFTER_THE_TEXT:
        return text.then(drawn.all)
    first_page = text.mean - min(writing, text.mean) * (1 - 1 / request.pages)
    from_first_page = Response(first_page, text.variance).then(drawn.all)
    return max(from_first_page, text.then(drawn.one), key=lambda response: response.mean)


def drawing(job: Job, request: StorybookRequest, images: Prospect) -> Response | None:
    """What is left of a book whose text is written, by the pictures that it still lacks."""
    ahead = max(images.load.before(request.priority) - 1, 0)
    one = images.response(ahead, request.level)
    if one is None or strategy(request, images) not in ONE_AT_A_TIME:
        return one
    left = job.progress.total - job.progress.done if job.progress else request.pages
    return _times(one, max(left, 1))


def _times(response: Response, count: int) -> Response:
    return Response(count * response.mean, count * response.variance)
