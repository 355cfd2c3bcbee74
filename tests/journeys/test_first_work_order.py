"""By the README alone: from a clone to the first work order on a grid worker's screen, on a machine with little."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.bare_machine import programs_without
from tests.case_service.chromium import PHONE, chromium, open_page

PROJECT = Path(__file__).resolve().parents[2]
ADDRESS = "http://127.0.0.1:8420"
SECONDS_TO_START = 120


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Path]:
    """The repository as its newest commit is, in a folder of its own; with what `make` puts there it holds 4 GB."""
    folder = tmp_path / "shouwang"
    subprocess.run(["git", "clone", "--quiet", str(PROJECT), str(folder)], check=True)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def said(clone: Path, tmp_path: Path) -> Callable[..., list[str]]:
    """A command as somebody types it in the clone, on a machine without Node and Java, with an empty environment."""
    home = tmp_path / "nobody"
    home.mkdir()
    path = programs_without(tmp_path / "bin", "node", "npm", "npx", "java", "jdk")

    def words(*command: str) -> list[str]:
        return ["env", "-i", "-C", str(clone), f"PATH={path}", f"HOME={home}", *command]

    return words


@contextmanager
def served(command: Sequence[str], log: Path) -> Iterator[None]:
    """The command goes on in the background; its service answers while the block runs."""
    with log.open("wb") as written:
        process = subprocess.Popen(command, stdout=written, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        until = time.monotonic() + SECONDS_TO_START
        while not _answers():
            assert process.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < until, log.read_text(encoding="utf-8")
            time.sleep(0.2)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def _answers() -> bool:
    try:
        return httpx.get(f"{ADDRESS}/healthz", timeout=2, trust_env=False).is_success
    except httpx.TransportError:
        return False


def cpu_seconds() -> float:
    """What the commands that have ended, and theirs, have used of the processors."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_from_a_clone_to_the_first_work_order_on_screen(
    said: Callable[..., list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not _answers(), f"something answers at {ADDRESS} already: stop it, this test starts its own"
    cloned = time.monotonic()
    subprocess.run(said("make", "setup"), check=True, capture_output=True)
    started, used_before = time.monotonic(), cpu_seconds()
    night = subprocess.run(said("make", "nightly"), check=False, capture_output=True, text=True)
    night_done, night_used = time.monotonic(), cpu_seconds() - used_before
    assert night.returncode == 0, night.stdout[-3000:] + night.stderr[-3000:]
    with served(said("make", "serve"), tmp_path / "serve.log"), chromium() as browser:
        phone = open_page(browser, ADDRESS, PHONE)
        phone.page.goto(ADDRESS)
        phone.follow(phone.page.locator(".demo-list button").filter(has_text="网格员").first)
        expect(phone.page.get_by_role("heading", level=1)).to_have_text("我的工单")
        phone.follow(phone.page.locator(".card a").first)
        expect(phone.page.get_by_text("数据截至").first).to_be_visible()
        seconds = time.monotonic() - started
        phone.check("first-work-order.png")
    with capsys.disabled():
        sys.stderr.write(
            f"The set-up with its downloads takes {started - cloned:.0f} s; the first work order is on screen "
            f"{seconds:.0f} s after it, of which the night takes {night_done - started:.0f} s "
            f"({night_used:.0f} s of CPU).\n"
        )
