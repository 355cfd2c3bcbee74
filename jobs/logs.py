"""How the command line logs: JSON lines to standard error, or quiet beside progress bars on a terminal."""

import logging
import sys

import structlog

_quiet = False


def is_quiet() -> bool:
    """How logging was last configured; processes that this one starts log likewise."""
    return _quiet


def configure_logging(quiet: bool) -> None:
    """JSON lines from here on; with `quiet` only errors, as plain sentences."""
    global _quiet
    _quiet = quiet
    level = logging.ERROR if quiet else logging.INFO
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if quiet else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, force=True)
    logging.getLogger("pyiceberg").setLevel(logging.ERROR)
