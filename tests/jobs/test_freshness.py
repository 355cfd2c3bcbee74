"""ads.freshness says of every class whether it is connected, late, or was never connected."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from jobs.conform import conform
from jobs.dispatch import dispatch
from jobs.freshness_told import covered_until, sources_of
from jobs.ingest import ingest_department
from jobs.installation import Installation
from jobs.settings import Settings
from schemas.loader import contracts
from tests.case_service import made_up
from tests.case_service.running_service import running_case_service
from tests.jobs.landing import NIGHT_1, deliver
from tests.jobs.people import on_dibao, settlement
from warning_models.loader import load_models

PASSWORD = "shouwang-demo"


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


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """A running case service with the small directory of the tests."""
    home = Path(tempfile.mkdtemp(prefix="sw"))
    folder = home / "demo" / "directory"
    made_up.write_directory(folder)
    with running_case_service(home) as address:
        yield address
    shutil.rmtree(home, ignore_errors=True)


def page(service: str) -> str:
    """The supervisors' page as the city's supervisor sees it."""
    with httpx.Client(base_url=service, trust_env=False, follow_redirects=True) as browser:
        form = browser.get("/sign-in").text
        token = re.findall(r'name="form_token" value="([^"]+)"', form)[0]
        browser.post("/sign-in", data={"form_token": token, "username": "city", "password": PASSWORD})
        return browser.get("/supervision/freshness").text


def shown(text: str) -> dict[str, str]:
    return dict(re.findall(r"<b>(.*?)</b>\s*<span class=\"level source-(\w+)\">", text))


def test_a_night_that_finds_nobody_is_made_up_for_by_the_next(installation: Installation, service: str) -> None:
    landing = installation.settings.landing_folder
    deliver(landing, "dibao", [on_dibao(1)], NIGHT_1)
    ingest_department(installation, "civil_affairs", NIGHT_1)
    conform(installation, NIGHT_1)
    assert "does not answer" in dispatch(installation, NIGHT_1).report["problem"]
    reached = Installation(Settings(mode="demo", home=installation.settings.home, case_service_url=service))
    later = NIGHT_1 + timedelta(days=contracts()["dibao"].latency_days + 1)
    conform(reached, later)
    assert dispatch(reached, later).report["problem"] is None
    text = page(service)
    by_title = {contract.title: name for name, contract in contracts().items()}
    statuses = {by_title[title]: status for title, status in shown(text).items()}
    assert statuses == {**dict.fromkeys(contracts(), "never_connected"), "dibao": "late"}
    assert f"数据截至 {NIGHT_1}" in text
    dispatch(reached, later)
    assert shown(page(service)) == shown(text), "telling it again changes nothing"


def test_a_model_names_every_source_with_the_day_until_which_it_reached_that_night(installation: Installation) -> None:
    landing = installation.settings.landing_folder
    for day in (NIGHT_1, NIGHT_1 + timedelta(days=1)):
        deliver(landing, "inpatient_settlement", [settlement(day.day)], day)
        ingest_department(installation, "medical_insurance", day)
    (model,) = (one for one in load_models() if one.id == "medical_cost_over_limit")
    named = {item.title.zh: item.covers_until for item in sources_of(model, covered_until(installation, NIGHT_1))}
    titles = {name: contracts()[name].title for name in model.sources}
    assert named == {titles[name]: NIGHT_1 if name == "inpatient_settlement" else None for name in model.sources}
