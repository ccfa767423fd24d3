"""The process that serves the queue `stories`: it writes stories and binds storybooks."""

from functools import partial
from pathlib import Path

from services.contract import policy
from services.contract.policy import Policy
from services.contract.settings import Settings
from worker.language.load import Source
from worker.language.model import LanguageModel
from worker.language.prepare import ModelMissing
from worker.language.scene import Vocabulary, load_vocabulary
from worker.process import Process
from worker.story import Desk, perform_story
from worker.storybook import Printer, perform_storybook
from worker.variants import Variants

VOCABULARY = Path(__file__).parent.parent / "models" / "vocabulary.json"


def _source(settings: Settings) -> Source:
    """SystemExit says where the story model is not."""
    try:
        return Source.named(
            settings.story_model or None, home=settings.home, device=settings.device
        )
    except ModelMissing as error:
        raise SystemExit(str(error)) from error


def _models(source: Source, ladder: Policy, budget_bytes: int) -> Variants[LanguageModel]:
    """The story model for every level of the ladder, loaded at the first one's precision, which is
    kept. SystemExit says what is wrong with which level, or with the model."""
    _check(source, ladder)
    try:
        models = source.variants(budget_bytes, ladder.levels[0].story.precision)
        models.hold(models.base)
    except ModelMissing as error:
        raise SystemExit(str(error)) from error
    return models


def _check(source: Source, ladder: Policy) -> None:
    for level in ladder.levels:
        try:
            source.check(level.story.precision)
        except ValueError as error:
            raise SystemExit(
                f"the level {level.name!r} of the policy cannot be written: story precision {error}"
            ) from error


def _vocabulary(settings: Settings) -> Vocabulary | None:
    """The words of the shipped illustrator; any other image model is described to in free text."""
    return None if settings.image_model else load_vocabulary(VOCABULARY)


def run(settings: Settings) -> int:
    """Load the language model and take jobs until told to stop; the exit status."""
    process = Process("stories", settings)
    process.limit_threads()
    levels = process.levels
    source = _source(settings)
    models = _models(source, policy.chosen(settings), settings.model_memory_mb * 2**20)
    vocabulary = _vocabulary(settings)
    desk = Desk(models, levels, vocabulary, settings.story_batch, source.usual)
    printer = Printer(
        process.redis,
        process.shelf,
        process.publish,
        settings.retention_seconds,
        vocabulary,
    )
    performers = {
        "story": partial(perform_story, desk=desk, shelf=process.shelf),
        "storybook": partial(perform_storybook, desk=desk, printer=printer),
    }
    return process.serve(
        performers,
        settings.story_concurrency,
        process.beat,
        silent_seconds=source.decoder.silent_seconds,
    )
