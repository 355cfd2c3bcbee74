"""The shape of a log line, alike in the jobs and in the case service: one JSON object per event on standard error.

What is bound with structlog's context variables (`run_id`, `delivery_id`, `order_id`, `request_id`…) stands in every
line until it is unbound. A person on a terminal gets readable lines instead. Whatever somebody puts into a line,
identity and mobile numbers in it are withheld, and of an error only its kind, its place and the first line of its words
are told: what follows there often quotes a row.
"""

import logging
import re
import sys
import traceback
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

NUMBER_OF_A_PERSON = re.compile(r"(?<![0-9A-Za-z])(?:[1-9]\d{16}[\dXx]|[1-9]\d{14}|1[3-9]\d{9})(?![0-9A-Za-z])")
WITHHELD = "[withheld]"


class ToStandardError(logging.StreamHandler[TextIO]):
    """Writes to what is standard error when the line is written, as the loggers that are ours do."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        self.stream = sys.stderr
        super().emit(record)


def configure(readable: bool, level: int, others: int = logging.WARNING) -> None:
    """Log like this from here on: what is ours from `level` on, what libraries say from `others` on."""
    shared = _shared()
    ends: list[Processor] = [_told_errors, _withheld, _renderer(readable)]
    structlog.configure(
        processors=[*shared, structlog.processors.StackInfoRenderer(), *ends],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # Loggers are made anew for every line.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
    handler = ToStandardError()
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name], processors=[remove_meta, *ends]
        )
    )
    logging.captureWarnings(True)
    logging.basicConfig(level=others, handlers=[handler], force=True)


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
    ]


def _renderer(readable: bool) -> Processor:
    return structlog.dev.ConsoleRenderer() if readable else structlog.processors.JSONRenderer(ensure_ascii=False)


def _told_errors(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    error = line.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        line["exception"] = "\n".join(_without_values(one) for one in _chain(error))
    return line


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and those behind it, as far as they are not meant to be hidden."""
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _without_values(error: BaseException) -> str:
    first = next(iter(str(error).splitlines()), "")
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    return "".join([*traceback.format_tb(error.__traceback__), f"{kind}: {first}"])


def _withheld(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    return {name: _without_numbers(value) for name, value in line.items()}


def _without_numbers(value: Any) -> Any:
    if isinstance(value, str):
        return NUMBER_OF_A_PERSON.sub(WITHHELD, value)
    if isinstance(value, dict):
        return {name: _without_numbers(one) for name, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_without_numbers(one) for one in value]
    return value
