"""Workbooks, HTML in disguise, DBF, Parquet and zip."""

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from tests.jobs.corpus.case import ROWS, Case, csv_bytes, held, spoiled, table
from tests.jobs.people import identity_number

OLD_WORKBOOK = (Path(__file__).parent / "files" / "dibao.xls").read_bytes()


def workbook(*sheets: Sequence[Sequence[Any]]) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        for rows in sheets:
            sheet = book.add_worksheet()
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)
    return content.getvalue()


def html(rows: Sequence[Sequence[str]], charset: str = "gb2312", encoding: str = "gb18030") -> bytes:
    title = f'<tr><td colspan="{len(rows[0])}">低保家庭名册</td></tr>'
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    head = f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={charset}"></head>'
    return f"{head}<body><table border=1>{title}{body}</table></body></html>".encode(encoding)


def dbf(rows: Sequence[Sequence[str]], encoding: str = "gb18030", deleted: int = 0) -> bytes:
    """A dBase III table of character columns; the last `deleted` rows are marked as deleted."""
    names, body = rows[0], [[cell.encode(encoding)[:40] for cell in row] for row in rows[1:]]
    fields = b"".join(
        struct.pack("<11sc4xBB14x", name.encode("gb18030")[:10].ljust(11, b"\0"), b"C", 40, 0) for name in names
    )
    head = struct.pack("<BBBBIHH20x", 3, 126, 11, 19, len(body), 32 + len(fields) + 1, 1 + 40 * len(names))
    flags = [b" "] * (len(body) - deleted) + [b"*"] * deleted
    records = b"".join(flag + b"".join(cell.ljust(40) for cell in row) for flag, row in zip(flags, body, strict=True))
    return head + fields + b"\r" + records + b"\x1a"


def parquet(columns: Mapping[str, Sequence[Any]]) -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.table(dict(columns)), content)
    return content.getvalue()


def zipped(members: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return content.getvalue()


def dibao_columns(**changed: Any) -> dict[str, Any]:
    rows = table("dibao")
    return dict(zip(rows[0], (list(column) for column in zip(*rows[1:], strict=True)), strict=True)) | changed


def with_column(header: str, value: Any) -> list[list[Any]]:
    rows: list[list[Any]] = [list(row) for row in table("dibao")]
    for row in rows[1:]:
        row[rows[0].index(header)] = value
    return rows


DIBAO = table("dibao")
TITLE = [["2026年11月低保家庭及成员名册"], ["填报单位: 市民政局", "", "制表日期: 2026-11-19"], []]
TOTALS = [["合计", "", "", "", "", "", "", 7800.0], ["注: 金额单位为元"], ["审核人: 某某", "", "", ""]]
FLOAT_NUMBERS = [float(identity_number(n)) for n in range(ROWS)]
ENCRYPTED = bytearray(zipped({"dibao.csv": csv_bytes("dibao")}))
ENCRYPTED[6] |= 1
ENCRYPTED[ENCRYPTED.rindex(b"PK\x01\x02") + 8] |= 1

WORKBOOKS = [
    Case("a workbook with titles, totals and notes", workbook([*TITLE, *DIBAO, *TOTALS]), "dibao", "xlsx", whole=True),
    Case("a workbook with dates as numbers of days", workbook(with_column("保障起始日期", 45658)), "dibao", "xlsx"),
    Case("a workbook with real dates", workbook(with_column("保障起始日期", date(2025, 1, 1))), "dibao", "xlsx"),
    Case("a workbook with numbers as numbers", workbook(with_column("月保障金额", 650.0)), "dibao", "xlsx"),
    Case("a workbook with a cover sheet", workbook([["填报说明"], ["请勿改动"]], DIBAO), "dibao", "xlsx"),
    Case("a table over two sheets", workbook(DIBAO[:7], [DIBAO[0], *DIBAO[7:]]), "dibao", "xlsx", whole=True),
    Case("a workbook with blank rows", workbook([*DIBAO[:4], [], ["", ""], *DIBAO[4:]]), "dibao", "xlsx"),
    Case(
        "a workbook with identity numbers as numbers",
        workbook(
            [DIBAO[0], *([*row[:3], number, *row[4:]] for row, number in zip(DIBAO[1:], FLOAT_NUMBERS, strict=True))]
        ),
        "dibao",
        "xlsx",
        accepted=0,
        rejected=ROWS,
        reasons=frozenset({"identity_float_damaged"}),
    ),
    Case("an old workbook", OLD_WORKBOOK, "dibao", "xls", whole=True),
    Case("an old workbook named as a new one", OLD_WORKBOOK, "dibao", "xlsx"),
    held("a workbook cut off", workbook(DIBAO)[:-200], "cut off or damaged", extract_class="dibao", suffix="xlsx"),
    held("an old workbook cut off", OLD_WORKBOOK[:1500], "no whole workbook", extract_class="dibao", suffix="xls"),
    held(
        "an old workbook whose directory tells of a billion bytes",
        OLD_WORKBOOK[:2173] + b"9999" + OLD_WORKBOOK[2177:],
        "a damaged workbook",
        extract_class="dibao",
        suffix="xls",
    ),
    held("an empty workbook", workbook([]), "holds no table", extract_class="dibao", suffix="xlsx", whole=True),
    Case("html named .xls", html(DIBAO), "dibao", "xls", whole=True),
    Case("html that lies about its encoding", html(DIBAO, "gb2312", "utf-8"), "dibao", "xls"),
    held("html without a table", b"<html><body>404 Not Found</body></html>", "holds no table", extract_class="dibao"),
]

TABLES = [
    Case("dbf with names of ten bytes", dbf(DIBAO), "dibao", "dbf", whole=True),
    Case("dbf in utf-8", dbf(DIBAO, "utf-8"), "dibao", "dbf"),
    Case("dbf with deleted records", dbf([*DIBAO, DIBAO[1], DIBAO[2]], deleted=2), "dibao", "dbf"),
    held("dbf cut off", dbf(DIBAO)[:-900], "fewer records", extract_class="dibao", suffix="dbf"),
    Case(
        "parquet with typed columns",
        parquet(
            dibao_columns(
                月保障金额=[Decimal("650.00")] * ROWS,
                保障人口数=[1] * ROWS,
                保障起始日期=[date(2025, 1, 1)] * ROWS,
                是否申请人=[True] * ROWS,
            )
        ),
        "dibao",
        "parquet",
        whole=True,
    ),
    Case(
        "parquet with floats",
        parquet(dibao_columns(月保障金额=[650.5] * ROWS, 保障人口数=[1.0] * ROWS)),
        "dibao",
        "parquet",
    ),
    held(
        "parquet cut off", parquet(dibao_columns())[:-20], "no whole Parquet", extract_class="dibao", suffix="parquet"
    ),
    held(
        "something else named parquet",
        b"\x00\x01\x02" * 400,
        "no parquet file",
        extract_class="dibao",
        suffix="parquet",
    ),
    spoiled(
        "csv where parquet is promised",
        csv_bytes("dibao", certno="3407**********1234"),
        "identity_masked",
        extract_class="dibao",
    ),
]

ARCHIVES = [
    Case("a zip of a csv", zipped({"低保.csv": csv_bytes("dibao")}), "dibao", "zip", whole=True),
    Case("a zip of a workbook", zipped({"dibao.xlsx": workbook([*TITLE, *DIBAO])}), "dibao", "zip"),
    Case(
        "a zip of two parts",
        zipped({"1.csv": csv_bytes("dibao"), "2.dbf": dbf([DIBAO[0]]), "__MACOSX/._1.csv": b"\x00"}),
        "dibao",
        "zip",
    ),
    held(
        "a zip that points elsewhere", zipped({"../../etc/x.csv": csv_bytes("dibao")}), "points outside", suffix="zip"
    ),
    held("a zip bomb", zipped({"x.csv": b"0" * 50_000_000}), "far more than files of departments", suffix="zip"),
    held("a zip in a zip", zipped({"x.zip": zipped({"x.csv": b"1"})}), "archive in turn", suffix="zip"),
    held("a zip without files", zipped({}), "without files", suffix="zip"),
    held("a zip cut off", zipped({"x.csv": csv_bytes()})[:-30], "cut off or damaged", suffix="zip"),
    held("a zip with a password", bytes(ENCRYPTED), "protected by a password", suffix="zip", whole=True),
]

CASES = [*WORKBOOKS, *TABLES, *ARCHIVES]
