"""`shouwang upgrade`: an installation is brought to this version of the product."""

from pathlib import Path
from typing import Annotated, Any

import typer

from jobs.case_service_process import answer_of_case_service
from jobs.commands.backup import Only, back_up_parts
from jobs.commands.printing import AsJson, print_report
from jobs.installation import this_installation
from jobs.upgrade import tables_ahead, told, widen_tables
from schemas.backup import Part

Backup = Annotated[Path | None, typer.Argument(help="A new folder for the backup of what is there now.")]


def upgrade_command(
    backup: Backup = None,
    check: Annotated[bool, typer.Option("--check", help="Only say what would be done.")] = False,
    only: Only = None,
    as_json: AsJson = False,
) -> None:
    """Back up, then bring the case service's database and the tables to this version."""
    if (backup is None) != check:
        raise typer.BadParameter("name a new folder for the backup, or give --check")
    installation = this_installation()
    report: dict[str, Any] = {}
    # What cannot be done is said before anything is.
    if only is not Part.CASE_SERVICE:
        report[Part.PIPELINE.value] = told(tables_ahead(installation))
    if only is not Part.PIPELINE:
        report[Part.CASE_SERVICE.value] = answer_of_case_service("schema")
    if backup is not None:
        report["backup"] = back_up_parts(backup, only)
        if only is not Part.PIPELINE:
            report[Part.CASE_SERVICE.value] |= answer_of_case_service("schema", "--upgrade")
        if only is not Part.CASE_SERVICE:
            widen_tables(installation)
    print_report(report, as_json)
