"""Retention: what we have kept as long as its contract allows, and what of it went.

Landed files go by the night in whose folder they lie. Row versions go once they are old and superseded
or deleted; a row that the department still stands by stays, so the state of today is the same before
and after, while dates before the limit can no longer be replayed.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from jobs.alone import nobody_else
from jobs.installation import Installation
from jobs.layer_state import forget_layers
from jobs.ods import key_columns, ods_table
from schemas.delivery import DONE_SUFFIX, business_dates, departments_with_deliveries
from schemas.loader import Contract, contracts
from warehouse.tables import EVERY_ROW


@dataclass(frozen=True)
class ClassRetention:
    """What is too old of one class: landed files and superseded row versions."""

    extract_class: str
    retention_days: int
    kept_since: date
    landed_files: int
    row_versions: int


def retention(installation: Installation, business_date: date, apply: bool) -> dict[str, Any]:
    """Report, class by class, what is too old on the date; with `apply` remove it. The report is kept as a file."""
    with nobody_else(installation):
        classes = [
            _class_retention(installation, contract, business_date, apply)
            for contract in contracts().values()
            if contract.retention_days is not None
        ]
    report = {
        "business_date": business_date.isoformat(),
        "applied": apply,
        "classes": [asdict(item) for item in classes],
        "without_retention": [item.extract_class for item in contracts().values() if item.retention_days is None],
    }
    _write_report(installation, business_date, report)
    return report


def _class_retention(
    installation: Installation, contract: Contract, business_date: date, apply: bool
) -> ClassRetention:
    days = contract.retention_days or 0
    since = business_date - timedelta(days=days)
    files = list(_landed_before(installation.settings.landing_folder, contract, since))
    versions = _old_versions(installation, contract, since, apply)
    if apply:
        # Without its .ok a delivery is not read, so those go first.
        for path in sorted(files, key=lambda path: path.suffix != DONE_SUFFIX):
            path.unlink()
    return ClassRetention(contract.extract_class, days, since, len(files), versions)


def _landed_before(landing: Path, contract: Contract, since: date) -> Iterator[Path]:
    for day in business_dates(landing):
        if day < since and contract.department in departments_with_deliveries(landing, day):
            yield from (landing / day.isoformat() / contract.department).glob(f"{contract.extract_class}_[0-9]*")


def _old_versions(installation: Installation, contract: Contract, since: date, apply: bool) -> int:
    """How many versions are too old; with `apply` one commit leaves only the others."""
    table = ods_table(contract)
    files = installation.warehouse.files(table.name)
    if not files:
        return 0
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
        connection.register("no_versions", table.schema.empty_table())
        listed = ", ".join(f"'{file}'" for file in files)
        connection.execute(
            "create view version as select * from no_versions union all by name "
            f"select * from read_parquet([{listed}], union_by_name = true)"
        )
        judged = _judged_sql(contract, since)
        gone = int(connection.execute(f"select count(*) from ({judged}) where not stays").fetchall()[0][0])
        if gone and apply:
            # What was built from these versions is not what building it now would give.
            forget_layers(installation)
            path = installation.warehouse.new_path(table.name)
            names = ", ".join(table.schema.names)
            connection.execute(f"copy (select {names} from ({judged}) where stays) to '{path}' (format parquet)")
            installation.warehouse.replace(table.name, [str(path)], EVERY_ROW)
    return gone


def _judged_sql(contract: Contract, since: date) -> str:
    """All versions with whether each stays: it is young, or the latest of a row that is not deleted.

    An old deletion stays while its row has a younger version: it may outweigh one of an older period, and a row
    that was inserted twice was deleted in between.
    """
    keys = ", ".join(key_columns(contract))
    return f"""
        select *, known_on >= date '{since}' or (operation <> 'outdated' and case operation
          when 'delete' then last_known >= date '{since}' else version_rank = 1 end) as stays
        from (
          select *, max(known_on) over (partition by {keys}) as last_known,
            row_number() over (
              partition by {keys}
              order by operation = 'outdated', period_end desc nulls last, known_on desc, delivery_id desc
            ) as version_rank
          from version)"""


def _write_report(installation: Installation, business_date: date, report: dict[str, Any]) -> None:
    folder = installation.settings.reports_folder / "retention"
    folder.mkdir(parents=True, exist_ok=True)
    kind = "applied" if report["applied"] else "due"
    text = json.dumps(report, ensure_ascii=False, indent=2, default=str)
    (folder / f"{business_date.isoformat()}.{kind}.json").write_text(text, encoding="utf-8")
