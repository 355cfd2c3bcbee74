"""What people see of a night on a terminal: one clear table, what needs attention, where to look next."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from jobs.publish import DATABASE, LATEST
from schemas.loader import contracts, department_titles
from schemas.messages import WITHHELD, WithheldReason

COUNTS = ("received", "accepted", "rejected", "unchanged")
DEMO_SIGN_INS = "demo sign-ins: supervisor 'city', grid worker 'g<grid code>' (listed on the sign-in page)"


def show_nights(console: Console, nights: Sequence[Mapping[str, Any]], case_service_url: str) -> None:
    """Print the reports of one or more nights (see jobs.nightly.night_report)."""
    for night in nights:
        console.print(_deliveries(night))
        console.print(_outcome(night))
        _print_attention(console, night)
    _print_next(console, nights, case_service_url)


def show_models(console: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print the models with what their warnings led to.

    found: visits that ended in help or a referral; errors: in wrong data; yield: found among the closed; shadow:
    what the version claimed while it only looked on.
    """
    table = Table()
    table.add_column("model", overflow="fold")
    for name in ("warned", "closed", "found", "errors", "yield", "shadow"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        share = "–" if row["yield_ratio"] is None else f"{row['yield_ratio']:.1%}"
        found = row["helped"] + row["referred"]
        counted = map(str, (row["warned"], row["closed"], found, row["data_error"]))
        name = f"{row['number']} {row['id']}\n{row['title']} (v{row['version']}, {row['status']})"
        name += "".join(f"\non hold since {hold['held_from']}: {hold['extract_class']}" for hold in row["holds"])
        table.add_row(name, *counted, share, str(row["shadow_claims"]))
    console.print(table)


def show_evaluation(console: Console, report: Mapping[str, Any]) -> None:
    """Print an evaluation (see jobs.evaluation.report): a table for each grouping, then the truth of a demo."""
    console.print(f"Known until {report['business_date']}; shares with the interval of 19 in 20 cases.")
    console.print(_measured("all", [{"all": "all", **report["all"]}], report["few"]))
    for name in ("model", "tier", "county", "age_band", "sex", "area"):
        console.print(_measured(name, report[f"by_{name}"], report["few"]))
    for row in report["missed"]:
        between = f"{row['missed']['low']:,.0f}–{row['missed']['high']:,.0f}" if row["missed"] else "not known yet"
        console.print(
            f"missed among {row['population']:,} households ({row['stratum']}): {between}; "
            f"{row['found']} found in {row['visited']} control visits{' *' if row['is_small'] else ''}",
            highlight=False,
        )
    for row in report["shadow"]:
        console.print(
            f"shadow {row['model']} v{row['version']}: {row['claims']} claims, nobody visited", highlight=False
        )
    if truth := report["truth"]:
        rows = [{"kind": "all", **truth["all"]}, *truth["by_kind"]]
        console.print(_recalled("kind", rows), _recalled("model", truth["by_model"]))
        console.print(f"warnings that met a household in hardship: {_share(truth['met_share'])}", highlight=False)
    for curve in report["curves"]:
        console.print(f"visits and people found as the limit moves: {curve['picture']}", highlight=False)


def _measured(name: str, rows: Sequence[Mapping[str, Any]], few: int) -> Table:
    table = Table(caption=f"* fewer than {few} visits closed: says little", caption_justify="left")
    table.add_column(name, overflow="fold")
    for heading in ("warned", "closed", "found", "yield", "unanswered", "data errors", "days to help"):
        table.add_column(heading, justify="right")
    for row in rows:
        shares = (_share(row[key]) for key in ("yield", "unanswered", "data_error"))
        counts = (str(row[key]) for key in ("warned", "closed", "found"))
        table.add_row(f"{row[name]}{' *' if row['is_small'] else ''}", *counts, *shares, _days(row["days_to_help"]))
    return table


def _recalled(name: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table()
    table.add_column(name, overflow="fold")
    for heading in ("hardships", "found", "recall", "days after visible"):
        table.add_column(heading, justify="right")
    for row in rows:
        counts = (str(row[key]) for key in ("hardships", "found"))
        table.add_row(row[name], *counts, _share(row["recall"]), _days(row["days_after_visible"]))
    return table


def _share(measured: Mapping[str, float] | None) -> str:
    if measured is None:
        return "–"
    return f"{measured['value']:.1%} ({measured['low']:.1%}–{measured['high']:.1%})"


def _days(measured: Mapping[str, float | None] | None) -> str:
    if measured is None:
        return "–"
    between = f" ({measured['low']:g}–{measured['high']:g})" if measured["low"] is not None else ""
    return f"{measured['value']:g}{between}"


def _deliveries(night: Mapping[str, Any]) -> Table:
    table = Table(title=f"Night of {night['business_date']} ({night['engine']})", title_justify="left")
    table.add_column("department")
    table.add_column("delivery")
    table.add_column("no.", justify="right")
    for name in COUNTS:
        table.add_column(name, justify="right")
    for item in night["deliveries"]:
        held = item["status"] != "ingested"
        table.add_row(*_delivery_names(item), *(f"{item[name]:,}" for name in COUNTS), style="red" if held else None)
    table.add_section()
    table.add_row("all", "", "", *(f"{sum(item[name] for item in night['deliveries']):,}" for name in COUNTS))
    return table


def _delivery_names(item: Mapping[str, Any]) -> tuple[str, str, str]:
    department, _, _, sequence = item["delivery_id"].split(".", 3)
    contract = contracts().get(item["extract_class"])
    title = contract.title if contract else item["extract_class"]
    held = f" ({item['status']})" if item["status"] != "ingested" else ""
    return department_titles().get(department, department), title + held, sequence


def _outcome(night: Mapping[str, Any]) -> Table:
    table = Table(show_header=False)
    table.add_column(style="bold")
    table.add_column()
    warnings = night["warnings"]
    listed = ", ".join(f"{model} {count}" for model, count in warnings.items()) or "none"
    table.add_row("warnings", f"{sum(warnings.values())}: {listed}")
    orders = night["orders"]
    table.add_row("work orders", ", ".join(f"{kind} {orders[kind]}" for kind in ("opened", "joined", "withheld")))
    if night["holds"]:
        table.add_row("on hold", _holds(night["holds"]))
    if night["released"]:
        table.add_row("released", _holds(night["released"]))
    if night["waiting"]:
        table.add_row("waiting", _waiting(night["waiting"]))
    table.add_row("seconds", ", ".join(f"{step} {seconds:.1f}" for step, seconds in night["seconds"].items()))
    if "changed" in night:
        table.add_row("changed", _changed(night["changed"]))
    return table


def _holds(holds: Sequence[Mapping[str, str]]) -> str:
    """Which models claim nothing where, for what is late."""
    where = (f"{hold['model_id']} {hold['county_code'] or 'everywhere'}" for hold in holds)
    late = (f"{hold['extract_class']} reaches {hold['covered_until']}" for hold in holds)
    return "; ".join(f"{place}: {source}" for place, source in zip(where, late, strict=True))


def _waiting(counts: Mapping[str, int]) -> str:
    """Why warnings wait, tonight's and those of before."""
    return "; ".join(f"{count}: {WITHHELD[WithheldReason(reason)].en}" for reason, count in counts.items())


def _changed(changed: Mapping[str, int]) -> str:
    if not any(changed.values()):
        return "nothing: no new row version, warning or work order"
    return f"{changed['row_versions']:,} row versions, {changed['warnings']} warnings, {changed['orders']} work orders"


def _print_attention(console: Console, night: Mapping[str, Any]) -> None:
    for item in night["deliveries"]:
        if item["held_reason"]:
            console.print(f"[red]held:[/red] {item['held_reason']}", highlight=False)
    for problem in night["problems"]:
        console.print(f"[red]problem:[/red] {problem}", highlight=False)
    if night["undelivered"]:
        console.print(
            f"[yellow]{night['undelivered']} warnings wait in the outbox; the next run delivers them once.[/yellow]"
        )


def _print_next(console: Console, nights: Sequence[Mapping[str, Any]], case_service_url: str) -> None:
    published = [night["published"] for night in nights if night["published"]]
    console.print(f"Work orders: run 'make serve' and open {case_service_url} ({DEMO_SIGN_INS}).", highlight=False)
    if published:
        latest = Path(published[-1]).parents[1] / LATEST / DATABASE
        console.print(f"Analysts: {latest} (DuckDB, no identities), or 'shouwang query'.", highlight=False)
    console.print("Departments' lists of problems and Data Docs: reports/ under SHOUWANG_HOME.", highlight=False)
