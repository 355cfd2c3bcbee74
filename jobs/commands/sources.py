"""`shouwang sources`: departments' databases, and taking what is new in them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from jobs.commands.printing import AsJson, print_report, print_rows
from jobs.errors import SourceError
from jobs.installation import Installation, this_installation
from jobs.nightly import SHANGHAI
from jobs.sources.addresses import is_configured, source_departments, sourced_contracts, variable_of
from jobs.sources.pull import pull
from jobs.sources.watermark import taken_before
from schemas.loader import Contract

sources_app = typer.Typer(no_args_is_help=True, help="Departments' databases that classes are read from.")


@sources_app.command("list")
def list_sources(as_json: AsJson = False) -> None:
    """Every class with a database, whether its URL is configured, and how far it was taken."""
    installation = this_installation()
    print_rows("sources", [_described(installation, contract) for contract in sourced_contracts()], as_json)


@sources_app.command("pull")
def pull_sources(
    business_date: Annotated[
        datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="Business date; without it today.")
    ] = None,
    department: Annotated[str | None, typer.Option(help="Only this department.")] = None,
    as_json: AsJson = False,
) -> None:
    """Land what is new in the departments' databases, as deliveries of the date; exits with 1 where one failed."""
    installation = this_installation()
    day = (business_date or datetime.now(SHANGHAI)).date()
    landed: dict[str, int] = {}
    problems: dict[str, str] = {}
    for name, classes in _chosen(installation, department).items():
        report = pull(installation, day, name, classes).report
        landed |= report["landed"]
        problems |= report["problems"]
    print_report({"business_date": day.isoformat(), "landed": landed, "problems": problems}, as_json)
    if problems and not as_json:
        raise SourceError("; ".join(problems.values()))
    raise SystemExit(1 if problems else 0)


def _chosen(installation: Installation, department: str | None) -> dict[str, Sequence[Contract]]:
    if department:
        classes = [contract for contract in sourced_contracts() if contract.department == department]
        if not classes:
            known = ", ".join(sorted({contract.department for contract in sourced_contracts()})) or "none"
            raise SourceError(
                f"No contract of {department} names a database under 'servers'; departments with one: {known}. "
                "The data team adds it to the contract."
            )
        return {department: classes}
    found = dict(source_departments(installation.settings))
    if not found:
        servers = sorted({contract.source.server for contract in sourced_contracts() if contract.source})
        told = f"set {' or '.join(map(variable_of, servers))}" if servers else "name a database under 'servers' first"
        raise SourceError(
            f"No database to read: {'the system administrator' if servers else 'a contract'} must {told}."
        )
    return {name: list(classes) for name, classes in found.items()}


def _described(installation: Installation, contract: Contract) -> dict[str, Any]:
    source = contract.source
    assert source is not None
    taken = taken_before(installation, contract.extract_class)
    return {
        "extract_class": contract.extract_class,
        "department": contract.department,
        "server": source.server,
        "reads": source.name,
        "watermark_column": source.watermark,
        "url": "configured"
        if is_configured(installation.settings, source.server)
        else f"set {variable_of(source.server)}",
        "taken_on": taken[-1].business_date if taken else None,
        "watermark": taken[-1].watermark if taken else None,
    }
