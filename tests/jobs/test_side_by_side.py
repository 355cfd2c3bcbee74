"""Departments ingested side by side, where one of the processes does not live to the end."""

import os
import signal
from datetime import date

import pytest

from jobs.errors import WorkerKilledError
from jobs.installation import Installation
from jobs.side_by_side import ingest_side_by_side
from tests.jobs.landing import NIGHT_1


def killed(installation: Installation, business_date: date, department: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_process_is_told_with_what_to_do(installation: Installation) -> None:
    with pytest.raises(WorkerKilledError, match="SHOUWANG_WORKERS=1"):
        ingest_side_by_side(killed, installation, NIGHT_1, ["civil_affairs", "medical"], lambda department: None)
