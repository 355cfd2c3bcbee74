"""ads.freshness says of every class whether it is connected, late, or was never connected."""

from datetime import timedelta
from typing import Any

from jobs.conform import conform
from jobs.ingest import ingest_department
from jobs.installation import Installation
from schemas.loader import contracts
from tests.jobs.landing import NIGHT_1, deliver
from tests.jobs.people import on_dibao, settlement


def freshness(installation: Installation) -> dict[str, dict[str, Any]]:
    return {row["extract_class"]: row for row in installation.warehouse.rows("ads.freshness").to_pylist()}


def test_every_class_says_whether_it_is_connected(installation: Installation) -> None:
    landing = installation.settings.landing_folder
    long_ago = NIGHT_1 - timedelta(days=contracts()["dibao"].latency_days + 1)
    deliver(landing, "dibao", [on_dibao(1)], NIGHT_1, period_end=long_ago)
    deliver(landing, "inpatient_settlement", [settlement(1)], NIGHT_1)
    for department in ("civil_affairs", "medical_insurance"):
        ingest_department(installation, department, NIGHT_1)
    conform(installation, NIGHT_1)
    rows = freshness(installation)
    assert rows.keys() == contracts().keys()
    assert (rows["dibao"]["status"], rows["dibao"]["last_delivery_is_late"]) == ("late", True)
    assert rows["inpatient_settlement"]["status"] == "connected"
    assert rows["tekun"]["status"] == "never_connected"
    assert rows["tekun"]["covers_until"] is None
