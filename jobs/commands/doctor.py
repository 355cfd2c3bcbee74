"""`shouwang doctor`: what is wrong before a night finds out."""

from dataclasses import asdict
from datetime import datetime

from jobs.commands.printing import AsJson, print_rows
from jobs.doctor import examine
from jobs.nightly import SHANGHAI
from jobs.settings import settings


def doctor_command(as_json: AsJson = False) -> None:
    """Look for what would stop a night, and say who must do what; exit code 1 where something is wrong."""
    findings = examine(settings(), datetime.now(SHANGHAI))
    print_rows("findings", [asdict(finding) for finding in findings], as_json)
    raise SystemExit(any(finding.state == "wrong" for finding in findings))
