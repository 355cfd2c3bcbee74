"""The calendar and the inbox in a real browser, at the width of a phone and of a desk."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.case_service.chromium import DESK, PHONE, open_page, sign_in
from tests.case_service.clocks_case import NOTICE_2027, holiday_file
from tests.case_service.made_up import WORKER


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_next_years_notice_is_handed_in_previewed_and_imported(
    browser: Browser, base_url: str, size: dict[str, int], tmp_path: Path
) -> None:
    system = open_page(browser, base_url, size)
    sign_in(system, "system")
    system.page.get_by_role("link", name="日历").click()
    expect(system.page.get_by_role("heading", level=1)).to_have_text("工作日历")
    system.check()
    system.page.get_by_role("textbox", name="年份").fill("2027")
    system.page.get_by_role("textbox", name="文号").fill("国办发明电〔2026〕7号")
    system.page.get_by_label("文件", exact=True).set_input_files(holiday_file(tmp_path, NOTICE_2027))
    system.page.get_by_role("button", name="预览变化").click()
    expect(system.page.get_by_role("heading", level=1)).to_have_text("2027 年放假安排预览")
    system.check("calendar-preview.png" if size is DESK else None)
    system.page.get_by_role("button", name="确认导入").click()
    expect(system.page.get_by_text("国务院办公厅通知 国办发明电〔2026〕7号")).to_be_visible()
    system.check()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_everybody_finds_the_inbox(browser: Browser, base_url: str, size: dict[str, int]) -> None:
    worker = open_page(browser, base_url, size)
    sign_in(worker, WORKER)
    worker.page.goto(f"{base_url}/messages")
    expect(worker.page.get_by_role("heading", level=1)).to_have_text("消息")
    worker.check()
