"""The documentation as a site: built as `make docs` builds it, read from its folder in a real Chromium, searched."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlsplit

import pytest
from lxml import html
from playwright.sync_api import Browser, expect

from tests.case_service.chromium import DESK, PHONE, Watched, chromium, open_page

PROJECT = Path(__file__).resolve().parents[2]
PAGES = [
    *PROJECT.glob("*.md"),
    *(PROJECT / "docs").rglob("*.md"),
    PROJECT / "benchmarks/NOTES.md",
    PROJECT / "schemas/reference/README.md",
]
# With the widest tables, pictures and lines of code.
WIDE = ("README", "docs/benchmarks", "docs/operating", "docs/security", "docs/supervisors-day.zh-CN")


def make_docs(project: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """`make docs` with what is installed here."""
    command = ["make", "--assume-old=setup", "docs", f"BIN={Path(sys.executable).parent}", f"SITE={site}"]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs") / "site"
    built = make_docs(PROJECT, folder)
    assert built.returncode == 0, built.stderr
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


@pytest.fixture(params=[PHONE, DESK], ids=["phone", "desk"])
def watched(browser: Browser, site: Path, request: pytest.FixtureRequest) -> Watched:
    return open_page(browser, site.as_uri(), request.param)


@pytest.mark.parametrize(
    ("watched", "words", "page", "heading"),
    [
        (PHONE, "households", "docs/people-and-households", "People and households"),
        (DESK, "backup restore", "docs/operations/backup-and-restore", "Backup and restore 备份与恢复"),
        (PHONE, "工单", "docs/grid-workers-day.zh-CN", "网格员的一天"),
        (DESK, "督办员", "docs/supervisors-day.zh-CN", "督办员的一天"),
        (DESK, "共同生活家庭", "docs/people-and-households", "People and households"),
    ],
    indirect=["watched"],
)
def test_a_search_leads_to_the_page(watched: Watched, words: str, page: str, heading: str) -> None:
    watched.page.goto(f"{watched.base_url}/index.html")
    watched.page.wait_for_url("**/README.html")
    if watched.page.viewport_size == PHONE:
        watched.page.locator(".mobile-header label.nav-overlay-icon").click()
    sought = watched.page.get_by_role("textbox", name="Search 搜索")
    sought.fill(words)
    with watched.page.expect_navigation():
        sought.press("Enter")
    watched.follow(watched.page.locator(f'#search-results a[href="{page}.html"]'))
    expect(watched.page.get_by_role("heading", level=1)).to_contain_text(heading)
    expect(watched.page.locator("html")).to_have_attribute("lang", "zh-CN" if page.endswith("zh-CN") else "en")
    assert not watched.complaints


def test_from_a_server_a_search_shows_the_lines_around_what_it_found(browser: Browser, site: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=site)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        watched = open_page(browser, f"http://127.0.0.1:{server.server_port}", DESK)
        watched.page.goto(f"{watched.base_url}/search.html?q=调休上班日")
        found = watched.page.locator("#search-results li", has_text="网格员的一天")
        expect(found.locator(".context")).to_contain_text("调休上班日")
        assert not watched.complaints
        server.shutdown()


def test_what_stands_nowhere_is_not_found(watched: Watched) -> None:
    watched.page.goto(f"{watched.base_url}/search.html?q=龘龘")
    expect(watched.page.locator("#search-results")).to_contain_text("did not match any documents")
    expect(watched.page.locator("#search-results a")).to_have_count(0)


def test_the_dictionary_opens_from_the_navigation(watched: Watched) -> None:
    watched.page.goto(f"{watched.base_url}/README.html")
    if watched.page.viewport_size == PHONE:
        watched.page.locator(".mobile-header label.nav-overlay-icon").click()
    watched.follow(watched.page.locator(".sidebar-tree").get_by_role("link", name="Data dictionary"))
    watched.follow(watched.page.get_by_role("link", name="Open the dictionary"))
    expect(watched.page.get_by_role("heading", level=1)).to_have_text("守望 · 数据字典与血缘")
    assert not watched.complaints


def test_nothing_is_wider_than_the_screen(watched: Watched) -> None:
    for page in WIDE:
        watched.page.goto(f"{watched.base_url}/{page}.html")
        assert watched.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page
        pictures = "[...document.images].filter(each => each.complete && !each.naturalWidth).map(each => each.src)"
        assert watched.page.evaluate(pictures) == []
    assert not watched.complaints


def test_every_page_is_in_the_navigation(site: Path) -> None:
    navigation = html.parse(site / "README.html").getroot().xpath("//div[@class='sidebar-tree']//a")
    led_to = {each.get("href") for each in navigation}
    expected = {page.relative_to(PROJECT).with_suffix(".html").as_posix() for page in PAGES} - {"README.html"}
    assert expected <= led_to


def test_every_link_of_every_page_leads_to_something_and_nothing_is_fetched(site: Path) -> None:
    pages = {path: html.parse(path).getroot() for path in sorted(site.rglob("*.html"))}
    anchors = {path: {*page.xpath("//@id"), *page.xpath("//@name")} for path, page in pages.items()}
    assert len(pages) > len(PAGES)
    for path, page in pages.items():
        for fetched in page.xpath("//@src | //link/@href"):
            assert not urlsplit(fetched).netloc, f"{path.name} fetches {fetched}"
        for link in page.xpath("//@src | //@href"):
            there, fragment = urlsplit(link), unquote(urlsplit(link).fragment)
            if there.scheme:
                continue
            target = (path.parent / unquote(there.path)).resolve() if there.path else path
            assert target.is_file(), f"{path.name} leads to {link}"
            assert not fragment or target not in anchors or fragment in anchors[target], f"{path.name}: {link}"
    for style in site.rglob("*.css"):
        assert not re.search(r"url\([\"']?(?:https?:)?//|@import", style.read_text(encoding="utf-8")), style.name


def test_a_dead_link_a_missing_picture_and_a_page_left_out_fail_the_build(tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(PROJECT / "docs" / "site", project / "docs" / "site")
    shutil.copytree(PROJECT / "case_service" / "static", project / "case_service" / "static")
    shutil.copy(PROJECT / "Makefile", project)
    (project / "docs" / "dictionary.html").touch()
    for page in PAGES:
        stub = project / page.relative_to(PROJECT)
        stub.parent.mkdir(parents=True, exist_ok=True)
        stub.write_text("# A page\n", encoding="utf-8")
    whole = make_docs(project, tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr
    (project / "docs" / "faults.md").write_text(
        "# Faults\n\n[a page](gone.md), [a part](scale.md#gone)\n\n![a picture](gone.png)\n", encoding="utf-8"
    )
    (project / "docs" / "left-out.md").write_text("# Left out\n", encoding="utf-8")
    built = make_docs(project, tmp_path / "site")
    assert built.returncode != 0
    for complaint in ("gone.md", "local id not found", "gone.png", "left-out.md: WARNING: document isn't included"):
        assert complaint in built.stderr
