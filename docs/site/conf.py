"""How Sphinx builds the documentation site from README, CHANGELOG and docs as they stand; `make docs` calls it.

Source and site have the same folders, so that a link which works in a forge works here. Nothing is fetched when the
site is read, and it works from a folder, without a server.
"""

import re
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

PROJECT = Path(__file__).resolve().parents[2]
# A page with a search of its own, taken as it is.
DICTIONARY = "docs/dictionary.html"
DECISIONS = "docs/decisions/README"
MARK = "case_service/static/mark.svg"
NAVIGATION = {
    "Start 入门": (
        "docs/first-hour",
        "docs/demo-city",
        "docs/glossary",
    ),
    "中文": (
        "README.zh-CN",
        "docs/grid-workers-day.zh-CN",
        "docs/supervisors-day.zh-CN",
    ),
    "The night 夜间作业": (
        "docs/onboarding-an-extract",
        "docs/people-and-households",
        "docs/life-of-a-warning",
        "docs/writing-a-model",
        "docs/tuning-a-model",
        "docs/how-good-are-the-warnings",
    ),
    "Work orders 工单": (
        "docs/desk-and-dashboard",
        "docs/grid-workers-phone",
        "docs/clocks-and-messages",
        "docs/api",
    ),
    "The warehouse 仓库": (
        "docs/analysts",
        "docs/data-dictionary",
    ),
    "Operations 运维": (
        "docs/operating",
        "docs/operations/install-on-one-server",
        "docs/operations/install-with-containers",
        "docs/operations/upgrade-and-rollback",
        "docs/operations/backup-and-restore",
        "docs/operations/key-rotation",
        "docs/operations/watching",
        "docs/faults",
        "docs/security",
    ),
    "How fast, how large 性能与规模": (
        "docs/benchmarks",
        "benchmarks/NOTES",
        "docs/scale",
    ),
    "Behind it 设计": (
        DECISIONS,
        "CHANGELOG",
        "docs/licences",
        "schemas/reference/README",
    ),
}

project = "Shouwang 守望"
html_title = project
root_doc = "README"
source_suffix = {".md": "markdown"}
include_patterns = [
    "*.md",
    "docs/**.md",
    "benchmarks/NOTES.md",
    "schemas/reference/README.md",
]
# Folders without pages are not even looked into.
exclude_patterns = [
    folder.name
    for folder in PROJECT.iterdir()
    if folder.is_dir() and folder.name not in {"docs", "benchmarks", "schemas"}
]

extensions = ["myst_parser"]
myst_enable_extensions = ["html_image"]
myst_heading_anchors = 6

html_theme = "furo"
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0f5c52", "color-brand-content": "#0f5c52"},
    "dark_css_variables": {"color-brand-primary": "#7fcabd", "color-brand-content": "#7fcabd"},
}
html_favicon = str(PROJECT / MARK)
templates_path = ["templates"]
html_static_path = ["static"]
html_css_files = ["shouwang.css"]
html_js_files = ["from_a_folder.js"]
html_additional_pages = {"index": "to_the_readme.html"}
html_search_language = "en-zh"
html_copy_source = False
html_use_index = False
html_show_copyright = False


class SearchEnglishAndChinese(SearchEnglish):
    """English by stems; Chinese, which is written without spaces, by single characters and by pairs.

    A word is found wherever its characters stand side by side, names of offices and models that no dictionary of words
    has among them.
    """

    lang = html_search_language
    _chinese = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]+")
    js_splitter_code = r"""
var splitQuery = (query) =>
  query.split(/([\u3400-\u9fff\u{20000}-\u{3ffff}]+)/u).flatMap((part, i) => {
    if (i % 2 === 0) return part.match(/[\p{Letter}\p{Number}_]+/gu) || [];
    const characters = [...part];
    return characters.length === 1 ? characters : characters.slice(1).map((each, i) => characters[i] + each);
  });
"""

    def split(self, input: str) -> list[str]:  # noqa: A002
        """The words to look up; `splitQuery` takes a question apart in the same way."""
        found = super().split(self._chinese.sub(" ", input))
        for run in self._chinese.findall(input):
            found += [*run, *(first + second for first, second in pairwise(run))]
        return found


def add_navigation(_app: Sphinx, page: str, source: list[str]) -> None:
    """The front page leads to every page; in the file itself this would be in the way of those who read it there."""
    if page == root_doc:
        for caption, pages in NAVIGATION.items():
            source[0] += navigation(":hidden:", f":caption: {caption}", "", *pages)
    if page == DECISIONS:
        source[0] += navigation(":glob:", ":titlesonly:", "", "0*")


def navigation(*lines: str) -> str:
    """A list of pages as Sphinx takes it, of its options, an empty line and the pages."""
    return "\n".join(("", "```{toctree}", *lines, "```", ""))


def lead_links(app: Sphinx, document: nodes.document) -> None:
    """A link to the dictionary opens it, not downloads it; one to a folder leads to its README, as forges do."""
    for file in list(document.findall(addnodes.download_reference)):
        if file["reftarget"].endswith(Path(DICTIONARY).name):
            file.replace_self(nodes.reference("", "", *file.children, refuri=file["reftarget"], internal=True))
    for link in document.findall(addnodes.pending_xref):
        readme = (Path(link["refdoc"]).parent / link["reftarget"] / "README").as_posix()
        if link["refdomain"] is None and readme in app.env.found_docs:
            link["refdomain"], link["reftarget"], link["reftargetid"] = "doc", readme, None


def name_language(_app: Sphinx, page: str, _template: str, context: dict[str, Any], _document: object) -> None:
    """Browsers choose the shapes of characters by the language of the page."""
    if page.endswith(".zh-CN"):
        context["language"] = "zh-CN"


def copy_dictionary(app: Sphinx, failure: Exception | None) -> None:
    """Sphinx would put it beside the front page, where no link of ours looks for it."""
    if failure is None:
        shutil.copyfile(PROJECT / DICTIONARY, app.outdir / DICTIONARY)


def setup(app: Sphinx) -> None:
    """What Sphinx calls to have the above."""
    app.add_search_language(SearchEnglishAndChinese)
    app.connect("source-read", add_navigation)
    app.connect("doctree-read", lead_links)
    app.connect("html-page-context", name_language)
    app.connect("build-finished", copy_dictionary)
