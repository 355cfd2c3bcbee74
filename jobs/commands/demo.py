"""`shouwang demo`: a made-up city, and its grid workers at their doors."""

import subprocess
import sys
from enum import StrEnum
from typing import Annotated

import typer

from jobs.commands.printing import AsJson, BusinessDate, print_report
from jobs.demo_visits import answer_open_orders
from jobs.installation import this_installation
from jobs.nightly import latest_business_date

demo_app = typer.Typer()


class Scale(StrEnum):
    """How large a made-up city is."""

    TOWN = "town"
    CITY = "city"
    PROVINCE = "province"


class Mess(StrEnum):
    """How untidy its departments are."""

    NONE = "none"
    USUAL = "usual"
    ALL = "all"


@demo_app.callback(invoke_without_command=True)
def build_demo(
    context: typer.Context,
    people: Annotated[
        int | None, typer.Option(help="How many people live in a city; as many as its scale says without it.")
    ] = None,
    scale: Annotated[
        Scale, typer.Option(help="A town of 30,000, a city of 1,310,000, or a province of ten cities.")
    ] = Scale.TOWN,
    nights: Annotated[int, typer.Option(help="How many nights of deliveries, up to a year of them.")] = 2,
    mess: Annotated[
        Mess | None,
        typer.Option(help="none: files as promised; usual: all that a night copes with; all: also what it must hold."),
    ] = None,
) -> None:
    """Build a made-up city with its departments' deliveries, unless there is one.

    The mess is usual in a town and all in a city. Each city of a province is a home of its own under the home.
    """
    if context.invoked_subcommand:
        return
    home = this_installation().settings.home
    command = [sys.executable, "-m", "demo_city", "build", "--home", str(home)]
    command += ["--scale", scale.value, "--nights", str(nights)]
    command += ["--people", str(people)] if people is not None else []
    command += ["--mess", mess.value] if mess is not None else []
    raise SystemExit(subprocess.run(command, check=False).returncode)


@demo_app.command("visits")
def visits_command(
    business_date: BusinessDate = None,
    answered: Annotated[float, typer.Option(min=0, max=1, help="Which share of the open orders is answered.")] = 0.92,
    as_json: AsJson = False,
) -> None:
    """Have the demo's grid workers answer their open orders, each finding what really happened."""
    installation = this_installation()
    day = business_date.date() if business_date else latest_business_date(installation)
    counts = answer_open_orders(installation, day, answered)
    print_report({"business_date": day.isoformat(), "visits": counts}, as_json)
