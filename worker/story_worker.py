"""The process that serves the queue `stories`: it writes stories and binds storybooks."""

from functools import partial
from pathlib import Path

from services.contract.settings import Settings
from worker import tasks
from worker.language.load import load_model
from worker.language.model import LanguageModel
from worker.language.prepare import ModelMissing
from worker.language.scene import Vocabulary, load_vocabulary
from worker.process import Process
from worker.story import Desk, perform_story
from worker.storybook import Printer, perform_storybook

VOCABULARY = Path(__file__).parent.parent / "models" / "vocabulary.json"


def _model(settings: Settings) -> LanguageModel:
    try:
        return load_model(settings.story_model or None, home=settings.home, device=settings.device)
    except ModelMissing as error:
        raise SystemExit(str(error)) from error


def _vocabulary(settings: Settings) -> Vocabulary | None:
    """The words of the shipped illustrator; any other image model is described to in free text."""
    return None if settings.image_model else load_vocabulary(VOCABULARY)


def run(settings: Settings) -> int:
    """Load the language model and take jobs until told to stop; the exit status."""
    process = Process("stories", settings)
    process.limit_threads()
    levels = process.levels
    desk = Desk(_model(settings), levels, _vocabulary(settings))
    printer = Printer(
        process.redis, process.shelf, tasks.publisher(process.app), settings.retention_seconds
    )
    performers = {
        "story": partial(perform_story, desk=desk, shelf=process.shelf),
        "storybook": partial(perform_storybook, desk=desk, printer=printer),
    }
    return process.serve(performers, settings.story_concurrency, process.beat)
