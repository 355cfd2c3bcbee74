"""The script itself: extract by extract to typed Parquet files, then table by table."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.landing import DeliveredExtract, data_files
from benchmarks.pandas_load.checking import Checked, Keys, check
from benchmarks.pandas_load.links import current_keys, under_current_keys
from benchmarks.pandas_load.reading import read_extract
from benchmarks.pandas_load.tables import TABLES, Extracts, Tables

# The only class of which dwd reads every version.
KEPT_VERSIONS = "employee_pension_contribution"


@dataclass
class Load:
    """What the script has loaded so far."""

    folder: Path
    business_date: date
    keys: Keys
    state: dict[str, pd.DataFrame] = field(default_factory=dict)
    versions: dict[str, pd.DataFrame] = field(default_factory=dict)
    unreadable: dict[str, Counter[str]] = field(default_factory=dict)
    key_names: dict[str, list[str]] = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    def take_in(self, extract: DeliveredExtract) -> None:
        """Read, cast, check and write one delivery, and bring its class's state up to it.

        Whom a complete snapshot no longer names is gone, unless a row of it names nobody can tell whom.
        """
        manifest, contract = extract.manifest, extract.contract
        name = manifest.extract_class
        text = pd.concat([read_extract(file, contract) for file in data_files(extract, self.folder)], ignore_index=True)
        checked = check(text, contract, min(manifest.business_date, self.business_date), self.keys)
        rows = checked.right.assign(known_on=pd.Timestamp(self.business_date), delivery_id=manifest.delivery_id)
        rows.to_parquet(self.folder / f"ods.{manifest.delivery_id}.parquet", index=False)
        checked.wrong.to_parquet(self.folder / f"rejected.{manifest.delivery_id}.parquet", index=False)
        self._count(manifest.delivery_id, checked)
        if name == KEPT_VERSIONS:
            self.versions[name] = pd.concat([self.versions.get(name), rows], ignore_index=True)
        names = list(checked.named.columns)
        if name in self.state:
            known = self.state[name]
            if manifest.mode == "full" and not checked.unreadable - self.unreadable[name]:
                known = known.merge(checked.named.drop_duplicates(), on=names)
            rows = pd.concat([known, rows], ignore_index=True).drop_duplicates(names, keep="last")
        self.key_names[name] = names
        self.state[name], self.unreadable[name] = rows, checked.unreadable

    def _count(self, delivery_id: str, checked: Checked) -> None:
        self.counts[delivery_id] = {
            "received": checked.received,
            "accepted": len(checked.right),
            "rejected": checked.rejected,
            "unchanged": checked.repeated,
        }

    def build_tables(self) -> None:
        current = current_keys(self.state)
        for name, rows in self.state.items():
            self.state[name] = under_current_keys(rows, self.key_names[name], current)
        for name, rows in self.versions.items():
            self.versions[name] = under_current_keys(rows, [], current)
        every = pd.concat([rows.person_key for rows in self.state.values()]).drop_duplicates()
        extracts = Extracts(self.state, self.versions, every, pd.Timestamp(self.business_date))
        tables: Tables = {}
        for name, build in TABLES.items():
            tables[name] = build(extracts, tables)
            tables[name].to_parquet(self.folder / f"{name}.parquet", index=False)


def load(extracts: Sequence[DeliveredExtract], business_date: date, secret: bytes, folder: Path) -> dict[str, Any]:
    """Load all deliveries of the first night; returns the counts by delivery and the seconds by phase."""
    started = time.perf_counter()
    loaded = Load(folder, business_date, Keys(secret))
    for extract in extracts:
        loaded.take_in(extract)
    checked = time.perf_counter()
    loaded.build_tables()
    return {
        "rows": sum(counts["received"] for counts in loaded.counts.values()),
        "counts": loaded.counts,
        "phases": {"ingest": checked - started, "conform": time.perf_counter() - checked},
    }


def tables_of(folder: Path) -> dict[str, list[str]]:
    """Where `load` put each conformed table."""
    return {name: [str(folder / f"{name}.parquet")] for name in TABLES}
