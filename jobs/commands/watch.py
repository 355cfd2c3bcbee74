"""`shouwang watch`: deliveries taken through to work orders as they land."""

import json
import signal
from datetime import datetime
from threading import Event
from typing import Annotated

import typer

from jobs import watch
from jobs.alone import LONGEST_WAIT_SECONDS
from jobs.commands.printing import AsJson
from jobs.errors import BusyError
from jobs.installation import this_installation


def watch_command(
    once: Annotated[bool, typer.Option("--once", help="Look once and end; waits for a night that runs.")] = False,
    interval: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks.")] = 15.0,
    until: Annotated[
        datetime | None,
        typer.Option("--until", formats=["%Y-%m-%d"], help="Leave folders of later dates alone; without it none."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take deliveries through to work orders as they land, until ended (SIGTERM or Ctrl-C, between two deliveries).

    Prints a line about each delivery; with --json one object a line.
    """
    installation = this_installation()
    over = Event()
    for end in (signal.SIGTERM, signal.SIGINT):
        signal.signal(end, lambda *_: over.set())
    latest = until.date() if until else None
    wait = LONGEST_WAIT_SECONDS if once else interval
    while not over.is_set():
        try:
            for report in watch.look(installation, latest, wait, over.is_set):
                typer.echo(json.dumps(report, ensure_ascii=False, default=str) if as_json else watch.told(report))
        except BusyError:
            # The night takes in what lies there; what it leaves is found by the next look.
            if once:
                raise
        if once:
            return
        over.wait(interval)
