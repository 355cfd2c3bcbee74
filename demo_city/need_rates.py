"""The rates behind who is really in need: `need.yaml`, each with where it comes from."""

from functools import cache
from pathlib import Path
from types import MappingProxyType

import yaml

RATES_FILE = Path(__file__).parent / "need.yaml"


@cache
def rates() -> MappingProxyType[str, float]:
    """Every rate by name."""
    entries = yaml.safe_load(RATES_FILE.read_text(encoding="utf-8"))
    unsourced = sorted(name for name, entry in entries.items() if not entry.get("reference", "").startswith("["))
    if unsourced:
        raise ValueError(f"{RATES_FILE.name}: {', '.join(unsourced)} without [S..] or [A]; say where it comes from")
    return MappingProxyType({name: float(entry["value"]) for name, entry in entries.items()})
