"""`shouwang query`: ask the published file, or take its rows along."""

from pathlib import Path
from typing import Annotated

import typer

from jobs.commands.printing import AsJson, print_report, print_rows
from jobs.installation import this_installation
from jobs.published import TABLES, export, query


def query_command(
    sql: Annotated[str, typer.Argument(help="A select; without one, which tables there are.")] = TABLES,
    out: Annotated[Path | None, typer.Option(help="Write all rows to this .csv, .xlsx or .parquet file.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Print at most so many rows.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Ask the newest published file in SQL; it holds no identities and cannot be changed."""
    if out is None:
        print_rows("rows", query(this_installation(), sql, limit).to_pylist(), as_json)
        return
    rows = query(this_installation(), sql)
    export(rows, out)
    print_report({"rows": rows.num_rows, "file": str(out)}, as_json)
