"""`shouwang replay`: past nights run again from what was known then."""

from datetime import datetime
from typing import Annotated, Any

import typer

from jobs.commands.printing import AsJson, console, print_report, print_rows
from jobs.installation import Installation, this_installation
from jobs.replay import Held, ReplayedModel, ReplayedNight, recorded_nights, replay
from warehouse.engines.engine import EngineName

_MOST_IDS_SHOWN = 5


def replay_command(
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first night.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="The last night.")],
    model: Annotated[list[str] | None, typer.Option(help="Only this model; may be given several times.")] = None,
    engine: Annotated[EngineName | None, typer.Option(help="The engine to run them on.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run past nights again from what was known then; exit code 1 where one differs from its record."""
    installation = this_installation()
    if engine:
        installation = Installation(installation.settings.model_copy(update={"engine": engine}))
    nights = recorded_nights(installation, first.date(), last.date())
    reports = []
    for night in replay(installation, nights, model or ()):
        reports.append(_as_report(night))
        if not as_json:
            _show(reports[-1])
    if as_json:
        print_report({"engine": installation.settings.engine, "nights": reports}, as_json)
    raise SystemExit(0 if all(report["equal"] for report in reports) else 1)


def _as_report(night: ReplayedNight) -> dict[str, Any]:
    return {
        "business_date": night.business_date.isoformat(),
        "equal": night.is_equal,
        "models": [_of_model(item) for item in night.models],
        "reviews": [_of_model(item) for item in night.reviews],
        "warnings": _counts(night.warnings) if night.warnings else None,
    }


def _of_model(item: ReplayedModel) -> dict[str, Any]:
    told = {"model": item.model_id, "number": item.number, "version": item.version, "status": item.status}
    return told | _counts(item.ids)


def _counts(held: Held) -> dict[str, Any]:
    return {
        "recomputed": len(held.now),
        "recorded": len(held.then),
        "same": len(held.now & held.then),
        "only_then": sorted(held.then - held.now),
        "only_now": sorted(held.now - held.then),
    }


def _show(report: dict[str, Any]) -> None:
    said = [*report["models"], *report["reviews"]]
    rows = [{**row, "model": f"{row['number']} v{row['version']}"} for row in said]
    if report["warnings"]:
        rows.append({"model": "warnings", "status": "", **report["warnings"]})
    shown = ("model", "status", "recomputed", "recorded", "same", "only_then", "only_now")
    rows = [{name: _shortened(row[name]) for name in shown} for row in rows]
    verdict = "as recorded" if report["equal"] else "[red]differs from its record[/red]"
    console.print(f"Night of {report['business_date']}: {verdict}", highlight=False)
    print_rows("models", rows, as_json=False)


def _shortened(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    ids: list[str] = value
    more = f" and {len(ids) - _MOST_IDS_SHOWN} more" if len(ids) > _MOST_IDS_SHOWN else ""
    return f"{len(ids)}: {', '.join(ids[:_MOST_IDS_SHOWN])}{more}" if ids else "0"
