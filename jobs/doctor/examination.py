"""Every check of an installation, none of which stops at what another found."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from jobs.doctor import machine, reachability
from jobs.doctor.finding import Finding
from jobs.errors import ShouwangError
from jobs.settings import DEMO_KEYS, Settings

Check = Callable[[], Iterator[Finding]]


def examine(settings: Settings, now: datetime) -> list[Finding]:
    """What every check finds, in their order; `now` has a time zone."""
    checks: dict[str, Check] = {
        "keys": partial(_keys, settings),
        "versions": machine.versions,
        "engine": partial(machine.engine, settings),
        "disk": partial(machine.disk, settings),
        "warehouse": partial(reachability.warehouse, settings),
        "sources": partial(reachability.sources, settings),
        "case service": partial(reachability.case_service, settings, now),
    }
    return [finding for name, check in checks.items() for finding in _found(name, check)]


def _found(name: str, check: Check) -> Iterator[Finding]:
    try:
        yield from check()
    except ShouwangError as error:
        yield Finding(name, "wrong", str(error))


def _keys(settings: Settings) -> Iterator[Finding]:
    for name in DEMO_KEYS:
        try:
            settings.key(name)
        except ShouwangError as error:
            yield Finding("keys", "wrong", str(error))
            continue
        yield machine.key_file(settings.keys_folder / name) or Finding("keys", "well", f"{name} is there")
    if settings.mode == "demo":
        yield Finding(
            "keys", "doubtful", "Demo mode, with keys that everybody knows: SHOUWANG_MODE=production ends it."
        )
