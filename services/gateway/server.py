"""gunicorn around the application: threads, heartbeat, clean stop."""

import socket
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker

from services.contract import heartbeat
from services.contract.settings import Settings
from services.gateway.context import EXTENSION

BEAT_SECONDS = 1.0
GRACE_SECONDS = 10
IDLE_CONNECTIONS = 1000


class Log(Logger):
    """gunicorn's own lines in the process's format."""

    def setup(self, cfg: Config) -> None:
        """Hand the lines to the root logger instead of writing them here."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """One line, not a traceback, for a client that fell silent."""
        if isinstance(sys.exc_info()[1], TimeoutError | BlockingIOError):
            self.info("a client fell silent: its connection is closed")
        else:
            super().exception(msg, *args, **kwargs)


class Worker(ThreadWorker):
    """Threads for calls; beats at each turn of its loop, ends streams when told to stop."""

    _beaten = 0.0

    @property
    def _app(self) -> Flask:
        return self.app.wsgi()

    def init_process(self) -> None:
        """Load what the first ticket needs while the first calls are answered."""
        publisher = self._app.extensions[EXTENSION].publisher
        threading.Thread(target=publisher.warm, name="warm", daemon=True).start()
        super().init_process()

    def notify(self) -> None:
        """Tell the arbiter, and whoever reads the heartbeat file, that the loop turns."""
        super().notify()
        now = time.monotonic()
        if now - self._beaten >= BEAT_SECONDS:
            self._beaten = now
            heartbeat.beat(self._heartbeat)

    @property
    def _heartbeat(self) -> Path:
        return self._app.extensions[EXTENSION].settings.heartbeat("gateway")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop taking calls, end the streams, finish the rest."""
        self._app.extensions[EXTENSION].fanout.stop()
        super().handle_exit(sig, frame)


def options(settings: Settings, listener: socket.socket) -> dict[str, Any]:
    """gunicorn's settings: one process, its threads, its socket."""
    threads = settings.gateway_threads + settings.gateway_streams
    return {
        "bind": f"fd://{listener.fileno()}",
        "workers": 1,
        "worker_class": Worker,
        "threads": threads,
        "worker_connections": threads + IDLE_CONNECTIONS,
        "graceful_timeout": GRACE_SECONDS,
        "keepalive": 15,
        "logger_class": Log,
        "loglevel": settings.log_level,
        "control_socket_disable": True,
        "proc_name": "storyteller-gateway",
    }


class Server(BaseApplication):
    """gunicorn, configured by the settings and by nothing else."""

    def __init__(self, app: Flask, listener: socket.socket) -> None:
        self._flask, self._listener = app, listener
        super().__init__()

    def load_config(self) -> None:
        """Take the options of the settings."""
        settings = self._flask.extensions[EXTENSION].settings
        for name, value in options(settings, self._listener).items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The application."""
        return self._flask
