"""The dictionary opened from its file: a figure is followed to the department's field and back, and to the checks."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.case_service.chromium import DESK, Watched, chromium
from tests.forked_commands import shouwang
from tests.journeys.conftest import environment

WAY = (
    "W01.self_paid_total",
    "dws.medical_year.self_paid_total",
    "dwd.medical_cost.self_paid_amount",
    "inpatient_settlement.psn_part_amt",
)


@pytest.fixture(scope="module")
def file(two_nights: Path) -> Path:
    done = shouwang("dictionary", env=environment(two_nights))
    assert done.returncode == 0, done.stderr
    return two_nights / "reports" / "dictionary.html"


@pytest.fixture(scope="module")
def watched(file: Path) -> Iterator[Watched]:
    with chromium() as browser:
        yield Watched(browser.new_page(viewport=DESK), file.parent.as_uri())


@pytest.fixture
def page(watched: Watched, file: Path) -> Page:
    watched.page.goto(file.as_uri())
    return watched.page


def line(name: str) -> str:
    """The row of a name, as a selector; a name holds a dot."""
    return f'tr[id="{name}"]'


def test_a_figure_is_followed_to_the_departments_field_and_back(page: Page, watched: Watched) -> None:
    page.goto(f"{page.url.split('#')[0]}#{WAY[0]}")
    for here, there in [*pairwise(WAY), *pairwise(reversed(WAY))]:
        page.locator(line(here)).get_by_role("link", name=there, exact=True).click()
        expect(page).to_have_url(re.compile(re.escape(f"#{there}") + "$"))
        expect(page.locator(line(there))).to_be_in_viewport()
    assert watched.complaints == []


def test_a_search_leaves_what_was_sought_and_a_link_leads_out_of_it(page: Page) -> None:
    page.get_by_label("查找").fill("psn_part_amt")
    sought = page.locator(line(WAY[-1]))
    expect(sought).to_be_visible()
    expect(page.locator(line(WAY[0]))).to_be_hidden()
    expect(page.get_by_role("navigation").get_by_role("link", name="dwd.death 死亡")).to_be_hidden()
    sought.get_by_role("link", name=WAY[-2], exact=True).click()
    expect(page.locator(line(WAY[-2]))).to_be_in_viewport()


def test_a_class_leads_to_its_departments_checks_and_nothing_is_asked_of_any_network(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator('section[id="inpatient_settlement"]').get_by_role("link", name="Data Docs").click()
    expect(page).to_have_url(re.compile("/data_docs/2026-11-20/medical_insurance/validations/"))
    kept = page.get_by_text("Must have exactly", exact=False).first
    expect(kept).to_be_visible()
    expect(page.locator("body")).to_contain_text("psn_part_amt")
    page.get_by_label("Failed only").check()
    expect(kept).to_be_hidden()
    page.get_by_role("link", name="Data Docs").click()
    expect(page.get_by_role("link", name="medical_insurance.inpatient_settlement.20261120.01").first).to_be_visible()
    assert {url.partition(":")[0] for url in asked} <= {"file", "data"}
