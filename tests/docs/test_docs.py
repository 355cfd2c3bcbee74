"""The documents name only what is there, and leave out nothing that people must find."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from case_service.settings import Settings as CaseServiceSettings
from jobs.cli import app
from jobs.settings import Settings
from schemas.loader import contracts
from warning_models.loader import load_models

PROJECT = Path(__file__).resolve().parents[2]
READMES = (PROJECT / "README.md", PROJECT / "README.zh-CN.md")
COMPOSE = PROJECT / "docker-compose.yml"
OPERATING = PROJECT / "docs" / "operating.md"
MARKDOWN = [*READMES, PROJECT / "CHANGELOG.md", *sorted((PROJECT / "docs").rglob("*.md"))]

COMMAND = re.compile(r"(?:^|[`\s/])shouwang ([a-z]+)(?: ([a-z]+))?", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def names(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", text_of(PROJECT / "Makefile"), re.MULTILINE))


def commands() -> dict[str, set[str]]:
    """Every command with its subcommands."""
    group = typer.main.get_command(app)
    found: dict[str, set[str]] = {}
    for name, command in getattr(group, "commands", {}).items():
        alone = {""} if getattr(command, "invoke_without_command", False) else set[str]()
        found[name] = set(getattr(command, "commands", {})) | alone
    return found


def code_of(text: str) -> str:
    """What stands in fences and between backticks."""
    fences = FENCE.findall(text)
    return "\n".join([*fences, *re.findall(r"`([^`\n]+)`", FENCE.sub("", text))])


# Read where the settings of a service do not reach.
ALSO_READ = {"SHOUWANG_SPARK_MASTER", "SHOUWANG_CONTRACTS_DIR", "SHOUWANG_DIVISION_CHANGES"}


def environment_names(settings: type[Settings] | type[CaseServiceSettings]) -> Iterator[str]:
    for name, field in settings.model_fields.items():
        yield str(field.validation_alias or f"SHOUWANG_{name.upper()}")


@pytest.mark.parametrize("readme", READMES, ids=names)
def test_every_make_target_that_a_readme_names_exists(readme: Path) -> None:
    named = set(re.findall(r"\bmake ([a-z][a-z-]*)", code_of(text_of(readme))))
    assert {"nightly", "test"} <= named <= make_targets()


@pytest.mark.parametrize("document", MARKDOWN, ids=names)
def test_every_command_that_a_document_names_exists(document: Path) -> None:
    known = commands()
    for name, below in COMMAND.findall(code_of(text_of(document))):
        assert name in known, f"shouwang {name}"
        assert not known[name] or below in known[name], f"shouwang {name} {below}"


def test_every_command_is_told_of() -> None:
    told = {name for document in MARKDOWN for name, _ in COMMAND.findall(code_of(text_of(document)))}
    also = set(re.findall(r"\b[a-z]+\b", text_of(OPERATING)))
    assert set(commands()) <= told | also


def test_every_setting_is_told_of() -> None:
    in_both = text_of(READMES[0]), text_of(READMES[1])
    operating = text_of(OPERATING)
    for name in [*environment_names(Settings), *environment_names(CaseServiceSettings), *ALSO_READ]:
        assert f"`{name}`" in operating or all(f"`{name}`" in text for text in in_both), name


def test_no_document_names_a_setting_that_nobody_reads() -> None:
    read = {*environment_names(Settings), *environment_names(CaseServiceSettings), *ALSO_READ}
    # SHOUWANG_BACKUPS is read by a unit of systemd.
    read |= {"SHOUWANG_PUBLISHED", "SHOUWANG_SOURCE", "SHOUWANG_BACKUPS"} | set(
        re.findall(r"\$\{(SHOUWANG_[A-Z_]+)", text_of(COMPOSE))
    )
    for document in MARKDOWN:
        assert set(re.findall(r"SHOUWANG_[A-Z_]*[A-Z]", text_of(document))) <= read, document.name


@pytest.mark.parametrize("document", MARKDOWN, ids=names)
def test_every_relative_link_and_picture_is_there(document: Path) -> None:
    for found in LINK.findall(FENCE.sub("", text_of(document))):
        target, _, anchor = "".join(found).partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        path = (document.parent / target).resolve()
        assert path.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", text_of(path), re.MULTILINE)
            assert anchor in {heading.lower().replace(" ", "-") for heading in headings}, "".join(found)


def test_both_readmes_have_the_same_parts() -> None:
    shapes = [
        [len(marks) for marks in re.findall(r"^(#+) ", FENCE.sub("", text_of(readme)), re.MULTILINE)]
        for readme in READMES
    ]
    assert shapes[0] == shapes[1]


def test_both_readmes_give_the_same_figures() -> None:
    rows = [re.findall(r"(?:\d[\d,.]*(?: / \d+)*)(?= \||\*\* \|)", text_of(readme)) for readme in READMES]
    assert len(rows[0]) > 40
    assert rows[0] == rows[1]


def test_every_extract_class_and_every_model_is_told_of() -> None:
    operating = text_of(OPERATING)
    for contract in contracts().values():
        assert f"| {contract.number} | `{contract.extract_class}` | {contract.title} |" in operating
        assert f"| {contract.delivery_mode}, " in operating
    for model in load_models():
        assert f"| {model.number} | `{model.id}` | {model.title.zh} |" in operating


def test_the_changelog_names_every_model_in_its_version() -> None:
    changes = text_of(PROJECT / "CHANGELOG.md")
    for model in load_models():
        assert f"| {model.number} `{model.id}` | {model.version} |" in changes


def test_decisions_are_numbered_without_gaps_and_have_the_four_parts() -> None:
    decisions = sorted((PROJECT / "docs" / "decisions").glob("[0-9]*.md"))
    assert [path.name[:4] for path in decisions] == [f"{number:04d}" for number in range(1, len(decisions) + 1)]
    for path in decisions:
        parts = re.findall(r"^## (.+)$", text_of(path), re.MULTILINE)
        assert parts == ["Context", "Decision", "Rejected", "Consequences"], path.name


def test_no_tracked_file_names_the_folder_of_this_checkout() -> None:
    if not (PROJECT / ".git").exists():
        pytest.skip("not a Git checkout")
    found = subprocess.run(
        ["git", "grep", "-l", "-I", "-F", "-e", str(PROJECT), "--", ":!Dockerfile"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout == ""
