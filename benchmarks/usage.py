"""CPU seconds and memory of a process and all that it started; reads /proc, so Linux only."""

import os
from collections.abc import Iterator
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
KIB_A_GIB = 2**20
# Fields of /proc/<pid>/stat behind the command's closing bracket: user and system ticks, its own and of those it
# has waited for.
CPU_FIELDS = slice(11, 15)


def cpu_seconds(pid: int | None = None) -> float:
    """User and system time of a process, or this one, and its descendants, living or gone."""
    return sum(_cpu_ticks(member) for member in _tree(pid or os.getpid())) / TICKS


def memory_gib(pid: int) -> float:
    """What the process and its descendants hold in RAM at this moment; a page that several share counts once."""
    return sum(_kib(member, "smaps_rollup", "Pss") for member in _tree(pid)) / KIB_A_GIB


def peak_of_one_gib(pid: int) -> float:
    """The most that any one of them has held so far."""
    return max(_kib(member, "status", "VmHWM") for member in _tree(pid)) / KIB_A_GIB


def _tree(pid: int) -> Iterator[int]:
    yield pid
    # Processes come and go while we look.
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
    except FileNotFoundError:
        return
    for task in tasks:
        for child in _read(task / "children").split():
            yield from _tree(int(child))


def _cpu_ticks(pid: int) -> int:
    fields = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return sum(map(int, fields[CPU_FIELDS]))


def _kib(pid: int, file: str, figure: str) -> int:
    lines = _read(Path(f"/proc/{pid}/{file}")).splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{figure}:")), 0)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
