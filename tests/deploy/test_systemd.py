"""The units for one server: systemd itself reads them, their commands exist, and little is open to them."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from case_service.__main__ import _parser as case_service_parser
from jobs.cli import app
from tests.deploy.compose import PROJECT

UNITS = PROJECT / "deploy" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
TIMERS = sorted(UNITS.glob("*.timer"))
VENV = "/opt/shouwang/.venv/bin/"
# As systemd judges it, times ten: 100 is a service without any protection, and from 50 on it calls one exposed.
MOST_EXPOSED = 30


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units with the commands of this environment in the place of those of the server."""
    folder = tmp_path_factory.mktemp("units")
    for unit in (*SERVICES, *TIMERS):
        text = unit.read_text(encoding="utf-8").replace(VENV, f"{Path(sys.executable).parent}/")
        (folder / unit.name).write_text(text, encoding="utf-8")
    return folder


def commands_of(unit: Path) -> list[str]:
    return re.findall(r"^ExecStart=(.+)$", unit.read_text(encoding="utf-8"), re.MULTILINE)


def test_there_are_the_parts_of_an_installation() -> None:
    assert {unit.stem.removeprefix("shouwang-") for unit in SERVICES} == {
        "alerts", "backup", "case-service", "feedback", "metrics", "nightly", "upkeep",
    }  # fmt: skip
    assert {unit.stem for unit in TIMERS} == {unit.stem for unit in SERVICES} - {"shouwang-case-service"}


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_every_command_exists_and_its_options_are_read(unit: Path) -> None:
    (command,) = commands_of(unit)
    if "case_service" in command:
        arguments = command.partition("-m case_service ")[2].split()
        assert case_service_parser().parse_args(arguments)
        return
    found = re.search(r"bin/shouwang (.+?)'?$", command)
    assert found
    name, *arguments = found[1].replace('"', "").split(" ", 1)
    one = vars(typer.main.get_command(app))["commands"][name]
    with one.make_context(name, arguments[0].replace("$$(date +%%F)", "today").split() if arguments else []):
        pass


def test_every_setting_of_the_environment_is_read() -> None:
    from case_service.settings import Settings as CaseServiceSettings
    from jobs.settings import Settings
    from tests.docs.test_docs import environment_names

    names = set(re.findall(r"^(\w+)=", (UNITS / "environment").read_text(encoding="utf-8"), re.MULTILINE))
    read = {*environment_names(Settings), *environment_names(CaseServiceSettings)}
    in_units = {name for unit in SERVICES for name in re.findall(r"\$\{(\w+)\}", unit.read_text(encoding="utf-8"))}
    assert in_units <= names <= read | in_units


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze is not on this machine: what it would say of the units is not known")
    return subprocess.run([tool, *arguments], capture_output=True, text=True, check=False)


def test_systemd_accepts_the_units(units: Path) -> None:
    done = analyze("verify", "--man=no", "--recursive-errors=no", *map(str, sorted(units.iterdir())))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_little_is_open_to_a_service(units: Path, unit: Path) -> None:
    done = analyze("security", "--offline=yes", f"--threshold={MOST_EXPOSED}", str(units / unit.name))
    assert done.returncode == 0, done.stdout
