"""`shouwang backup` and `shouwang restore`: the pipeline's home and the case service's database."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from jobs.backup.restoring import restorable, restore
from jobs.backup.taking import back_up
from jobs.case_service_process import answer_of_case_service
from jobs.commands.printing import AsJson, print_report
from jobs.installation import this_installation
from schemas.backup import BackupManifest, Part

Folder = Annotated[Path, typer.Argument(help="The folder of the backup; a new one, for a backup.")]
Only = Annotated[Part | None, typer.Option("--only", help="One part alone, where the two run on two machines.")]


def backup_command(folder: Folder, only: Only = None, as_json: AsJson = False) -> None:
    """Back up the pipeline's home and the case service's database into a new folder."""
    print_report(back_up_parts(folder, only), as_json)


def back_up_parts(folder: Path, only: Part | None) -> dict[str, Any]:
    """Back up both parts, or one, and tell of each what was kept."""
    report: dict[str, Any] = {}
    # The pipeline first: a case service that knows more than the pipeline is told twice and answers the same, while one
    # that knows less would have lost orders of which the pipeline believes that they are there.
    if only is not Part.CASE_SERVICE:
        kept = back_up(this_installation(), folder / Part.PIPELINE, datetime.now(UTC))
        report[Part.PIPELINE.value] = _told("backed up", kept)
    if only is not Part.PIPELINE:
        report[Part.CASE_SERVICE.value] = answer_of_case_service("backup", str(folder / Part.CASE_SERVICE))
    return report


def restore_command(folder: Folder, only: Only = None, as_json: AsJson = False) -> None:
    """Bring a backup into an empty place and compare it with what was kept; nothing is restored over anything."""
    report: dict[str, Any] = {}
    installation = this_installation()
    if only is not Part.CASE_SERVICE:
        restorable(installation, folder / Part.PIPELINE)
    if only is not Part.PIPELINE:
        report[Part.CASE_SERVICE.value] = answer_of_case_service("restore", str(folder / Part.CASE_SERVICE))
    if only is not Part.CASE_SERVICE:
        report[Part.PIPELINE.value] = _told("restored", restore(installation, folder / Part.PIPELINE))
    print_report(report, as_json)


def _told(done: str, manifest: BackupManifest) -> dict[str, Any]:
    return {
        "part": manifest.part.value,
        "done": done,
        "made_at": manifest.made_at.isoformat(),
        "versions": manifest.versions,
        "tables": len(manifest.rows),
        "rows": sum(manifest.rows.values()),
        "files": len(manifest.files),
        "bytes": sum(file.bytes for file in manifest.files.values()),
        "keys_needed": manifest.keys,
        "configuration": manifest.details["configuration"],
    }
