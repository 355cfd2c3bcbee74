"""`shouwang alerts`: what operators must be told of."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from jobs.alerts import standing
from jobs.commands.printing import AsJson, print_rows
from jobs.installation import this_installation
from jobs.nightly import SHANGHAI
from jobs.operators import tell_operators


def alerts_command(
    tell: Annotated[bool, typer.Option("--tell", help="Send what stands to the operators' group too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the alerts that stand, the critical ones first, each with who must do what."""
    installation = this_installation()
    found = standing(installation, datetime.now(SHANGHAI))
    print_rows("alerts", [asdict(alert) for alert in found], as_json)
    if tell and found:
        tell_operators(installation.settings, "\n".join(alert.said for alert in found))
