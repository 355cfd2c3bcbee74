"""Reads delivered files as text: every cell a string, every row with the line it stands on.

What a file is shows in its bytes, not in its name: an `.xls` is often HTML, a zip holds any of the
others. Types come later, by the contract. Well-kept libraries read the formats.
"""

import zipfile
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable
from pathlib import Path

import structlog

from jobs.errors import DeliveryHeldError
from jobs.ingest.readers.archives import extracted, is_archive
from jobs.ingest.readers.dbf import looks_like_dbf, read_dbf
from jobs.ingest.readers.delimited import read_delimited
from jobs.ingest.readers.html_tables import looks_like_html, read_html
from jobs.ingest.readers.layout import Layout
from jobs.ingest.readers.parquet import read_parquet
from jobs.ingest.readers.spreadsheets import read_old_workbook, read_workbook
from jobs.ingest.readers.tabular import DeliveredText, MalformedLine, SurplusLine, UnreadableFileError
from schemas.loader import Contract

__all__ = ["DeliveredText", "MalformedLine", "SurplusLine", "UnreadableFileError", "read_delivered_file", "read_sample"]

log = structlog.get_logger(__name__)

Reader = Callable[[Path, Layout], list[DeliveredText]]
READERS: dict[str, Reader] = {
    "csv": read_delimited,
    "dbf": read_dbf,
    "html": read_html,
    "parquet": read_parquet,
    "xls": read_old_workbook,
    "xlsx": read_workbook,
}
HEAD_BYTES = 4096
OLE2 = bytes.fromhex("d0cf11e0a1b11ae1")


def read_delivered_file(path: Path, contract: Contract) -> list[DeliveredText]:
    """Read one data file: one text for each table in it, mostly one.

    Raises DeliveryHeldError where it cannot be read as what it is; the sentence says why.
    """
    try:
        return _read(path, Layout.of(contract))
    except (UnreadableFileError, OSError) as error:
        zh = error.zh if isinstance(error, UnreadableFileError) else "文件已损坏"
        promised = f"{contract.file.format}{' in ' + contract.file.encoding if contract.file.encoding else ''}"
        raise DeliveryHeldError(
            f"{path.name} cannot be read (promised: {promised}): {error}", f"文件 {path.name} 无法读取: {zh}"
        ) from error


def read_sample(path: Path) -> DeliveredText:
    """Read the first table of a file of which nothing is promised yet; the findings say how it is written.

    Raises UnreadableFileError or OSError where it cannot be read.
    """
    return _read(path, Layout.unpromised())[0]


def _read(path: Path, layout: Layout) -> list[DeliveredText]:
    if is_archive(path):
        return _read_archive(path, layout)
    return _read_plain(path, path.name, layout)


def _read_archive(path: Path, layout: Layout) -> list[DeliveredText]:
    with extracted(path) as members:
        return [text for name, member in members for text in _read_plain(member, f"{path.name}/{name}", layout)]


def _read_plain(path: Path, name: str, layout: Layout) -> list[DeliveredText]:
    file_format = recognised_format(path, layout.format)
    texts = READERS[file_format](path, layout)
    for at, text in enumerate(texts, start=1):
        text.name = name if len(texts) == 1 else f"{name}[{at}]"
        text.findings["format"] = file_format
        log.info("file read", file=text.name, **text.findings)
    return texts


def recognised_format(path: Path, promised: str) -> str:
    """What the bytes say the file is; delimited text where they say nothing else.

    Raises UnreadableFileError for an empty file and for a binary one that is nothing we know.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head.strip(b"\xef\xbb\xbf \t\r\n"):
        raise UnreadableFileError("it is empty", "文件为空")
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(OLE2):
        return "xls"
    if zipfile.is_zipfile(path):
        return "xlsx"
    if looks_like_html(head):
        return "html"
    if looks_like_dbf(path, head):
        return "dbf"
    if promised != "csv" and b"\x00" in head and not head.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise UnreadableFileError(f"it is no {promised} file", f"不是有效的 {promised} 文件")
    return "csv"
