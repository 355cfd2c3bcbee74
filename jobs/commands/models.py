"""`shouwang models`: the warning models, what came of them, and drafts of new ones."""

import json
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from jobs.commands.printing import AsJson, BusinessDate, console, print_report, print_rows
from jobs.evaluation.report import evaluate, shadow_claims
from jobs.feedback import NOTHING_WARNED, model_performance
from jobs.installation import this_installation
from jobs.model_trial import Group, Trial, Visits, draft_in, grid_workers, try_model
from jobs.nightly import latest_business_date
from jobs.ranking.in_force import switch
from jobs.ranking.page import page
from jobs.screen import show_evaluation, show_models
from jobs.source_holds import recorded_holds
from schemas.divisions import divisions
from schemas.loader import contracts
from warning_models.loader import ModelError, WarningModel, load_models, readable_models
from warning_models.lock import read_lock
from warning_models.rules import failures

models_app = typer.Typer(no_args_is_help=True, help="The warning models.")


@models_app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """Every model with its status, version, what its warnings led to, and what keeps it on hold."""
    installation = this_installation()
    performance = model_performance(installation)
    holds = [asdict(hold) for hold in recorded_holds(installation) if hold.held_until is None]
    looked_on = {(row["model"], row["version"]): row["claims"] for row in shadow_claims(installation, date.max)}
    rows = [
        {
            "id": model.id,
            "number": model.number,
            "version": model.version,
            "status": model.status,
            "title": model.title.zh,
            **performance.get((model.id, model.version), NOTHING_WARNED),
            "holds": [hold for hold in holds if hold["model_id"] == model.id],
            "shadow_claims": looked_on.get((model.id, model.version), 0),
        }
        for model in load_models()
    ]
    if as_json:
        typer.echo(json.dumps({"models": rows}, ensure_ascii=False, default=str))
    else:
        show_models(console, rows)


@models_app.command("show")
def show_model(model_id: str, as_json: AsJson = False) -> None:
    """One model: its question, parameters in force, limits, and SQL."""
    found = [model for model in load_models() if model_id in (model.id, model.number)]
    if not found:
        known = ", ".join(model.id for model in load_models())
        raise ModelError(f"No model {model_id!r}; there are {known}.")
    model = found[0]
    described = {
        "id": model.id,
        "number": model.number,
        "version": model.version,
        "status": model.status,
        "title": model.title.zh,
        "question": model.question,
        "owner": model.owner,
        "parameters": {
            name: [str(value.value) for value in item.values.values()] for name, item in model.parameters.items()
        },
        "sources": model.sources,
        "known_limits": model.known_limits,
        "not_used": model.not_used,
        "sql": model.sql,
    }
    print_report(described, as_json)


@models_app.command("check")
def check_models(as_json: AsJson = False) -> None:
    """Check the house rules of the model set; lists all failures together."""
    models, unreadable = readable_models()
    found = [*unreadable, *failures(models, read_lock(), date.today(), set(contracts()))]  # noqa: DTZ011
    if as_json:
        typer.echo(json.dumps({"failures": found}, ensure_ascii=False))
    else:
        console.print("\n".join(found) or "All models keep the house rules.", highlight=False)
    raise SystemExit(1 if found else 0)


@models_app.command("try")
def try_draft(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The folder of the draft.")],
    business_date: BusinessDate = None,
    directory: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="The folder with staff.csv; a demo has its own.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """A draft beside the active version of the same id on the date's data; writes nothing."""
    installation = this_installation()
    day = business_date.date() if business_date else latest_business_date(installation)
    draft = draft_in(folder.resolve())
    workers = grid_workers(installation, directory)
    report = _trial_report(try_model(installation, day, draft), workers) | {"house_rules": _breaches(draft)}
    if as_json:
        print_report(report, as_json)
        return
    for name in ("draft", "active", "people"):
        console.print(f"{name}: {report[name]}", highlight=False)
    print_rows("by_county", report["by_county"], as_json)
    print_rows("by_tier", report["by_tier"], as_json)
    print_report(report["visits"], as_json)
    for breach in report["house_rules"]:
        console.print(f"[yellow]house rule:[/yellow] {breach}", highlight=False)


def _breaches(draft: WarningModel) -> list[str]:
    """The house rules that the draft alone breaks; its lock is not looked at."""
    entry = {"version": draft.version, "sha256": draft.lock_hash}
    return failures([draft], {draft.id: entry}, date.today(), set(contracts()))  # type: ignore[dict-item]  # noqa: DTZ011


def _trial_report(trial: Trial, workers: int) -> dict[str, Any]:
    names = {division.code[:6]: division.name for division in divisions() if division.level == "county"}
    return {
        "business_date": trial.business_date.isoformat(),
        "draft": {"id": trial.draft.id, "version": trial.draft.version},
        "active": {"id": trial.active.id, "version": trial.active.version} if trial.active else None,
        "people": _changes(trial.all),
        "by_county": [
            {"county": group.name, "name": names.get(group.name, "不详"), **_changes(group)}
            for group in trial.by_county
        ],
        "by_tier": [{"tier": group.name, **_changes(group)} for group in trial.by_tier],
        "visits": {
            "grid_workers": workers,
            "draft": _visits(trial.visits, workers),
            "active": _visits(trial.active_visits, workers) if trial.active_visits else None,
            "counted": "one visit for each household and hardship newly found; new within the days given, as of their "
            "first and their last night, taken to a week and shared evenly among the grid workers of staff.csv",
        },
    }


def _changes(group: Group) -> dict[str, int]:
    return {"new": group.new, "gone": group.gone, "same": group.same}


def _visits(visits: Visits, workers: int) -> dict[str, Any]:
    rate = visits.per_worker_and_week(workers)
    return {
        "first_night": visits.first_night,
        "new": visits.new,
        "days": visits.days,
        "per_worker_per_week": None if rate is None else round(rate, 3),
    }


@models_app.command("evaluate")
def evaluate_models(
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="As known on this date; without it the latest night.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What visits found, by model and group of people; in a demo also who was missed. Draws what a limit costs."""
    installation = this_installation()
    day = until.date() if until else latest_business_date(installation)
    report = evaluate(installation, day)
    if as_json:
        print_report(report, as_json)
    else:
        show_evaluation(console, report)


@models_app.command("rank")
def rank_command(
    as_of: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Learn from what was known on this date.")],
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Judge by the warnings after it, until this date.")
    ] = None,
    use: Annotated[bool, typer.Option("--use", help="Rank the nights after the last date by it.")] = False,
    off: Annotated[bool, typer.Option("--off", help="Rank the nights after the last date by no score.")] = False,
    as_json: AsJson = False,
) -> None:
    """The score of need that orders warnings as urgent as each other: train it, judge it, switch it on or off."""
    # Here, because what it takes to fit a score loads for a second.
    from jobs.ranking.card import card

    installation = this_installation()
    last = until.date() if until else latest_business_date(installation)
    known = card(installation, as_of.date(), last)
    file = installation.settings.reports_folder / "models" / f"ranking_{as_of:%Y%m%d}.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(page(known), encoding="utf-8")
    if use or off:
        switch(installation, last + timedelta(days=1), None if off else known)
    if as_json:
        print_report({**known, "page": str(file)}, as_json)
    else:
        console.print(page(known), highlight=False, markup=False)
