"""`shouwang warnings`: what was warned of, on what grounds, and what happened next. Never who it is."""

import json
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from jobs.commands.printing import AsJson, console, print_rows
from jobs.installation import this_installation
from jobs.nightly import latest_business_date
from jobs.stories.listing import warnings_listed
from jobs.stories.story import story
from jobs.stories.telling import listed, told

warnings_app = typer.Typer(no_args_is_help=True, help="Warnings: what was claimed and why, and what happened next.")


class Fate(StrEnum):
    """Where a warning stands."""

    OPENED = "opened"
    JOINED = "joined"
    WITHHELD = "withheld"
    WAITING = "waiting"


@warnings_app.command("list")
def list_warnings(
    business_date: Annotated[
        datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="Only those that this night found.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Only those that this model leads.")] = None,
    fate: Annotated[Fate | None, typer.Option(help="Only those that stand so.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Warnings and where they stand, newest first."""
    installation = this_installation()
    night = business_date.date() if business_date else None
    lines = [
        line
        for line in warnings_listed(installation, latest_business_date(installation), night)
        if model in (None, line["model"]) and fate in (None, line["fate"])
    ]
    if as_json:
        print_rows("warnings", lines[:limit], as_json)
    else:
        for line in listed(lines[:limit]):
            console.print(line, highlight=False, markup=False, soft_wrap=True)
        if len(lines) > limit:
            console.print(f"{len(lines) - limit} more; --limit shows them.", highlight=False)


@warnings_app.command("explain")
def explain_warning(
    warning_id: Annotated[str, typer.Argument(help="The id of a warning or of a claim in it.")],
    as_json: AsJson = False,
) -> None:
    """The whole story of one warning, from the rows it rests on to what the visit found."""
    found = story(this_installation(), warning_id)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, default=str))
    else:
        for line in told(found):
            console.print(line, highlight=False, markup=False, soft_wrap=True)
