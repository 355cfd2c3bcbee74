"""The divisions as of a date, for the layers: `ods_division`, and `ods_division_succession` for codes of old."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from schemas.division_changes import division_changes, level_of
from schemas.division_succession import successions
from schemas.divisions import divisions
from warehouse.definitions import definition
from warehouse.engines.engine import Engine

_SUCCESSION_SCHEMA = pa.schema([("code", pa.string()), ("current_code", pa.string()), ("keeps_grids", pa.bool_())])


def register_divisions(engine: Engine, as_of: date) -> None:
    """Show the engine the divisions, those of old with what they are called on the date."""
    rows = list(division_rows(as_of))
    succeeded = [
        {"code": item.code, "current_code": item.current_code, "keeps_grids": item.keeps_grids}
        for item in successions(as_of)
    ]
    engine.register_table("ods_division", pa.Table.from_pylist(rows, schema=definition("dwd.division").schema))
    engine.register_table("ods_division_succession", pa.Table.from_pylist(succeeded, schema=_SUCCESSION_SCHEMA))


def division_rows(as_of: date) -> Iterator[dict[str, Any]]:
    """The rows of dwd.division: what stands on the date, then what stands no longer."""
    followed = {item.code: item for item in successions(as_of)}
    in_force = {change.code: change for change in division_changes() if change.effective_on <= as_of}
    ended = {code: change for code, change in in_force.items() if change.change != "renamed"}
    began = {change.successor_code: change.effective_on for change in in_force.values()}
    names = {division.code: division.name for division in divisions()}
    for division in divisions():
        if division.code not in followed and division.code not in ended:
            yield {
                "code": division.code,
                "name": division.name,
                "level": division.level,
                "parent_code": division.parent_code,
                "valid_from": began.get(division.code),
                "current_code": division.code,
                "keeps_grids": True,
            }
    for code in sorted(followed.keys() | ended.keys()):
        change, succession = ended.get(code), followed.get(code)
        # What stood under a recoded division went with it.
        first = change or next(ended[over] for over in _codes_over(code) if over in ended)
        yield {
            "code": code,
            "name": change.name if change else names.get(succession.current_code if succession else "", ""),
            "level": level_of(code),
            "valid_to": first.effective_on - timedelta(days=1),
            "change": first.change,
            "successor_code": change.successor_code if change else succession and succession.next_code,
            "current_code": succession.current_code if succession else None,
            "keeps_grids": succession.keeps_grids if succession else False,
            "source": first.source,
        }


def _codes_over(code: str) -> Iterator[str]:
    return (code[:digits].ljust(12, "0") for digits in (9, 6, 4))
