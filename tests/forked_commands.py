"""Programs in processes forked from one that has imported them: that takes each of them seconds anew.

`jobs.side_by_side` does the same in a night. What starts Python itself is tested where it is documented.
"""

import atexit
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from importlib import import_module
from multiprocessing.process import BaseProcess
from pathlib import Path

# Each program by the module whose `main` it is.
MODULES = {"shouwang": "jobs.cli", "case_service": "case_service.__main__"}
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([*MODULES.values(), "jobs.ingest.validation", "jobs.lineage_events.events"])


def shouwang(*words: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """`shouwang` with these words, in this environment and no other; returns its exit code and what it printed."""
    return _run("shouwang", words, env, "")


def case_service(*words: str, env: Mapping[str, str], standard_input: str = "") -> subprocess.CompletedProcess[str]:
    """`python -m case_service` with these words, as `shouwang`."""
    return _run("case_service", words, env, standard_input)


def started_case_service(*words: str, env: Mapping[str, str], log: Path) -> BaseProcess:
    """`python -m case_service` as it goes on beside the test; what it prints is added to `log`."""
    return _start("case_service", words, env, Path(os.devnull), (log, log))


def is_killed(*words: str, env: Mapping[str, str], after: float) -> bool:
    """Start `shouwang` and kill it after so many seconds, with all that it started; whether it was still running."""
    nowhere = Path(os.devnull)
    process = _start("shouwang", words, env, nowhere, (nowhere, nowhere))
    process.join(after)
    if process.exitcode is not None:
        return False
    assert process.pid
    os.killpg(process.pid, signal.SIGKILL)
    process.join()
    return True


def _run(
    program: str, words: tuple[str, ...], env: Mapping[str, str], standard_input: str
) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as folder:
        read, out, err = (Path(folder) / name for name in ("stdin", "stdout", "stderr"))
        read.write_text(standard_input, encoding="utf-8")
        process = _start(program, words, env, read, (out, err))
        process.join()
        printed, told = (path.read_text(encoding="utf-8") for path in (out, err))
    return subprocess.CompletedProcess([program, *words], process.exitcode or 0, printed, told)


def started(work: Callable[..., None], *given: object, env: Mapping[str, str] | None = None) -> BaseProcess:
    """A process that does this work in this environment, otherwise in the caller's, and in the caller's folder.

    What it is forked from has those of whichever test was the first to start any; so what the work is, and with it
    what it imports, is read only once the process is in its place.
    """
    around = dict(os.environ if env is None else env)
    process = _FORKS.Process(target=_in_place, args=(pickle.dumps((work, given)), around, Path.cwd()))
    process.start()
    return process


def _in_place(pickled: bytes, env: dict[str, str], folder: Path) -> None:
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    work, given = pickle.loads(pickled)
    work(*given)


def _start(
    program: str, words: tuple[str, ...], env: Mapping[str, str], read: Path, printed: tuple[Path, Path]
) -> BaseProcess:
    return started(_command, program, words, read, printed, env=env)


def _command(program: str, words: tuple[str, ...], read: Path, printed: tuple[Path, Path]) -> None:
    os.setsid()
    main = import_module(MODULES[program]).main
    os.dup2(os.open(read, os.O_RDONLY), 0)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    for number, path in enumerate(printed, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    sys.argv = [program, *words]
    try:
        sys.exit(main())
    finally:
        # A forked process ends without what it promised to do at its end: to stop its database.
        atexit._run_exitfuncs()
