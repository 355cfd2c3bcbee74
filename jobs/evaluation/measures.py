"""What visits say of the models: yield, unanswered orders, errors in data, and the time to help, by group."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from jobs.evaluation.intervals import Interval, median, share
from jobs.evaluation.judged import Judged

FEW = 30
GROUPINGS: Mapping[str, Callable[[Judged], Iterable[str]]] = {
    "model": lambda item: sorted(item.model_ids),
    "tier": lambda item: [item.tier],
    "county": lambda item: [item.county],
    "age_band": lambda item: [item.age_band],
    "sex": lambda item: [item.sex],
    "area": lambda item: [item.area],
}


def measures(items: Sequence[Judged]) -> dict[str, Any]:
    """The counts of a group of warnings, and shares with their intervals; `is_small` where few visits are closed.

    yield: helped or referred, among the closed. unanswered: dispatched and not closed yet, among the dispatched.
    data_error: among the closed. days_to_help: the median from warning to help.
    """
    dispatched = [item for item in items if item.is_dispatched]
    closed = [item for item in items if item.outcome]
    found = sum(item.is_found for item in closed)
    waiting = sum(item.outcome is None for item in dispatched)
    errors = sum(item.outcome == "data_error" for item in closed)
    days = [item.days_to_help for item in closed if item.days_to_help is not None]
    return {
        "warned": len(items),
        "dispatched": len(dispatched),
        "withheld": sum(item.fate == "withheld" for item in items),
        "closed": len(closed),
        "found": found,
        "yield": plain(share(found, len(closed))),
        "unanswered": plain(share(waiting, len(dispatched))),
        "data_error": plain(share(errors, len(closed))),
        "days_to_help": plain(median(days)),
        "is_small": len(closed) < FEW,
    }


def measures_by_group(items: Sequence[Judged]) -> dict[str, list[dict[str, Any]]]:
    """The measures of every group of every grouping; a warning of several models counts with each of them."""
    return {
        name: [
            {name: group, **measures([item for item in items if group in groups_of(item)])}
            for group in sorted({group for item in items for group in groups_of(item)})
        ]
        for name, groups_of in GROUPINGS.items()
    }


def plain(interval: Interval | None) -> dict[str, float | None] | None:
    """An interval as it is printed."""
    return None if interval is None else {name: _rounded(value) for name, value in asdict(interval).items()}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
