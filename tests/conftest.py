"""Shared by all tests: properties are judged by what they find, never by seconds."""

import gc
import os
from pathlib import Path

import pytest
from hypothesis import settings

# A test's Spark lives for a minute or two: Java's second compiler would take longer than it saves.
os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m")
# Working out what each column is computed from takes seconds that the tests of it are enough for.
os.environ.setdefault("SHOUWANG_LINEAGE_EVENTS", "off")

# What tests import stays; commands of ours do the same.
gc.freeze()
gc.set_threshold(100_000, 50, 100)

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# Folders whose modules take minutes come first: at the end, workers side by side share out what takes seconds.
_FIRST = ("journeys", "faults", "deploy", "jobs", "warehouse", "warning_models", "benchmarks", "notebooks")
_TESTS = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_turn)
    after_nights = [item.path for item in items if "both_nights_told" in item.fixturenames]  # type: ignore[attr-defined]
    of_the_city = {item.path for item in items if "small_city" in item.fixturenames}  # type: ignore[attr-defined]
    items.sort(key=lambda item: _homes(item.path, after_nights[:1], of_the_city))


def _turn(item: pytest.Item) -> int:
    folder = item.path.relative_to(_TESTS).parts[0]
    return _FIRST.index(folder) if folder in _FIRST else len(_FIRST)


def _homes(module: Path, makes_them: list[Path], goes_on_from_them: set[Path]) -> int:
    """While one worker makes the homes that many modules go on from, nobody else should have to wait for them."""
    if module in makes_them:
        return 0
    return 2 if module in goes_on_from_them or module.relative_to(_TESTS).parts[0] not in _FIRST else 1
