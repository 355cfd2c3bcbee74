"""`shouwang people`: who is who, where only a person can tell."""

import getpass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from jobs.commands.printing import AsJson, BusinessDate, print_report, print_rows
from jobs.installation import Installation, this_installation
from jobs.nightly import latest_business_date
from jobs.people.decisions import Verdict
from jobs.people.review import decide, review, to_decide

people_app = typer.Typer(no_args_is_help=True, help="Who is who: the review list, and what people decide on it.")

Subject = Annotated[str, typer.Argument(help="The key of a row (r…) or of a person (p…), as the list has it.")]
Person = Annotated[str, typer.Argument(help="The key of the person it may be.")]
Reason = Annotated[str, typer.Option(help="Why; kept for ever.")]
By = Annotated[str | None, typer.Option(help="Who decides; without it the signed-in user of this machine.")]


@people_app.command("review")
def review_command(business_date: BusinessDate = None, as_json: AsJson = False) -> None:
    """Compare rows without a usable number with everybody, in memory, and list who they may be about."""
    installation = this_installation()
    day = business_date.date() if business_date else latest_business_date(installation)
    found = review(installation, day)
    report = {"business_date": day.isoformat(), "rows": found.rows, "people": found.people}
    print_report(report | {"candidates": found.candidates}, as_json)


@people_app.command("list")
def list_review(business_date: BusinessDate = None, as_json: AsJson = False) -> None:
    """What waits for a person to decide, without names or numbers."""
    installation = this_installation()
    day = business_date.date() if business_date else latest_business_date(installation)
    print_rows("review", to_decide(installation, day), as_json)


def _add_decision(command: str, verdict: Verdict, summary: str) -> None:
    @people_app.command(command, help=summary)
    def run(
        subject_key: Subject,
        person_key: Person,
        reason: Reason,
        by: By = None,
        business_date: BusinessDate = None,
        as_json: AsJson = False,
    ) -> None:
        installation = this_installation()
        print_report(_decided(installation, (subject_key, person_key), verdict, reason, by, business_date), as_json)


def _decided(
    installation: Installation,
    pair: tuple[str, str],
    verdict: Verdict,
    reason: str,
    by: str | None,
    business_date: datetime | None,
) -> dict[str, Any]:
    day = business_date.date() if business_date else latest_business_date(installation)
    now = datetime.now(UTC).replace(tzinfo=None)
    decision = decide(installation, pair, verdict, reason, by or getpass.getuser(), now, day)
    return {
        "subject_key": decision.subject_key,
        "person_key": decision.person_key,
        "verdict": decision.verdict,
        "reason": decision.reason,
        "decided_by": decision.decided_by,
        "decided_at": f"{decision.decided_at.isoformat(timespec='seconds')}Z",
        "in_force_from": decision.business_date.isoformat(),
    }


_add_decision("accept", "accepted", "The two are one person; the next conform sees them so. Nothing is rewritten.")
_add_decision("reject", "rejected", "The two are not one person; the pair is not proposed again.")
_add_decision("withdraw", "withdrawn", "Take a decision back; everything is as before it was made.")
