"""`shouwang keys`: new keys are put to use."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from jobs.case_service_process import answer_of_case_service
from jobs.commands.printing import AsJson, print_report
from jobs.installation import this_installation
from jobs.rotation.person_key import rotate_person_key
from jobs.rotation.vault_key import rotate_vault_key

keys_app = typer.Typer(no_args_is_help=True, help="Put new keys to use.")


class KeyName(StrEnum):
    """The keys under which something is kept."""

    PERSON_KEY = "person_key"
    VAULT_KEY = "vault_key"
    CASE_SEALING_KEY = "case_sealing_key"


@keys_app.callback()
def keys() -> None:
    """Put new keys to use."""


@keys_app.command("rotate")
def rotate(
    name: Annotated[KeyName, typer.Argument(help="The key that got one more line.")],
    only_pipeline: Annotated[
        bool, typer.Option("--only-pipeline", help="Leave the case service out; it is on another machine.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring what is kept under the key before to the newest one. Killed on the way, run it again."""
    if name is KeyName.CASE_SEALING_KEY:
        report = answer_of_case_service("rotate-sealing-key")
    elif name is KeyName.VAULT_KEY:
        report = rotate_vault_key(this_installation(), datetime.now(UTC))
    else:
        report = rotate_person_key(this_installation(), datetime.now(UTC), with_case_service=not only_pipeline)
    print_report({"key": name.value, **report}, as_json)
