"""Findings reach the people who review them once, and nobody's orders."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.dispatch import dispatch
from jobs.installation import Installation
from jobs.review_sending import RECEIPT, send_findings
from jobs.settings import Settings
from jobs.warn import warn
from tests.case_service import made_up
from tests.case_service.running_service import running_case_service
from tests.jobs.landing import NIGHT_1, NIGHT_2
from tests.jobs.test_review_findings import installation as two_findings

__all__ = ["two_findings"]


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """A running case service."""
    home = Path(tempfile.mkdtemp(prefix="sw"))
    made_up.write_directory(home / "demo" / "directory")
    with running_case_service(home) as address:
        yield address
    shutil.rmtree(home, ignore_errors=True)


def reaching(installation: Installation, address: str) -> Installation:
    return Installation(Settings(mode="demo", home=installation.settings.home, case_service_url=address))


def test_findings_wait_for_the_service_arrive_once_and_open_nothing(two_findings: Installation, service: str) -> None:
    warn(two_findings, NIGHT_1)
    cut_off = reaching(two_findings, "http://127.0.0.1:9")
    assert send_findings(cut_off, NIGHT_1) == {"sent": 0, "undelivered": 2}
    reached = reaching(two_findings, service)
    report = dispatch(reached, NIGHT_1).report
    assert report["reviews"] == {"sent": 2, "undelivered": 0}
    assert (report["opened"], report["joined"]) == (0, 0)
    assert send_findings(reached, NIGHT_2) == {"sent": 0, "undelivered": 0}
    receipts = reached.warehouse.rows(RECEIPT).to_pylist()
    assert [row["business_date"] for row in receipts] == [NIGHT_1, NIGHT_1]
