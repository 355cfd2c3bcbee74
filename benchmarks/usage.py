"""CPU seconds and peak memory of this process and all that it started; reads /proc, so Linux only."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
KIB_A_GIB = 2**20
# Fields of /proc/<pid>/stat behind the command's closing bracket: user and system ticks.
USER, SYSTEM = 11, 12


@dataclass(frozen=True)
class Usage:
    """User and system time so far, and the most memory held in RAM so far, summed over the processes."""

    cpu_s: float
    peak_memory_gib: float


def usage() -> Usage:
    """Of this process and its living descendants; of those gone, the CPU time only."""
    own = os.times()
    living = list(_descendants(os.getpid()))
    cpu = own.user + own.system + own.children_user + own.children_system + sum(map(_cpu_seconds, living))
    return Usage(cpu, sum(map(_peak_kib, [os.getpid(), *living])) / KIB_A_GIB)


def _descendants(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield int(child)
            yield from _descendants(int(child))


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[USER]) + int(fields[SYSTEM])) / TICKS


def _peak_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)
