"""Every command that README and docs show is one that the command lines take, down to its last option."""

import shlex
from pathlib import Path

import pytest
import typer.main

from case_service.__main__ import _parser
from jobs.cli import app
from tests.docs.documented_commands import commands_in, documented_commands

# Files and folders that readers of the pages have; the command lines look whether they are there.
FILES = ("sample.csv", "old.odcs.yaml", "new.odcs.yaml", "2027.json", "addresses.csv", "grids.csv", "staff.csv")
FOLDERS = ("directory", "drafts/medical/medical_cost_over_limit")


@pytest.fixture(autouse=True)
def what_readers_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FILES:
        (tmp_path / name).touch()
    for name in FOLDERS:
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)


def shown(program: str) -> list[str]:
    """What the documents show after a program's name."""
    return sorted({one.to_run.removeprefix(program) for one in documented_commands() if one.text.startswith(program)})


def understand(words: list[str]) -> None:
    """Have `shouwang` read a command down to its last option, without doing it."""
    command = typer.main.get_command(app)
    context = command.make_context("shouwang", words)
    while resolve := getattr(command, "resolve_command", None):
        rest = [*context._protected_args, *context.args]
        if not rest:
            return
        name, command, rest = resolve(context, rest)
        context = command.make_context(name, rest, parent=context)


@pytest.mark.parametrize("words", shown("shouwang "))
def test_a_shown_command_is_understood(words: str) -> None:
    understand(shlex.split(words))


@pytest.mark.parametrize("words", shown("python -m case_service "))
def test_a_shown_command_of_the_case_service_is_understood(words: str) -> None:
    assert _parser().parse_args(shlex.split(words)).run


@pytest.mark.parametrize("words", ["deliveries release x --because y", "nightly --night 2026-11-20", "tables drop x"])
def test_what_the_command_line_does_not_know_is_found(words: str) -> None:
    with pytest.raises(Exception, match="No such"):
        understand(shlex.split(words))


def test_commands_are_found_in_pages() -> None:
    page = "```sh\nshouwang tables list   # all\nshouwang \\\n  serve\n```\n```python\nprint()\n```\n"
    assert [one.text for one in commands_in("page.md", page)] == ["shouwang tables list", "shouwang serve"]
    assert len(shown("shouwang ")) > 40
