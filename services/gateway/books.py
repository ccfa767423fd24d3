"""When a storybook is done: its text through one queue, and its pages' pictures through the other.

Kept simple. The pictures find the images that are outstanding now, at the level in force now, and
those of a book that has begun to draw are among them. The text is complete page by page, evenly.
Requests that come here are settled: they name their strategy.
"""

from typing import NamedTuple

from services.contract.forecast import Response
from services.contract.jobs import Progress, StorybookRequest
from services.contract.ladder import Level, StorybookLevel
from services.gateway.outlook import Prospect

AFTER_THE_TEXT = ("sequential", "parallel")
ONE_AT_A_TIME = ("sequential", "autoregressive")


class Pictures(NamedTuple):
    """A book's pictures from the first one's order on, and one of them from its order on."""

    all: Response
    one: Response


def settled(request: StorybookRequest, level: Level | None) -> StorybookRequest:
    """The request with a strategy: its own, else that of the level that the text gets."""
    if request.strategy is not None:
        return request
    chosen = level.storybook if level else StorybookLevel()
    return request.model_copy(update={"strategy": chosen.strategy})


def pictures(request: StorybookRequest, images: Prospect) -> Pictures | None:
    """Of every page: one after the other, each from the queue's end, or all at once."""
    ahead = images.load.before(request.priority)
    one = images.response(ahead, request.level)
    together = images.response(ahead + request.pages - 1, request.level)
    if one is None or together is None:
        return None
    in_turn = request.strategy in ONE_AT_A_TIME
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
    if request.strategy in AFTER_THE_TEXT:
        return text.then(drawn.all)
    first_page = text.mean - min(writing, text.mean) * (1 - 1 / request.pages)
    from_first_page = Response(first_page, text.variance).then(drawn.all)
    return max(from_first_page, text.then(drawn.one), key=lambda response: response.mean)


def drawing(progress: Progress, request: StorybookRequest, images: Prospect) -> Response | None:
    """What is left of a book whose text is written, by the pictures that it still lacks."""
    ahead = max(images.load.before(request.priority) - 1, 0)
    one = images.response(ahead, request.level)
    if one is None or request.strategy not in ONE_AT_A_TIME:
        return one
    return _times(one, max(progress.total - progress.done, 1))


def _times(response: Response, count: int) -> Response:
    return Response(count * response.mean, count * response.variance)
