"""A disk that fills up during ingest: a clear error, nothing by half, and the next run completes."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jobs.errors import DiskFullError
from jobs.ingest import ledger
from jobs.installation import Installation
from jobs.nightly import ingest
from jobs.settings import Settings
from tests.jobs.landing import NIGHT_1, deliver
from tests.jobs.people import settlement

DISK_KIB = 16 * 1024
ROWS = 900
DEPARTMENT = "medical_insurance"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 MiB in memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_KIB}k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def installation_on(home: Path, landing: Path) -> Installation:
    return Installation(Settings(mode="demo", home=home, landing=landing))


def rows_kept(installation: Installation) -> dict[str, int]:
    names = ("ods.inpatient_settlement", "quarantine.row", "vault.identity", "ops.delivery")
    return {name: len(installation.warehouse.rows(name)) for name in names if installation.warehouse.exists(name)}


@pytest.mark.parametrize("free_kib", [32, 200, 350, 600])
def test_a_full_disk_is_told_and_the_next_run_completes(
    small_disk: Path, tmp_path: Path, account: Callable[[str, int, int, int], None], free_kib: int
) -> None:
    landing = tmp_path / "landing"
    deliver(landing, "inpatient_settlement", [settlement(n) for n in range(ROWS)])
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * 1024 * (DISK_KIB - free_kib))
    home = small_disk / "home"
    home.mkdir()
    with pytest.raises(DiskFullError, match=r"is full .* administrator must free or add space"):
        ingest(installation_on(home, landing), NIGHT_1, DEPARTMENT)
    ballast.unlink()
    installation = installation_on(home, landing)
    assert [record.accepted for record in ledger.records(installation)] in ([], [ROWS])
    assert rows_kept(installation).get("ods.inpatient_settlement", 0) in (0, ROWS), "never a part"
    ingest(installation, NIGHT_1, DEPARTMENT)
    assert [(record.status, record.accepted) for record in ledger.records(installation)] == [("ingested", ROWS)]
    assert rows_kept(installation) == {
        "ods.inpatient_settlement": ROWS,
        "quarantine.row": 0,
        "vault.identity": ROWS,
        "ops.delivery": 1,
    }
    kept = rows_kept(installation)["ods.inpatient_settlement"]
    account(f"disk full with {free_kib} KiB left", 1, ROWS - kept, kept - ROWS)
