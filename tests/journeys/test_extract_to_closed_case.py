"""The main job: from a landed extract to a work order on a grid worker's phone, and its outcome back."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.case_service.chromium import DESK, PHONE, chromium, open_page, sign_in
from tests.forked_commands import shouwang
from tests.journeys.conftest import FIRST, environment, printed
from tests.shared_homes import installation_at


def run_step(home: Path, step: str, url: str) -> dict[str, Any]:
    done = shouwang(step, "--date", FIRST, "--json", env=environment(home, url))
    assert done.returncode == 0, done.stderr[-3000:]
    report: dict[str, Any] = json.loads(done.stdout)["report"]
    return report


@pytest.fixture(scope="module")
def follow_up(after_first_night: tuple[Path, str]) -> list[dict[str, Any]]:
    """How work stood in the counties before anybody was visited."""
    home, url = after_first_night
    code = "import sys; from jobs.scheduled import run_step; run_step('deadlines', sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, FIRST], env=environment(home, url), check=True, capture_output=True)
    counties: list[dict[str, Any]] = installation_at(home).warehouse.rows("ads.deadline").to_pylist()
    return counties


def opened_warning(home: Path, model_id: str) -> dict[str, Any]:
    """A warning of the model that opened a work order."""
    warehouse = installation_at(home).warehouse
    opened = {
        row["warning_id"]: row for row in warehouse.rows("ads.disposition").to_pylist() if row["kind"] == "opened"
    }
    warnings = [row for row in warehouse.rows("ads.warning").to_pylist() if row["warning_id"] in opened]
    row = next(row for row in warnings if row["model_id"] == model_id)
    return row | {"order_number": opened[row["warning_id"]]["order_number"]}


def test_an_extract_becomes_a_visit_and_the_visit_judges_the_model(
    after_first_night: tuple[Path, str], follow_up: list[dict[str, Any]]
) -> None:
    home, url = after_first_night
    warning = opened_warning(home, "medical_cost_over_limit")

    with chromium() as browser:
        phone = open_page(browser, url, PHONE)
        sign_in(phone, f"g{warning['grid_code']}")
        expect(phone.page.get_by_role("heading", level=1)).to_have_text("我的工单")
        phone.page.goto(f"{url}/orders/{warning['order_number']}")
        expect(phone.page.get_by_text(warning["reason_zh"]).first).to_be_visible()
        expect(phone.page.get_by_text("数据截至").first).to_be_visible()
        phone.check()
        phone.page.get_by_role("link", name="登记走访结果").click()
        phone.page.get_by_text("属实，已救助", exact=True).click()
        phone.page.get_by_label("看到了什么").fill("住院花费属实，已启动临时救助。")
        phone.page.get_by_text("没有着落", exact=True).click()
        phone.page.get_by_role("button", name="提交并办结").click()
        expect(phone.page.get_by_role("heading", name="已办结")).to_be_visible()
        desk = open_page(browser, url, DESK)
        sign_in(desk, "city")
        expect(desk.page.get_by_role("heading", level=1)).to_contain_text("工单督办")
        desk.check()

    assert run_step(home, "feedback", url)["outcomes"] >= 1
    warehouse = installation_at(home).warehouse
    outcomes = {row["warning_id"]: row["outcome"] for row in warehouse.rows("ods.case_outcome").to_pylist()}
    assert outcomes[warning["warning_id"]] == "helped"
    performance = {row["model_id"]: row for row in warehouse.rows("ads.model_performance").to_pylist()}
    assert performance["medical_cost_over_limit"]["helped"] >= 1
    assert performance["medical_cost_over_limit"]["yield_ratio"] == 1.0
    assert run_step(home, "feedback", url)["outcomes"] == 0
    done = shouwang("models", "list", "--json", env=environment(home, url))
    shown = {row["id"]: row["yield_ratio"] for row in json.loads(done.stdout)["models"]}
    assert shown["medical_cost_over_limit"] == 1.0


def test_the_days_follow_up_keeps_how_work_stands(
    after_first_night: tuple[Path, str], follow_up: list[dict[str, Any]]
) -> None:
    report = printed(after_first_night[0], FIRST)
    waiting = sum(row["open_count"] + row["unassigned_count"] for row in follow_up)
    assert waiting == report["orders"]["opened"] + report["controls"]["opened"]
