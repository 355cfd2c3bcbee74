"""Reads HTML tables, which is what many an `.xls` from a web system really is."""

from collections.abc import Iterator
from pathlib import Path

from lxml import etree, html

from jobs.ingest.readers.encodings import as_utf8
from jobs.ingest.readers.layout import Layout
from jobs.ingest.readers.spreadsheets import texts_of_tables
from jobs.ingest.readers.tabular import Cell, DeliveredText, UnreadableFileError

MARKS = (b"<html", b"<table", b"<!doctype html", b"<meta", b"<head", b"<style")
WIDEST = 1000


def looks_like_html(head: bytes) -> bool:
    start = head.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    return start.startswith(b"<") and any(mark in start for mark in MARKS)


def read_html(path: Path, layout: Layout) -> list[DeliveredText]:
    """One text for each table that bears the promised headers; line numbers count the table's rows."""
    buffer, encoding = as_utf8(path, layout.encoding)
    try:
        # The text is decoded already; what it says of its own encoding is often wrong.
        document = html.document_fromstring(
            buffer.to_pybytes(), parser=html.HTMLParser(encoding="utf-8", huge_tree=True)
        )
    except (etree.LxmlError, ValueError) as error:
        raise UnreadableFileError(f"it is no whole HTML table: {error}", "不是完整的 HTML 表格") from error
    texts = texts_of_tables([_rows(table) for table in document.iter("table")], layout)
    for text in texts:
        text.findings["encoding"] = encoding
    return texts


def _rows(table: html.HtmlElement) -> list[list[Cell]]:
    own = (row for row in table.iter("tr") if next(row.iterancestors("table")) is table)
    return [[cell for element in row.iterchildren("td", "th") for cell in _cells(element)] for row in own]


def _cells(element: html.HtmlElement) -> Iterator[Cell]:
    """The cell's text, and an empty cell for each further column it spans."""
    yield element.text_content().replace("\xa0", " ").strip() or None
    span = element.get("colspan", "1")
    yield from [None] * (min(int(span), WIDEST) - 1 if span.isdecimal() else 0)
