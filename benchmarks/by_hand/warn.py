"""The sixteen questions answered by hand, from the layers' tables as Parquet files: who is hit, by what, how urgent."""

from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path
from string import Template

import duckdb

from benchmarks.by_hand.settings import SETTINGS

Hits = dict[str, list[tuple[str, str, str]]]
# What several questions read is made first.
SCRIPT = [Path(__file__).parent / f"sql_{part}.sql" for part in ("shared", "medical", "work", "means")]
_SHARED = "shared"


def by_script(folder: Path, as_of: date) -> Hits:
    """The hits of each question, by the SQL script."""
    settings = {name: str(value) for name, value in SETTINGS.items()} | {"as_of": as_of.isoformat()}
    found: Hits = {}
    with duckdb.connect() as connection:
        for file in folder.glob("*.parquet"):
            connection.execute(f"create view {file.stem} as from read_parquet('{file}')")
        for part in _parts():
            number, _, sql = part.partition("\n")
            answer = connection.execute(Template(sql).substitute(settings))
            if number != _SHARED:
                found[number] = answer.fetchall()
    return found


def _parts() -> Iterator[str]:
    for file in SCRIPT:
        _title, *parts = file.read_text(encoding="utf-8").strip().split("\n\n-- ")
        yield from parts


def by_pandas(folder: Path, as_of: date, numbers: Collection[str] = ()) -> Hits:
    """The same in pandas; with `numbers` only these questions."""
    from benchmarks.by_hand import pandas_means, pandas_medical, pandas_work
    from benchmarks.by_hand.frames import HIT, Frames

    tables = Frames(folder, as_of)
    questions = {
        name.upper(): question
        for module in (pandas_medical, pandas_work, pandas_means)
        for name, question in vars(module).items()
        if len(name) == 3 and name.startswith("w")
    }
    return {
        number: list(question(tables)[HIT].itertuples(index=False, name=None))
        for number, question in sorted(questions.items())
        if not numbers or number in numbers
    }
