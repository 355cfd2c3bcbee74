"""`shouwang deliveries`: what arrived, and what people decide on what is held."""

import getpass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from jobs.commands.printing import AsJson, print_report, print_rows
from jobs.ingest import decisions, ledger
from jobs.ingest.decisions import Decision
from jobs.installation import this_installation
from jobs.nightly import ingest, latest_business_date

deliveries_app = typer.Typer(no_args_is_help=True, help="Departments' deliveries, and decisions on held ones.")

Reason = Annotated[str, typer.Option(help="Why; kept for ever.")]
By = Annotated[str | None, typer.Option(help="Who decides; without it the signed-in user of this machine.")]

LISTED = (
    "delivery_id",
    "business_date",
    "status",
    "releasable",
    "is_late",
    "received",
    "accepted",
    "rejected",
    "unchanged",
    "deleted",
    "held_reason",
)


@deliveries_app.command("list")
def list_deliveries(
    status: Annotated[str | None, typer.Option(help="Only: ingested, held, rejected.")] = None, as_json: AsJson = False
) -> None:
    """Every delivery with what became of its rows."""
    installation = this_installation()
    found = ledger.records(installation, **({"status": status} if status else {}))
    print_rows("deliveries", [{name: getattr(record, name) for name in LISTED} for record in found], as_json)


@deliveries_app.command("release")
def release_delivery(
    delivery_id: str,
    reason: Reason,
    by: By = None,
    at_once: Annotated[bool, typer.Option("--ingest", help="Ingest it now, not at the next ingest.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let a held delivery in after all."""
    installation = this_installation()
    decision = decisions.release(installation, delivery_id, reason, by or getpass.getuser(), _now())
    report = _described(decision)
    if at_once:
        night = latest_business_date(installation)
        ingest(installation, night, delivery_id.split(".")[0])
        record = ledger.record_of_delivery(installation, delivery_id)
        report |= {"status": record.status if record else None, "business_date": night.isoformat()}
    print_report(report, as_json)


@deliveries_app.command("reject")
def reject_delivery(delivery_id: str, reason: Reason, by: By = None, as_json: AsJson = False) -> None:
    """Keep a held delivery out for ever."""
    decision = decisions.reject(this_installation(), delivery_id, reason, by or getpass.getuser(), _now())
    print_report(_described(decision), as_json)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _described(decision: Decision) -> dict[str, Any]:
    return {
        "delivery_id": decision.delivery_id,
        "verdict": decision.verdict,
        "reason": decision.reason,
        "decided_by": decision.decided_by,
        "decided_at": f"{decision.decided_at.isoformat(timespec='seconds')}Z",
    }
