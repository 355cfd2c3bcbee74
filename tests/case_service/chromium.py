"""Pages as people see them: a real Chromium, watched for what a page should not do."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = os.environ.get("SHOUWANG_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=zh-CN",
]
# Several services and a browser share a machine that may have two cores.
expect.set_options(timeout=60_000)
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 800}


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium of this machine."""
    assert Path(CHROMIUM).exists(), (
        f"no Chromium at {CHROMIUM}: install it with the system's package manager, or name yours in SHOUWANG_CHROMIUM"
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, timeout=120_000)
        yield browser
        browser.close()


@dataclass
class Watched:
    """A page, and what it did that it should not have."""

    page: Page
    base_url: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self._note(message.type in ("error", "warning"), message.text))
        self.page.on("pageerror", lambda error: self._note(True, str(error)))
        self.page.on("request", lambda one: self._note(not one.url.startswith(self.base_url), f"asked {one.url}"))

    def _note(self, is_wrong: bool, text: str) -> None:
        if is_wrong:
            self.complaints.append(text)

    def follow(self, link: Locator) -> None:
        """Click what leads to another page, and wait until that page is there."""
        with self.page.expect_navigation():
            link.click()

    def check(self, screenshot: str | None = None, full_page: bool = True) -> None:
        """No sideways scrolling, no complaints, targets large enough; keep a picture if asked to."""
        self.page.wait_for_load_state()
        assert self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), self.page.url
        assert not self.complaints
        small = self.page.evaluate(
            "[...document.querySelectorAll('main button, main input:not([type=hidden], [type=radio], [type=checkbox]), "
            "main .choice label, main select, "
            "main .button, main .card a, main summary, header a, header button')]"
            ".map(e => [e.outerHTML.slice(0, 80), e.getBoundingClientRect().height])"
            ".filter(([_, height]) => height > 0 && height < 44)"
        )
        assert not small
        self.check_accessible()
        folder = os.environ.get("SHOUWANG_SCREENSHOTS")
        if folder and screenshot:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(folder) / screenshot, full_page=full_page)

    def check_accessible(self) -> None:
        """Nothing that axe-core finds serious or worse: contrast, names, roles, labels."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(r => r.violations)")
        serious = [
            (one["id"], one["nodes"][0]["html"], one["nodes"][0]["failureSummary"])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert not serious, "\n".join(map(str, serious))


def open_page(browser: Browser, base_url: str, size: dict[str, int]) -> Watched:
    context = browser.new_context(
        viewport=size,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        device_scale_factor=2 if size is PHONE else 1,
    )
    context.set_default_timeout(60_000)
    return Watched(context.new_page(), base_url)


def sign_in(watched: Watched, username: str) -> None:
    page = watched.page
    page.goto(f"{watched.base_url}/sign-in")
    watched.check(f"sign-in-{page.viewport_size['width']}.png" if page.viewport_size else None)
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill("shouwang-demo")
    watched.follow(page.get_by_role("button", name="登录", exact=True))
