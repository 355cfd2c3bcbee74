"""Ingests the departments of a night side by side, each in a process of its own.

The processes come from a server that has imported everything once, so that starting one costs nothing.
"""

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from datetime import date
from functools import cache

from structlog.contextvars import get_contextvars

from jobs.errors import WorkerKilledError
from jobs.installation import Installation
from jobs.logs import configure_logging, is_quiet
from jobs.settings import Settings
from schemas.delivery import department_folder

IngestDepartment = Callable[[Installation, date, str], object]


def ingest_side_by_side(
    work: IngestDepartment,
    installation: Installation,
    business_date: date,
    departments: Sequence[str],
    on_done: Callable[[str], None],
) -> None:
    """Do the work for every department, the largest first, `settings.workers` at a time.

    Raises the first error that any of them raises, after those at work have ended, and WorkerKilledError
    where one of the processes was killed.
    """
    settings = installation.settings
    workers = min(settings.workers, len(departments))
    largest_first = sorted(departments, key=lambda name: (-_delivered_bytes(settings, business_date, name), name))
    if workers == 1:
        for department in largest_first:
            work(installation, business_date, department)
            on_done(department)
        return
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["jobs.nightly", "jobs.ingest.validation"])
    with ProcessPoolExecutor(
        workers, mp_context=context, initializer=configure_logging, initargs=(is_quiet(), get_contextvars())
    ) as pool:
        started = {
            pool.submit(_work_in_process, work, settings.model_dump_json(), business_date, department): department
            for department in largest_first
        }
        try:
            for future in as_completed(started):
                future.result()
                on_done(started[future])
        except BrokenProcessPool:
            raise WorkerKilledError(
                f"A process that was ingesting a department of {business_date} was killed from outside, mostly because "
                "memory ran out. Nothing is lost: run the night again, with SHOUWANG_WORKERS=1 or more memory."
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)


def _work_in_process(work: IngestDepartment, settings: str, business_date: date, department: str) -> None:
    work(_installation(settings), business_date, department)


@cache
def _installation(settings: str) -> Installation:
    """One a process, so that what it remembers serves the next department too."""
    return Installation(Settings.model_validate_json(settings))


def _delivered_bytes(settings: Settings, business_date: date, department: str) -> int:
    folder = department_folder(settings.landing_folder, business_date, department)
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file()) if folder.is_dir() else 0
