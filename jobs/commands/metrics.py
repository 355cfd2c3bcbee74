"""`shouwang metrics`: what Prometheus is to know of the pipeline."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from jobs.installation import this_installation
from jobs.metrics import metrics_text
from jobs.nightly import SHANGHAI


def metrics_command(
    out: Annotated[
        Path | None, typer.Option(help="A .prom file in the folder of the node exporter's textfile collector.")
    ] = None,
) -> None:
    """Print how the last night went as Prometheus' text, or write it to a file in one step."""
    text = metrics_text(this_installation(), datetime.now(SHANGHAI))
    if out is None:
        typer.echo(text, nl=False)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.rename(out)
