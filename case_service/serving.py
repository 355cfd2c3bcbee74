"""Answering requests: in one process, or in several that share the port and the database."""

import gc
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from sqlalchemy import Engine

from case_service.app import create_app
from case_service.database import database_url, make_engine
from case_service.settings import Settings, read_settings
from case_service.starting import ready_engine
from case_service.ticking import ticking
from case_service.watching import measures
from case_service.watching.logs import log_to_standard_error

# A process that is busy answers late; one that is gone is replaced at once all the same.
SECONDS_TO_ANSWER = 60
# A list of ten orders makes some thousand objects, of which none stays.
COLLECTED_AFTER = (20_000, 20, 20)


def serve(settings: Settings) -> None:
    """Answer requests until told to stop; ticking is done by this process alone."""
    # uvicorn sends itself the signal again once it is done; ending in order also stops the embedded database.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    engine = ready_engine(settings)
    is_alone = settings.processes == 1
    if not is_alone:
        _tell_the_others(settings, engine)
    app = create_app(settings, engine)
    leave_alone_what_stays()
    with ticking(engine, settings), _counting_together(is_alone):
        uvicorn.run(
            app if is_alone else f"{__name__}:one_of_several",
            factory=not is_alone,
            workers=settings.processes,
            timeout_worker_healthcheck=SECONDS_TO_ANSWER,
            host=settings.host,
            port=settings.port,
            server_header=False,
            log_config=None,
            access_log=False,
        )


def one_of_several() -> FastAPI:
    """The application as each of several processes serves it, on the database that the first one made ready."""
    log_to_standard_error()
    settings = read_settings()
    app = create_app(settings, make_engine(database_url(settings)))
    leave_alone_what_stays()
    return app


def leave_alone_what_stays() -> None:
    """Keep the collector from walking over all modules, routes and templates again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)


@contextmanager
def _counting_together(is_alone: bool) -> Iterator[None]:
    """A folder in which several processes count, empty at first: what Prometheus sees begins at nought anew."""
    if is_alone:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="shouwang-metrics-") as folder:
        os.environ[measures.FOLDER] = folder
        yield


def _tell_the_others(settings: Settings, engine: Engine) -> None:
    """What is not in the environment already: the database that was started, and where to listen."""
    os.environ["DATABASE_URL"] = engine.url.render_as_string(hide_password=False)
    os.environ["SHOUWANG_HOST"], os.environ["SHOUWANG_PORT"] = settings.host, str(settings.port)
