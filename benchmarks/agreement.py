"""Whether two contenders did the same work: what they make of every row, and what the tables add up to.

Compared without person keys, so that keys may be made in any way.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb

COUNTED = ("received", "accepted", "rejected", "unchanged")

# One summary a table, as rows of values; equal summaries mean equal tables but for the keys.
SUMMARIES = {
    "dwd.person": "select count(*), count(household_key), count(distinct village_code) from {table}",
    "dwd.household": "select village_code, grid_code, member_count, count(*) from {table} group by all",
    "dwd.assistance_spell": """
        select assistance, cast(valid_from as date), cast(valid_to as date), count(*) from {table} group by all""",
    "dwd.medical_cost": """
        select source_class, cast(settled_on as date), hospital_level, count(*),
          sum(cast(self_paid_amount as decimal(16, 2)))
        from {table} group by all""",
    "dwd.contribution_month": """
        select cast(month as date), is_paid, count(*), sum(cast(base_amount as decimal(16, 2)))
        from {table} group by all""",
    "dwd.contribution_status": "select status_code, cast(covers_until as date), count(*) from {table} group by all",
    "dwd.employment_event": "select kind, reason, cast(event_on as date), count(*) from {table} group by all",
    "dwd.disability_certificate": """
        select category, level, status, cast(certified_on as date), count(*) from {table} group by all""",
    "dws.assistance_tier": "select tier, labels, count(*) from {table} group by all",
    "dws.household_assistance": "select labels, count(*) from {table} group by all",
    "dws.medical_year": """
        select cast(year as integer), cast(self_paid_total as decimal(16, 2)), cast(inpatient_total as decimal(16, 2)),
          cast(inpatient_count as integer), cast(last_settled_on as date), count(*)
        from {table} group by all""",
}


def summary(table: str, files: Sequence[str | Path]) -> list[list[str]]:
    """What the table in these Parquet files adds up to, in an order of its own."""
    listed = ", ".join(f"'{file}'" for file in files)
    columns = f"select columns(*)::varchar from ({SUMMARIES[table].format(table=f'read_parquet([{listed}])')})"
    with duckdb.connect() as connection:
        return sorted([str(cell) for cell in row] for row in connection.execute(columns).fetchall())


def differences(
    ours: Mapping[str, Mapping[str, int]],
    theirs: Mapping[str, Mapping[str, int]],
    our_tables: Mapping[str, Sequence[str]],
    their_tables: Mapping[str, Sequence[str]],
) -> list[str]:
    """One sentence for every delivery that was counted otherwise and every table that adds up to something else."""
    return [*_count_differences(ours, theirs), *_table_differences(our_tables, their_tables)]


def _count_differences(ours: Mapping[str, Mapping[str, int]], theirs: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    for delivery in sorted({*ours, *theirs}):
        counted, other = ([side.get(delivery, {}).get(name) for name in COUNTED] for side in (ours, theirs))
        if counted != other:
            yield f"{delivery}: {', '.join(COUNTED)} are {counted} with us and {other} with pandas"


def _table_differences(ours: Mapping[str, Sequence[str]], theirs: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for table in SUMMARIES:
        counted, other = summary(table, ours[table]), summary(table, theirs[table])
        if counted != other:
            first = next(row for row in [*counted, *other] if (row in counted) != (row in other))
            yield f"{table}: the summaries differ in {first}, which only {'ours' if first in counted else 'pandas'} has"
