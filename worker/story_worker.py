"""The process that serves the queue `stories`: it writes stories and binds storybooks."""

from functools import partial

from services.contract.settings import Settings
from worker import tasks
from worker.language.load import load_model
from worker.process import Process
from worker.story import Desk, perform_story
from worker.storybook import Printer, perform_storybook


def run(settings: Settings) -> int:
    """Load the language model and take jobs until told to stop; the exit status."""
    process = Process("stories", settings)
    process.limit_threads()
    levels = process.levels
    process.beat()
    model = load_model(settings.story_model or None, home=settings.home, device=settings.device)
    desk = Desk(model, levels, None)
    printer = Printer(
        process.redis, process.shelf, tasks.publisher(process.app), settings.retention_seconds
    )
    performers = {
        "story": partial(perform_story, desk=desk, shelf=process.shelf),
        "storybook": partial(perform_storybook, desk=desk, printer=printer),
    }
    return process.serve(performers, settings.story_concurrency, process.beat)
