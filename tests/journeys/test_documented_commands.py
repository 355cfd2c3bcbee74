"""Every command that the documents show runs as written on a small city, or is listed with why it does not."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jobs.cli import app
from jobs.settings import settings
from schemas.loader import contracts
from tests.case_service.clocks_case import NOTICE_2027
from tests.case_service.running_service import running_case_service
from tests.docs.documented_commands import NOT_RUN, PROJECT, commands_in, documented_commands
from tests.forked_commands import case_service
from tests.jobs.people import identity_number
from tests.journeys.conftest import environment
from tests.journeys.test_model_trial import draft
from tests.shared_homes import copy_folder, copy_home

COMMANDS = documented_commands()
RUN = list(dict.fromkeys(command.to_run for command in COMMANDS if command.reason_not_to_run is None))
DIBAO = PROJECT / "schemas" / "contracts" / "civil_affairs" / "dibao.odcs.yaml"
GOOD_PASSWORD = "a long enough one\n"


@pytest.fixture(scope="module")
def reader(small_city: Path, both_nights_told: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of somebody who follows the pages: their files, and a city at work with its case service."""
    folder = tmp_path_factory.mktemp("reader")
    home = copy_home(both_nights_told / "home", tmp_path_factory.mktemp("at") / "home")
    copy_folder(both_nights_told / "service" / "postgres", home / "postgres")
    shutil.copytree(small_city / "demo" / "truth", home / "demo" / "truth")
    what_readers_have(folder, home)
    with running_case_service(home) as url, pytest.MonkeyPatch.context() as patch:
        for name, value in environment(home, url, SHOUWANG_WORKERS="1").items():
            patch.setenv(name, value)
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        # Other tests may have given commands in this process, which knows its settings from the first one on.
        settings.cache_clear()
        with chdir(folder):
            shouwang(
                "contracts new sample.csv --class veteran_aid --department veterans --output own/veteran_aid.odcs.yaml"
            )
            patch.setenv("SHOUWANG_CONTRACTS_DIR", str(folder / "own"))
            contracts.cache_clear()
            yield folder
    contracts.cache_clear()
    settings.cache_clear()


def what_readers_have(folder: Path, home: Path) -> None:
    """A sample, a contract before and after a change, a notice of holidays, addresses, the directory, a draft."""
    rows = [f"X{n:04d},张三,{identity_number(n)},2026-10-{n:02d}" for n in range(1, 20)]
    files = {
        "sample.csv": "\n".join(["登记编号,姓名,身份证号,登记日期", *rows, ""]),
        "old.odcs.yaml": DIBAO.read_text(encoding="utf-8"),
        "new.odcs.yaml": DIBAO.read_text(encoding="utf-8"),
        "2027.json": NOTICE_2027,
        "addresses.csv": "username,channel,address\ncity,email,city@example.org\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name in ("grids.csv", "staff.csv"):
        shutil.copy(home / "demo" / "directory" / name, folder)
    shutil.copytree(home / "demo" / "directory", folder / "directory")
    (folder / "own").mkdir()
    draft(folder / "drafts", {})


def shouwang(words: str) -> None:
    """The command line in this process: starting it anew costs more than most commands."""
    done = CliRunner().invoke(app, shlex.split(words))
    assert done.exit_code == 0, f"{words}\n{done.output[-2000:]}\n{done.exception!r}"


def case_service_command(words: str) -> None:
    password = GOOD_PASSWORD if "set-password" in words else ""
    done = case_service(*shlex.split(words), env=os.environ, standard_input=password)
    assert done.returncode == 0, f"{words}\n{done.stderr[-2000:]}"


def shell(words: str) -> None:
    command = ["bash", "-euo", "pipefail", "-c", words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words}\n{done.stderr[-2000:]}"


@pytest.mark.parametrize("words", RUN)
def test_a_documented_command_does_what_it_is_shown_for(reader: Path, words: str) -> None:
    assert Path.cwd() == reader
    program, _, rest = words.partition(" ")
    if program == "shouwang":
        shouwang(rest)
    elif words.startswith("python -m case_service "):
        case_service_command(words.removeprefix("python -m case_service "))
    else:
        shell(words)


def test_a_new_command_is_run_unless_it_is_listed() -> None:
    page = "```sh\nshouwang tables list   # all\nshouwang \\\n  serve\n```\n```python\nprint()\n```\n"
    run, listed = commands_in("page.md", page)
    assert (run.text, run.reason_not_to_run) == ("shouwang tables list", None)
    assert listed.text == "shouwang serve"
    assert listed.reason_not_to_run


def test_no_reason_is_kept_for_a_command_that_no_document_shows() -> None:
    for pattern in NOT_RUN:
        assert any(re.fullmatch(pattern, command.text) for command in COMMANDS), pattern


def test_the_tests_that_run_the_like_are_there() -> None:
    assert [named for _, named in NOT_RUN.values() if named and not (PROJECT / named).exists()] == []
