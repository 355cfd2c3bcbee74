"""Files as old systems write them: BIFF8 workbooks, HTML called .xls, and dBase tables."""

import struct
from collections.abc import Iterator, Sequence
from datetime import date
from html import escape

Row = Sequence[str]

SECTOR, STREAM_AT_LEAST = 512, 4096
END_OF_CHAIN, FREE, FAT_SECTOR = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
ENTRIES_A_SECTOR = SECTOR // 4
FATS_IN_HEADER = 109
EXCEL_DAY_ZERO = date(1899, 12, 30)
DBF_NAME_BYTES = 10
DBF_WIDEST = 254


def old_workbook(title: str, header: Row, rows: Sequence[Row], totals: Row) -> bytes:
    """A BIFF8 workbook of one sheet: a merged title row, the header, the rows, a totals row.

    Days stand as the numbers that spreadsheets count them by, without a format that tells.
    """
    lines = [(title,), header, *rows, totals]
    sheet = [_record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6))]
    sheet.append(_record(0x0200, struct.pack("<IIHHH", 0, len(lines), 0, len(header), 0)))
    sheet += [_cell(at, column, text) for at, line in enumerate(lines) for column, text in enumerate(line) if text]
    sheet.append(_record(0x00E5, struct.pack("<HHHHH", 1, 0, 0, 0, len(header) - 1)))
    sheet.append(_record(0x000A, b""))
    return _compound_file(_globals() + b"".join(sheet))


def _globals() -> bytes:
    """What stands before the sheet, which begins right behind it."""
    start = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6))
    start += _record(0x0042, struct.pack("<H", 0x04B0))
    end = _record(0x000A, b"")
    name = "Sheet1".encode("utf-16-le")
    length = len(start) + 4 + 8 + len(name) + len(end)
    return start + _record(0x0085, struct.pack("<IBBBB", length, 0, 0, 6, 1) + name) + end


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _cell(row: int, column: int, text: str) -> bytes:
    if (day := _day(text)) is not None:
        return _record(0x0203, struct.pack("<HHHd", row, column, 0, (day - EXCEL_DAY_ZERO).days))
    return _record(0x0204, struct.pack("<HHHHB", row, column, 0, len(_units(text)) // 2, 1) + _units(text))


def _units(text: str) -> bytes:
    return text.encode("utf-16-le")


def _day(text: str) -> date | None:
    if len(text) != len("2026-11-19") or text[4] != "-" or text[7] != "-":
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _compound_file(stream: bytes) -> bytes:
    """The stream `Workbook` alone in an OLE2 file: its sectors, then the directory, then the allocation table."""
    stream = stream.ljust(max(STREAM_AT_LEAST, -(-len(stream) // SECTOR) * SECTOR), b"\0")
    used = len(stream) // SECTOR
    tables = -(-(used + 1) // (ENTRIES_A_SECTOR - 1))
    if tables > FATS_IN_HEADER:
        raise ValueError("The workbook is larger than an old one can be; send it as .xlsx.")
    table = [*range(1, used), END_OF_CHAIN, END_OF_CHAIN, *[FAT_SECTOR] * tables]
    table += [FREE] * (tables * ENTRIES_A_SECTOR - len(table))
    places = [used + 1 + at for at in range(tables)]
    places += [FREE] * (FATS_IN_HEADER - tables)
    head = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, tables, used, 0, STREAM_AT_LEAST, END_OF_CHAIN, 0, END_OF_CHAIN, 0)
    root = _directory_entry("Root Entry", 5, 1, END_OF_CHAIN, 0)
    book = _directory_entry("Workbook", 2, FREE, 0, len(stream))
    directory = (root + book).ljust(SECTOR, b"\0")
    return (
        head + struct.pack(f"<{FATS_IN_HEADER}I", *places) + stream + directory + struct.pack(f"<{len(table)}I", *table)
    )


def _directory_entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    units = _units(name + "\0")
    entry = units.ljust(64, b"\0") + struct.pack("<HBBIII", len(units), kind, 1, FREE, FREE, child)
    return entry + bytes(36) + struct.pack("<IQ", start, size)


def html_workbook(title: str, header: Row, rows: Sequence[Row], totals: Row, encoding: str) -> bytes:
    """An HTML table as web systems offer it under the name of a workbook; it says gb2312 whatever it is."""
    head = '<html><head><meta http-equiv="Content-Type" content="text/html; charset=gb2312"></head><body>\r\n'
    first = f'<table border="1"><tr><td colspan="{len(header)}" align="center">{escape(title)}</td></tr>\r\n'
    lines = (_html_row(row) for row in (header, *rows, totals))
    return (head + first + "".join(lines) + "</table></body></html>\r\n").encode(encoding)


def _html_row(row: Row) -> str:
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>\r\n"


def dbf_table(header: Row, rows: Sequence[Row], encoding: str, written_on: date) -> bytes:
    """A dBase III table of character columns whose names are cut to ten bytes."""
    cells = [[cell.encode(encoding) for cell in row] for row in rows]
    widths = [min(DBF_WIDEST, max(1, max((len(row[at]) for row in cells), default=1))) for at in range(len(header))]
    names = [name.encode(encoding)[:DBF_NAME_BYTES] for name in header]
    fields = b"".join(
        struct.pack("<11sc4xBB14x", name, b"C", width, 0) for name, width in zip(names, widths, strict=True)
    )
    year, month, day = written_on.year - 1900, written_on.month, written_on.day
    head = struct.pack("<BBBBIHH20x", 3, year, month, day, len(cells), 33 + len(fields), 1 + sum(widths))
    return head + fields + b"\r" + b"".join(_dbf_records(cells, widths)) + b"\x1a"


def _dbf_records(cells: Sequence[Sequence[bytes]], widths: Sequence[int]) -> Iterator[bytes]:
    for row in cells:
        yield b" " + b"".join(cell[:width].ljust(width) for cell, width in zip(row, widths, strict=True))
