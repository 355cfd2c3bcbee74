"""`shouwang contracts`: check, show, draft and compare the departments' promises."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from jobs.commands.printing import AsJson, console, print_report
from jobs.contract_draft import draft_contract
from schemas.checking import contract_failures
from schemas.differences import contract_changes
from schemas.loader import Contract, ContractError, Field, contracts, read_contract

contracts_app = typer.Typer(no_args_is_help=True, help="The contracts with the departments.")


@contracts_app.command("check")
def check_contracts(as_json: AsJson = False) -> None:
    """Check all contract files; lists all failures together."""
    found = contract_failures()
    if as_json:
        print_report({"failures": found}, as_json)
    else:
        console.print("\n".join(found) or "All contracts can be kept.", highlight=False, markup=False)
    raise SystemExit(1 if found else 0)


@contracts_app.command("show")
def show_contract(extract_class: str, as_json: AsJson = False) -> None:
    """One contract, by class or number."""
    found = [item for item in contracts().values() if extract_class in (item.extract_class, item.number)]
    if not found:
        raise ContractError(f"No contract {extract_class!r}; there are {', '.join(contracts())}.")
    print_report(_described(found[0]), as_json)


@contracts_app.command("new")
def new_contract(
    sample: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="A file as the department sends it: CSV, workbook, HTML, DBF, Parquet, or a zip.",
        ),
    ],
    extract_class: Annotated[str, typer.Option("--class", help="Name of the class: lower case, joined by '_'.")],
    department: Annotated[str, typer.Option(help="The department's folder name.")],
    output: Annotated[Path | None, typer.Option(help="Write there; without it to standard output.")] = None,
) -> None:
    """Draft a contract from a sample file, for a person to complete."""
    text = draft_contract(sample, extract_class, department)
    if output is None:
        typer.echo(text, nl=False)
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text, encoding="utf-8")
    console.print(f"Drafted {output}: complete what says TODO, then 'shouwang contracts check'.", highlight=False)


@contracts_app.command("diff")
def diff_contracts(
    old: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    new: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    as_json: AsJson = False,
) -> None:
    """Name what changed between two contract files; exits with 1 where anything breaks."""
    changes = contract_changes(read_contract(old), read_contract(new))
    breaking = [change.text for change in changes if change.breaking]
    other = [change.text for change in changes if not change.breaking]
    if as_json:
        print_report({"breaking": breaking, "other": other}, as_json)
    else:
        lines = [f"breaking: {text}" for text in breaking] + [f"fine: {text}" for text in other]
        console.print("\n".join(lines) or "The same promises.", highlight=False, markup=False)
    raise SystemExit(1 if breaking else 0)


def _described(contract: Contract) -> dict[str, Any]:
    return {
        "class": contract.extract_class,
        "number": contract.number,
        "title": contract.title,
        "title_en": contract.title_en,
        "version": contract.version,
        "department": contract.department,
        "owner": contract.owner,
        "purpose": contract.purpose,
        "limitations": contract.limitations,
        "legal_basis": contract.legal_basis,
        "delivery_mode": contract.delivery_mode,
        "source": asdict(contract.source) if contract.source else None,
        "latency_days": contract.latency_days,
        "retention_days": contract.retention_days,
        "completeness_gate": contract.completeness_gate,
        "key": [field.name for field in contract.key_fields],
        "fields": {field.name: _field_line(field) for field in contract.fields},
        "rules": {rule.name: rule.title for rule in contract.row_rules},
        "path": str(contract.path),
    }


def _field_line(field: Field) -> str:
    required = "required" if field.required else "optional"
    kept = f"kept as {field.stored_name}" if field.stored_name else "kept in the vault only, if at all"
    return f"{field.title}; {field.physical_type}, {required}, {field.classification}, {kept}"
