"""The claims and warnings of a night in the warehouse: what was said so far, and from which state of the layers.

The mark of that state stands in the commit that brings the counts of hits, so that both are of one run.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pyarrow as pa

from jobs.claims.carried import Said
from jobs.claims.claim import Claim, HouseholdWarning, Night
from jobs.claims.concerned import Generations
from jobs.claims.household import from_text
from warehouse.definitions import definition
from warehouse.tables import Warehouse, rows_where

CLAIM, WARNING, MODEL_RUN = "ads.claim", "ads.warning", "ads.model_run"
_MARK = "shouwang.claims"


def keep_night(
    warehouse: Warehouse, night: Night, business_date: date, told_ids: set[str], rests_on: Mapping[str, Any]
) -> None:
    """Replace what the tables say of the date; what people were told already and holds no longer stays, overtaken.

    Claims come first: a warning without its claims would be worse than claims that the rerun replaces.
    """
    claims, warnings = _with_overtaken(warehouse, night, business_date, told_ids)
    kept: list[tuple[str, Sequence[Any]]] = [(CLAIM, claims), (WARNING, warnings), (MODEL_RUN, night.runs)]
    for name, rows in kept:
        table = definition(name)
        warehouse.replace_rows(
            table,
            pa.Table.from_pylist([vars(row) for row in rows], schema=table.schema),
            rows_where(business_date=business_date),
            {_MARK: json.dumps(rests_on, default=str)} if name == MODEL_RUN else None,
        )


def said_on(warehouse: Warehouse, business_date: date, others: str) -> tuple[Said, Generations] | None:
    """What was said on the date last, and what the layers' tables held then.

    None where nothing was, or where something besides the layers, named by `others`, was otherwise.
    """
    mark = json.loads(warehouse.snapshot_properties(MODEL_RUN).get(_MARK, "{}"))
    if mark.get("business_date") != str(business_date) or mark["others"] != others:
        return None
    claims, warnings = _rows_said(warehouse, business_date)
    runs = warehouse.rows(MODEL_RUN, rows_where(business_date=business_date)).to_pylist()
    said = Said(
        [claim for claim in claims if not claim.overtaken],
        [warning for warning in warnings if not warning.overtaken],
        {(run["model_id"], run["county_code"]): run["hit_count"] for run in runs},
    )
    return said, {name: (base, generation) for name, (base, generation) in mark["generations"].items()}


def what_it_rests_on(business_date: date, others: str, generations: Generations) -> Mapping[str, Any]:
    """The mark that `said_on` reads."""
    return {"business_date": business_date, "others": others, "generations": generations}


def _with_overtaken(
    warehouse: Warehouse, night: Night, business_date: date, told_ids: set[str]
) -> tuple[list[Claim], list[HouseholdWarning]]:
    no_longer = told_ids - {warning.warning_id for warning in night.warnings}
    if not no_longer:
        return list(night.claims), list(night.warnings)
    claims, warnings = _rows_said(warehouse, business_date)
    overtaken = [replace(warning, overtaken=True) for warning in warnings if warning.warning_id in no_longer]
    theirs = {one for warning in overtaken for one in from_text(warning.household).claim_ids}
    theirs -= {claim.claim_id for claim in night.claims}
    gone = [replace(claim, overtaken=True) for claim in claims if claim.claim_id in theirs]
    return [*night.claims, *gone], [*night.warnings, *overtaken]


def _rows_said(warehouse: Warehouse, business_date: date) -> tuple[list[Claim], list[HouseholdWarning]]:
    of_date = rows_where(business_date=business_date)
    claims, warnings = (
        warehouse.rows(name, of_date).to_pylist() if warehouse.exists(name) else [] for name in (CLAIM, WARNING)
    )
    return [Claim(**_plain(row)) for row in claims], [HouseholdWarning(**_plain(row)) for row in warnings]


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row written before there was such a thing was not overtaken."""
    return {**row, "overtaken": bool(row.get("overtaken"))}
