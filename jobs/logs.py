"""How the command line logs: JSON lines to standard error, or quiet beside progress bars on a terminal."""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import structlog

from schemas.log_lines import configure

AIRFLOW_RUN = "AIRFLOW_CTX_DAG_RUN_ID"
_quiet = False


def is_quiet() -> bool:
    """How logging was last configured; processes that this one starts log likewise."""
    return _quiet


def configure_logging(quiet: bool, bound: Mapping[str, Any] | None = None) -> None:
    """JSON lines from here on, each with what is bound; with `quiet` only errors, as plain sentences."""
    global _quiet
    _quiet = quiet
    configure(readable=quiet, level=logging.ERROR if quiet else logging.INFO)
    logging.getLogger("pyiceberg").setLevel(logging.ERROR)
    structlog.contextvars.bind_contextvars(**(bound or {"run_id": run_id()}))


@contextmanager
def named_run() -> Iterator[None]:
    """Every line of the block, or of each call of what is decorated, names the run; for what a scheduler calls."""
    with structlog.contextvars.bound_contextvars(run_id=run_id()):
        yield


def run_id() -> str:
    """Names this run in every line: the run of the DAG that does it, else one made up."""
    return os.environ.get(AIRFLOW_RUN) or uuid4().hex
