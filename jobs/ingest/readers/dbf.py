"""Reads dBase and FoxPro tables: names of at most ten bytes, text mostly in cp936."""

import struct
from collections.abc import Iterator
from pathlib import Path

from dbfread import DBF, FieldParser

from jobs.ingest.readers.layout import Layout
from jobs.ingest.readers.spreadsheets import cell_text
from jobs.ingest.readers.tabular import FIRST_DATA_LINE, Cell, DeliveredText, UnreadableFileError, text_of_rows

VERSIONS = frozenset({0x02, 0x03, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8B, 0xCB, 0xF5, 0xFB})
# Fields that are text in the file; the library reads the binary ones.
TEXT_TYPES = frozenset("CNFDL")
MEMO_TYPES = frozenset("MGP")
YES_AND_NO = {"T": "1", "Y": "1", "F": "0", "N": "0", "?": "", "": ""}
ENCODINGS = ("utf-8", "gb18030")


def looks_like_dbf(path: Path, head: bytes) -> bool:
    return path.suffix.lower() == ".dbf" and head[0] in VERSIONS


def read_dbf(path: Path, layout: Layout) -> list[DeliveredText]:
    """Read the records that are not marked as deleted; the first stands on line 2."""
    try:
        table = DBF(str(path), encoding="gb18030", char_decode_errors="replace", raw=True, ignore_missing_memofile=True)
        records = [list(record.values()) for record in table]
        complete = len(records) + len(table.deleted) == table.header.numrecords
    except (struct.error, ValueError, KeyError, LookupError, OSError, TypeError, OverflowError) as error:
        raise UnreadableFileError(f"it is no whole DBF file: {error}", "不是完整的 DBF 文件") from error
    if not complete:
        raise UnreadableFileError("it holds fewer records than its head says", "DBF 文件不完整, 记录数与文件头不符")
    header = [layout.header_of_dbf_name(name) for name in table.field_names]
    text = text_of_rows(enumerate(_rows(table, records, header, layout), start=FIRST_DATA_LINE), header, layout)
    text.findings["deleted_records"] = len(table.deleted)
    return [text]


def _rows(table: DBF, records: list[list[bytes]], header: list[str], layout: Layout) -> Iterator[list[Cell]]:
    memos = [name for name, field in zip(header, table.fields, strict=True) if field.type in MEMO_TYPES]
    if any(layout.header_of(name) for name in memos):
        raise UnreadableFileError(
            f"{', '.join(memos)} lies in a memo file", f"字段 {', '.join(memos)} 为备注型, 无法读取"
        )
    parser = FieldParser(table)
    for record in records:
        yield [_cell(field, value, parser) for field, value in zip(table.fields, record, strict=True)]


def _cell(field: object, value: bytes, parser: FieldParser) -> Cell:
    kind: str = field.type  # type: ignore[attr-defined]
    if kind in MEMO_TYPES:
        return None
    if kind not in TEXT_TYPES:
        return _binary_cell(field, value, parser)
    text = _decoded(value.strip(b" \x00"))
    return YES_AND_NO.get(text.upper(), text) or None if kind == "L" else text or None


def _binary_cell(field: object, value: bytes, parser: FieldParser) -> Cell:
    try:
        return cell_text(parser.parse(field, value))
    except (struct.error, ValueError, OverflowError) as error:
        raise UnreadableFileError(f"a binary field is damaged: {error}", "DBF 文件的二进制字段已损坏") from error


def _decoded(value: bytes) -> str:
    """The text of a field; a character that the field's width cut in half is left out."""
    for content in (value, value[:-1]):
        for encoding in ENCODINGS:
            try:
                return content.decode(encoding)
            except UnicodeDecodeError:
                continue
    raise UnreadableFileError("its text is neither UTF-8 nor GB18030", "编码无法识别 (已试 UTF-8, GB18030)")
