"""The prompt of a picture that goes on from the one before; the picture's own caption comes first.

Text encoders read a few dozen tokens and drop the rest.
"""

from collections.abc import Iterable

from services.contract.story import Page
from worker.language.scene import NOT_SEEN, Named, Vocabulary

INDOORS = "room"
DAY = "day"


def with_caption(page: Page, previous: Page) -> str:
    """What a page's picture shows, then what the previous page's shows."""
    own, before = page.illustration, previous.illustration
    return own if own == before else f"{own}, {before}"


def with_light(page: Page, previous: str, vocabulary: Vocabulary) -> str:
    """What a page's picture shows, in the time of day and under the sky of the previous prompt
    until a page names another or goes indoors.

    For an illustrator with a vocabulary: it would draw everybody and every place of a previous
    caption that it is told of.
    """
    return " ".join(
        [page.illustration, *(kept.phrase for kept in _kept(page, previous, vocabulary))]
    )


def relit(prompt: str, previous: str, vocabulary: Vocabulary) -> bool:
    """Whether two prompts differ in the time of day; day itself need not be named.

    The light of a picture outlives nearly all of the noise that is put on it, so a night that it
    starts from would not become a morning.
    """
    return _time(prompt, vocabulary) != _time(previous, vocabulary)


def _time(prompt: str, vocabulary: Vocabulary) -> str:
    time = _named(vocabulary.times, prompt)
    return time.name if time else DAY


def _kept(page: Page, previous: str, vocabulary: Vocabulary) -> list[Named]:
    """What holds on of the previous prompt's time and sky."""
    said = f"{page.illustration} {page.text}"
    time, sky = _named(vocabulary.times, said), _named(vocabulary.skies, said)
    old_time, old_sky = _named(vocabulary.times, previous), _named(vocabulary.skies, previous)
    if _indoors(page, vocabulary) or time not in (None, old_time) or _contrary(sky, old_time):
        return []
    held = [old_time if time is None else None, old_sky if sky is None else None]
    return [named for named in held if named is not None]


def _indoors(page: Page, vocabulary: Vocabulary) -> bool:
    place = _named(vocabulary.places, page.illustration)
    return place is not None and place.name == INDOORS


def _contrary(sky: Named | None, time: Named | None) -> bool:
    return sky is not None and time is not None and sky.name in NOT_SEEN.get(time.name, ())


def _named(kind: Iterable[Named], text: str) -> Named | None:
    """The one of a kind that a text names first."""
    found = [(at, named) for named in kind if (at := named.at(text)) is not None]
    return min(found, key=lambda pair: pair[0])[1] if found else None
