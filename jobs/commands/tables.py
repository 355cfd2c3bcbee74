"""`shouwang tables`: look at the warehouse as it was known on a date."""

from datetime import datetime
from typing import Annotated

import typer

from jobs.as_of import table_as_of, tables
from jobs.commands.printing import AsJson, print_rows
from jobs.installation import this_installation
from jobs.nightly import latest_business_date

tables_app = typer.Typer(no_args_is_help=True, help="The warehouse's tables; never the vault.")


@tables_app.command("list")
def list_tables(as_json: AsJson = False) -> None:
    """Every table that may be shown."""
    print_rows("tables", [{"name": table.name, "title": table.title} for table in tables()], as_json)


@tables_app.command("show")
def show_table(
    name: str,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=["%Y-%m-%d"], help="As known on this date; without it the latest night."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many rows.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Rows of a table, such as ods.dibao or dwd.person, as known on a date."""
    installation = this_installation()
    day = as_of.date() if as_of else latest_business_date(installation)
    print_rows("rows", table_as_of(installation, name, day, limit).to_pylist(), as_json)
