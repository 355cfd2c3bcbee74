"""The command line `shouwang`.

With --json every command prints one object with stable keys on standard output; logs go to
standard error, as JSON lines unless a person watches on a terminal.
"""

import gc
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from jobs.case_service_process import case_service, serve_command
from jobs.commands.alerts import alerts_command
from jobs.commands.backup import backup_command, restore_command
from jobs.commands.contracts import contracts_app
from jobs.commands.deliveries import deliveries_app
from jobs.commands.demo import demo_app
from jobs.commands.dictionary import dictionary_command
from jobs.commands.doctor import doctor_command
from jobs.commands.keys import keys_app
from jobs.commands.metrics import metrics_command
from jobs.commands.models import models_app
from jobs.commands.people import people_app
from jobs.commands.printing import AsJson, BusinessDate, console
from jobs.commands.printing import print_report as _print
from jobs.commands.query import query_command
from jobs.commands.replay import replay_command
from jobs.commands.sources import sources_app
from jobs.commands.tables import tables_app
from jobs.commands.upgrade import upgrade_command
from jobs.commands.upkeep import retention_command, upkeep_command
from jobs.commands.warnings import warnings_app
from jobs.commands.watch import watch_command
from jobs.errors import ShouwangError
from jobs.installation import Installation, this_installation
from jobs.logs import configure_logging
from jobs.nightly import (
    LATER_STEPS,
    changes_since,
    departments_of,
    ingest,
    latest_business_date,
    night_report,
    nightly,
    rebuild,
    totals,
)
from jobs.orchestration import AIRFLOW, AIRFLOW_PORT, airflow_environment, run_night_through_airflow
from jobs.screen import show_nights
from jobs.steps import StepResult
from jobs.storage_errors import storage_error
from schemas.backup import BackupError
from schemas.delivery import business_dates
from schemas.loader import ContractError
from warning_models.loader import ModelError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Shouwang 守望: from departments' extracts to work orders.",
)
app.add_typer(demo_app, name="demo")
app.add_typer(models_app, name="models")
app.add_typer(deliveries_app, name="deliveries")
app.add_typer(contracts_app, name="contracts")
app.add_typer(sources_app, name="sources")
app.add_typer(tables_app, name="tables")
app.add_typer(people_app, name="people")
app.add_typer(warnings_app, name="warnings")
app.add_typer(keys_app, name="keys")
app.command("backup")(backup_command)
app.command("restore")(restore_command)
app.command("upgrade")(upgrade_command)
app.command("upkeep")(upkeep_command)
app.command("retention")(retention_command)
app.command("replay")(replay_command)
app.command("watch")(watch_command)
app.command("doctor")(doctor_command)
app.command("metrics")(metrics_command)
app.command("alerts")(alerts_command)
app.command("query")(query_command)
app.command("dictionary")(dictionary_command)

OnStep = Callable[[str], None]


def main() -> None:
    """Entry point: errors that a person must act on are one sentence and exit code 1."""
    configure_logging(quiet=sys.stderr.isatty())
    # What is imported stays: looking through it for waste again and again takes a tenth of a night.
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    try:
        app()
    except (ShouwangError, ModelError, ContractError, BackupError) as error:
        _tell(error)
    except Exception as error:
        told = storage_error(this_installation(), error)
        if told is None:
            raise
        _tell(told)


def _tell(error: Exception) -> NoReturn:
    Console(stderr=True).print(f"[red]{error}[/red]", highlight=False)
    raise SystemExit(1) from None


def _chosen(installation: Installation, given: datetime | None) -> date:
    return given.date() if given else latest_business_date(installation)


def _with_progress(work: Callable[[OnStep], Any]) -> Any:
    """Run `work` with a function to call on every step, shown as a bar where a person watches."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task("starting", total=None)
        return work(lambda step: progress.update(bar, description=step))


@app.command("ingest")
def ingest_command(
    business_date: BusinessDate = None,
    department: Annotated[str | None, typer.Option(help="Only this department.")] = None,
    as_json: AsJson = False,
) -> None:
    """Read the departments' deliveries into row versions."""
    installation = this_installation()
    day = _chosen(installation, business_date)
    departments = [department] if department else departments_of(installation, day)

    def ingest_all(on_step: OnStep) -> dict[str, Any]:
        reports = {}
        for name in departments:
            on_step(f"ingest {name}")
            reports[name] = ingest(installation, day, name).report
        return reports

    reports = _with_progress(ingest_all)
    _print({"business_date": day.isoformat(), "departments": reports}, as_json)


def _add_step_command(name: str, summary: str) -> None:
    @app.command(name, help=summary)
    def run(business_date: BusinessDate = None, as_json: AsJson = False) -> None:
        installation = this_installation()
        day = _chosen(installation, business_date)
        _show_step(name, day, LATER_STEPS[name](installation, day), as_json)


def _show_step(name: str, day: date, result: StepResult, as_json: bool) -> None:
    report = {"business_date": day.isoformat(), "step": name, "seconds": round(result.seconds, 2)}
    _print(report | {"repeated": result.repeated, "report": result.report}, as_json)


@app.command("conform")
def conform_command(
    business_date: BusinessDate = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="Build every table anew, not only the rows that changed.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring people, households and events to the state of the date."""
    installation = this_installation()
    day = _chosen(installation, business_date)
    step = rebuild if whole else LATER_STEPS["conform"]
    _show_step("conform", day, step(installation, day), as_json)


_add_step_command("warn", "Run the active warning models.")
_add_step_command("dispatch", "Deliver the outbox of warnings to the case service.")
_add_step_command("feedback", "Read outcomes back and judge the models.")
_add_step_command("publish", "Publish the warehouse for analysts, without identities.")


@app.command("nightly")
def nightly_command(
    business_date: BusinessDate = None,
    every_date: Annotated[bool, typer.Option("--every-date", help="All dates with deliveries, in order.")] = False,
    airflow: Annotated[bool, typer.Option("--airflow", help="Through the Airflow DAG.")] = False,
    start_case_service: Annotated[
        bool, typer.Option("--start-case-service", help="Start the case service where none answers.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run the whole night and show what it did."""
    installation = this_installation()
    latest = _chosen(installation, business_date)
    days = business_dates(installation.settings.landing_folder) if every_date else [latest]
    run_one = _run_through_airflow if airflow else nightly

    def run_all(on_step: OnStep) -> list[dict[str, Any]]:
        return [run_one(installation, day, on_step) for day in days]

    if start_case_service:
        with case_service(installation):
            nights = _with_progress(run_all)
    else:
        nights = _with_progress(run_all)
    if as_json:
        typer.echo(json.dumps({"nights": nights} if every_date else nights[0], ensure_ascii=False, default=str))
    else:
        show_nights(console, nights, installation.settings.case_service_url)


def _run_through_airflow(installation: Installation, day: date, on_step: OnStep) -> dict[str, Any]:
    before = totals(installation)
    on_step(f"{day}: Airflow DAG nightly")
    run_night_through_airflow(installation, day)
    return night_report(installation, day) | {"changed": changes_since(installation, before)}


@app.command()
def serve() -> None:
    """Start the case service."""
    command = serve_command(this_installation().settings.case_service_url)
    raise SystemExit(subprocess.run(command, check=False).returncode)


@app.command()
def airflow() -> None:
    """Start Airflow's scheduler and web page with the DAGs loaded."""
    installation = this_installation()
    console.print(f"Airflow: http://127.0.0.1:{AIRFLOW_PORT} (the sign-in is printed below)", highlight=False)
    environment = airflow_environment(installation)
    raise SystemExit(subprocess.run([AIRFLOW, "standalone"], env=environment, check=False).returncode)
