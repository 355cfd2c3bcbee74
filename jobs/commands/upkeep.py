"""`shouwang upkeep` and `shouwang retention`: what is done now and then, beside the nights."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from jobs.commands.printing import AsJson, BusinessDate, print_report, print_rows
from jobs.installation import this_installation
from jobs.nightly import latest_business_date
from jobs.retention import retention
from jobs.upkeep import upkeep


def upkeep_command(
    keep_days: Annotated[int, typer.Option(min=1, help="Keep the snapshots of so many days.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Merge small files, let old snapshots and lineage events go, remove files that nobody names."""
    report = upkeep(this_installation(), datetime.now(UTC), keep_days)
    print_rows("tables", [{"table": name, **kept} for name, kept in report.items()], as_json)


def retention_command(
    business_date: BusinessDate = None,
    apply: Annotated[bool, typer.Option("--apply", help="Remove it; without this only report.")] = False,
    as_json: AsJson = False,
) -> None:
    """Report what was kept as long as its contract allows; with --apply remove it."""
    installation = this_installation()
    day = business_date.date() if business_date else latest_business_date(installation)
    report = retention(installation, day, apply)
    if as_json:
        print_report(report, as_json)
    else:
        print_rows("classes", report["classes"], as_json)
