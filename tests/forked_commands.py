"""Programs in processes forked from one that has imported them: that takes each of them seconds anew.

`jobs.side_by_side` does the same in a night. What starts Python itself is tested where it is documented.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["jobs.cli", "jobs.ingest.validation", "jobs.lineage_events.events"])


def shouwang(*words: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """`shouwang` with these words, in this environment and no other; returns its exit code and what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        printed = [Path(folder) / name for name in ("stdout", "stderr")]
        process = _start(words, env, printed)
        process.join()
        out, err = (path.read_text(encoding="utf-8") for path in printed)
    return subprocess.CompletedProcess(["shouwang", *words], process.exitcode or 0, out, err)


def is_killed(*words: str, env: Mapping[str, str], after: float) -> bool:
    """Start `shouwang` and kill it after so many seconds, with all that it started; whether it was still running."""
    process = _start(words, env, [Path(os.devnull)] * 2)
    process.join(after)
    if process.exitcode is not None:
        return False
    assert process.pid
    os.killpg(process.pid, signal.SIGKILL)
    process.join()
    return True


def _start(words: tuple[str, ...], env: Mapping[str, str], printed: list[Path]) -> BaseProcess:
    process = FORKS.Process(target=_shouwang, args=(words, dict(env), printed))
    process.start()
    return process


def _shouwang(words: tuple[str, ...], env: Mapping[str, str], printed: list[Path]) -> None:
    os.setsid()
    from jobs.cli import main

    for number, path in enumerate(printed, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["shouwang", *words]
    main()
