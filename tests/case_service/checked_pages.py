"""What every page a test opens is checked for: valid, one h1 that begins the title, labelled forms, no inline code."""

from html.parser import HTMLParser

import httpx

VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])
CLOSED_BY_BLOCK = frozenset(
    {"article", "div", "dl", "fieldset", "form", "h1", "h2", "h3", "ol", "p", "section", "table", "ul"}
)
INLINE_ONLY = frozenset({"p", "h1", "h2", "h3", "span", "b", "label", "legend", "button"})


class PageReader(HTMLParser):
    """Reads one page and collects what is wrong with it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open_tags: list[str] = []
        self.mistakes: list[str] = []
        self.texts: dict[str, list[str]] = {"h1": [], "title": []}
        self.ids: list[str] = []
        self.references: list[tuple[str, str]] = []
        self.labelled: set[str] = set()
        self.fields: list[dict[str, str | None]] = []
        self.language: str | None = None
        self.unsafe_forms = 0
        self.form_tokens = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if len(values) != len(attrs):
            self.mistakes.append(f"<{tag}> has an attribute twice")
        if tag in CLOSED_BY_BLOCK and self.open_tags and self.open_tags[-1] in INLINE_ONLY:
            self.mistakes.append(f"<{tag}> inside <{self.open_tags[-1]}>")
        if tag in self.texts:
            self.texts[tag].append("")
        if tag not in VOID:
            self.open_tags.append(tag)
        self._note_attributes(tag, values)

    def _note_attributes(self, tag: str, values: dict[str, str | None]) -> None:
        if tag == "html":
            self.language = values.get("lang")
        if "style" in values or any(name.startswith("on") for name in values):
            self.mistakes.append(f"inline code on <{tag}>")
        if tag in ("style", "script") and not values.get("src"):
            self.mistakes.append(f"inline <{tag}>")
        for name in ("src", "href", "action"):
            if (values.get(name) or "").startswith(("http:", "https:", "//")):
                self.mistakes.append(f"<{tag} {name}> leads to another host")
        if values.get("id"):
            self.ids.append(values["id"] or "")
        if tag == "label":
            self.labelled.add(values.get("for") or "")
        for name in ("for", "aria-labelledby", "aria-describedby"):
            if values.get(name):
                self.references.append((name, values[name] or ""))
        if tag == "img" and "alt" not in values:
            self.mistakes.append("<img> without alt")
        if tag == "form":
            if not values.get("action") or not values.get("method"):
                self.mistakes.append("<form> without action or method")
            self.unsafe_forms += values.get("method") == "post"
        if tag in ("input", "select", "textarea"):
            self.fields.append(values)
            self.form_tokens += values.get("name") == "form_token" and bool(values.get("value"))

    def handle_endtag(self, tag: str) -> None:
        if not self.open_tags or self.open_tags[-1] != tag:
            self.mistakes.append(f"</{tag}> closes {self.open_tags[-1:] or 'nothing'}")
        else:
            self.open_tags.pop()

    def handle_data(self, data: str) -> None:
        if self.open_tags and self.open_tags[-1] in self.texts:
            self.texts[self.open_tags[-1]][-1] += data


def check_page(html: str) -> None:
    """Raise `AssertionError` with everything that is wrong with the page."""
    page = PageReader()
    page.feed(html)
    page.close()
    wrong = page.mistakes
    wrong += [f"<{tag}> is never closed" for tag in page.open_tags]
    if len(page.texts["h1"]) != 1 or len(page.texts["title"]) != 1:
        wrong.append(f"h1 {page.texts['h1']}, title {page.texts['title']}")
    elif not page.texts["title"][0].strip().startswith(page.texts["h1"][0].strip()):
        wrong.append(f"title {page.texts['title'][0]!r} does not begin with h1 {page.texts['h1'][0]!r}")
    if page.language not in ("zh-CN", "en"):
        wrong.append(f"lang is {page.language}")
    wrong += [f"id {one} stands twice" for one in {one for one in page.ids if page.ids.count(one) > 1}]
    wrong += [f"{name}={one} names nothing" for name, one in page.references if one not in page.ids]
    visible = [one for one in page.fields if one.get("type") != "hidden"]
    wrong += [f"field {one.get('name')} has no label" for one in visible if one.get("id") not in page.labelled]
    if page.unsafe_forms != page.form_tokens:
        wrong.append(f"{page.unsafe_forms} forms change something, {page.form_tokens} carry a token")
    if not html.startswith("<!doctype html>"):
        wrong.append("no doctype")
    assert not wrong, "\n".join(wrong)


def check_answer(response: httpx.Response) -> None:
    """Check a page, and the headers of any answer."""
    assert response.headers["content-security-policy"].startswith("default-src 'self'")
    assert "unsafe" not in response.headers["content-security-policy"]
    assert response.headers["x-content-type-options"] == "nosniff"
    is_whole_page = "hx-request" not in response.request.headers
    if response.headers.get("content-type", "").startswith("text/html") and response.content and is_whole_page:
        assert response.headers["cache-control"] == "no-store"
        check_page(response.text)
