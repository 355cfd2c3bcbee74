"""The administrators' pages in a real browser, at the width of a phone and of a desk."""

import pytest
from playwright.sync_api import Browser, expect

from tests.case_service.chromium import DESK, PHONE, open_page, sign_in
from tests.case_service.made_up import VILLAGE, WORKER


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_three_administrators_at_their_pages(browser: Browser, base_url: str, size: dict[str, int]) -> None:
    system = open_page(browser, base_url, size)
    sign_in(system, "system")
    expect(system.page.get_by_role("heading", level=1)).to_have_text("人员账号")
    system.check()
    for path in (f"/administration/staff/{WORKER}", f"/administration/units?unit={VILLAGE}"):
        system.page.goto(base_url + path)
        system.check()

    security = open_page(browser, base_url, size)
    sign_in(security, "security")
    security.page.goto(f"{base_url}/administration/staff/{WORKER}")
    security.page.get_by_role("button", name="发放首次登录密码").click()
    expect(security.page.locator(".secret")).to_be_visible()
    security.check("administrator-account.png" if size is DESK else None)
    security.page.goto(f"{base_url}/administration/tokens")
    security.page.get_by_label("名称（用途）").fill(f"bench-{size['width']}")
    security.page.get_by_label("权限（可多选）").select_option("outcomes:read")
    security.page.get_by_role("button", name="新建令牌").click()
    expect(security.page.locator(".secret")).to_be_visible()
    security.check()
    for path in ("/account", "/account/password", "/account/second-factor"):
        security.page.goto(base_url + path)
        security.check()

    audit = open_page(browser, base_url, size)
    sign_in(audit, "audit")
    expect(audit.page.get_by_role("cell", name="password_issued").first).to_be_visible()
    audit.check("administrator-log.png" if size is DESK else None)
