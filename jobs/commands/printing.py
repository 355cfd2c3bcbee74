"""How every command takes a date and prints what it found."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

BusinessDate = Annotated[
    datetime | None,
    typer.Option("--date", formats=["%Y-%m-%d"], help="Business date; without it the latest with deliveries."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

console = Console()


def print_report(report: Mapping[str, Any], as_json: bool) -> None:
    """One JSON object, or a line for every key."""
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False, default=str))
    else:
        for name, value in report.items():
            console.print(f"{name}: {value}", highlight=False, markup=False)


def print_rows(name: str, rows: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    """Rows under a name as one JSON object, or as a table."""
    if as_json:
        typer.echo(json.dumps({name: list(rows)}, ensure_ascii=False, default=str))
    elif not rows:
        console.print(f"no {name}", highlight=False)
    else:
        table = Table(*rows[0])
        for row in rows:
            table.add_row(*("" if value is None else str(value) for value in row.values()))
        console.print(table)
