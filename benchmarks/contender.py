"""One contender in a process of its own: `python -m benchmarks.contender floor --landing … --folder …`.

Prints one JSON object: what it did, how long that took apart from starting up, and what it cost.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.usage import cpu_seconds
from warehouse.engines.engine import EngineName

Result = dict[str, Any]
Hits = dict[str, list[tuple[str, str, str]]]
# Does the work; what it returns may be completed, unmeasured, by the second.
Work = tuple[Callable[[], Result], Callable[[], Result]]


def _nothing_more() -> Result:
    return {}


def _floor(landing: Path, business_date: date, folder: Path) -> Work:
    from benchmarks.floor import copy_all
    from benchmarks.landing import delivered_extracts

    extracts = delivered_extracts(landing, business_date)
    return lambda: {"rows": copy_all(extracts, folder)}, _nothing_more


def _pandas(landing: Path, business_date: date, folder: Path) -> Work:
    from benchmarks.landing import delivered_extracts
    from benchmarks.pandas_load.script import load, tables_of
    from jobs.settings import DEMO_KEYS

    extracts = delivered_extracts(landing, business_date)
    secret = DEMO_KEYS["person_key"].encode()
    return lambda: load(extracts, business_date, secret, folder), lambda: {"tables": tables_of(folder)}


def _pipeline(engine: EngineName, landing: Path, business_date: date, folder: Path) -> Work:
    from benchmarks.ours import installation_at, run_night, what_it_made

    installation = installation_at(folder, landing, engine)
    return lambda: run_night(installation, business_date), lambda: what_it_made(installation, business_date)


def _models(engine: EngineName, landing: Path, business_date: date, folder: Path) -> Work:
    from benchmarks.ours import installation_at
    from benchmarks.warners import by_models, keep_hits

    installation, found = installation_at(folder, landing, engine), Hits()

    def answer() -> Result:
        found.update(by_models(installation, business_date))
        return {"hits": sum(map(len, found.values()))}

    return answer, lambda: {"answers": keep_hits(found, folder / f"hits-{engine}.json")}


def _by_hand(how: str, _landing: Path, business_date: date, folder: Path) -> Work:
    from benchmarks.by_hand import warn
    from benchmarks.warners import keep_hits

    answers, found = {"script": warn.by_script, "pandas": warn.by_pandas}[how], Hits()

    def answer() -> Result:
        found.update(answers(folder / "layers", business_date))
        return {"hits": sum(map(len, found.values()))}

    return answer, lambda: {"answers": keep_hits(found, folder / f"hits-{how}.json")}


def _landed(landing: Path, business_date: date, folder: Path) -> Work:
    from benchmarks.lived import land_and_look, watching

    installation = watching(folder, landing)
    return lambda: land_and_look(installation, business_date), _nothing_more


CONTENDERS: dict[str, Callable[[Path, date, Path], Work]] = {
    "floor": _floor,
    "pandas": _pandas,
    "ours": partial(_pipeline, "duckdb"),
    "spark": partial(_pipeline, "spark"),
    "models": partial(_models, "duckdb"),
    "models_on_spark": partial(_models, "spark"),
    "by_hand": partial(_by_hand, "script"),
    "by_pandas": partial(_by_hand, "pandas"),
    "landed": _landed,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("contender", choices=list(CONTENDERS))
    parser.add_argument("--landing", type=Path, required=True)
    parser.add_argument("--date", type=date.fromisoformat, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="where it writes")
    parser.add_argument("--started", type=float, required=True, help="when the process was asked for, since the epoch")
    options = parser.parse_args()
    work, complete = CONTENDERS[options.contender](options.landing, options.date, options.folder)
    start_up = time.time() - options.started
    before, started = cpu_seconds(), time.perf_counter()
    result = work()
    seconds, cpu = time.perf_counter() - started, cpu_seconds() - before
    measured = {"start_up_s": start_up, "seconds": seconds, "cpu_s": cpu}
    json.dump({**result, **complete(), **measured}, sys.stdout, default=str)


if __name__ == "__main__":
    main()
