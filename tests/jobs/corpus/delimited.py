"""Delimited text: encodings, delimiters, and lines that are no rows."""

import codecs

from tests.jobs.corpus.case import (
    Case,
    changed,
    csv_bytes,
    headers,
    held,
    inserted,
    lines,
    mended,
    spoiled,
    table,
    text,
)

PLAIN = lines(table())
HOUSEHOLDS = lines(table("household_register"))
ADDRESS = "义安区五松镇荷花塘社区1号"
WIDTH = len(headers())
TOTALS = "合计" + "," * (WIDTH - 1)

ENCODINGS = [
    Case("gb18030", csv_bytes(), whole=True),
    Case("utf-8 where gb18030 is promised", csv_bytes(encoding="utf-8"), whole=True),
    Case("utf-8 with byte order mark", csv_bytes(encoding="utf-8-sig")),
    Case("utf-16 little endian", csv_bytes(encoding="utf-16"), whole=True),
    Case("utf-16 big endian", codecs.BOM_UTF16_BE + csv_bytes(encoding="utf-16-be")),
    Case("gb18030 where utf-8 is promised", csv_bytes("household_register"), "household_register"),
    Case("a name that gbk lacks", csv_bytes(psn_name="㛃𬭚䶮")),
    Case("utf-8 that would decode as gbk", csv_bytes(encoding="utf-8", psn_name="张三")),
    held("bytes of no encoding", csv_bytes() + b"\xff\xff\r\n", "decodes as none of UTF-8, gb18030", whole=True),
    held("damaged utf-8", csv_bytes(encoding="utf-8") + b"\xff\r\n", "UTF-8 up to byte"),
    held("utf-8 cut inside a character", text(PLAIN, "utf-8")[:-2] + "张".encode()[:2], "UTF-8 up to byte"),
    held("utf-16 without a mark", csv_bytes(encoding="utf-16-le"), "full of zero bytes"),
    held("utf-16 cut inside a character", csv_bytes(encoding="utf-16")[:-1], "decodes as none"),
    held("empty", b"", "it is empty", whole=True),
    held("only a byte order mark", codecs.BOM_UTF8, "it is empty"),
    held("only blank lines", b"\r\n\r\n \r\n", "it is empty"),
]

DELIMITERS = [
    Case("bars", text(lines(table(), "|"))),
    Case("tabs", text(lines(table(), "\t")), whole=True),
    Case("carets", text(lines(table(), "^"))),
    Case("a delimiter at the end of every line", text([line + "," for line in PLAIN])),
    Case("a delimiter at the end of every line but the header", text([PLAIN[0], *(line + "," for line in PLAIN[1:])])),
    held("semicolons", text(lines(table(), ";")), "missing columns", whole=True),
    Case("a comma in a quoted name", csv_bytes(psn_name='"张,三"')),
]

LINES = [
    Case("line feeds only", text(PLAIN, end="\n")),
    Case("carriage returns only", text(PLAIN, end="\r")),
    Case("no end to the last line", text(PLAIN).rstrip()),
    Case("blank lines between rows", text(inserted(PLAIN, 3, "", "  ", "," * (WIDTH - 1)))),
    Case("a title over the header", text(["住院结算明细", "", *PLAIN])),
    Case("a header with spaces", text([PLAIN[0].replace("结算ID", " 结算 ID "), *PLAIN[1:]])),
    Case("the header once more", text(inserted(PLAIN, 6, PLAIN[0]))),
    Case("columns in another order", text(lines([row[::-1] for row in table()])), whole=True),
    Case("a totals row", text([*PLAIN, TOTALS]), whole=True),
    Case("a short totals row", text([*PLAIN, "总 计：,12"])),
    Case("subtotals between rows", text(inserted(PLAIN, 5, "," + TOTALS.replace("合计", "小计")[:-1]))),
    Case("a note under the table", text([*PLAIN, "备注: 以上数据截至11月19日"])),
    spoiled("a line with too few columns", text([*PLAIN[:-1], "S000099,340"]), "malformed_line", whole=True),
    spoiled("a line with too many columns", text([*PLAIN[:-1], PLAIN[-1] + ",多,余"]), "malformed_line"),
    held("too many short lines", text([*PLAIN[:-2], "a,b", "c,d"]), "2 of 12 lines have other columns", whole=True),
    Case("a value that spans lines", text(changed(PLAIN, 2, "市第一人民医院", '"市第一\r\n人民医院"'))),
    spoiled("a quotation mark that nobody closes", text(changed(PLAIN, 2, "张䶮", '"张')), "malformed_line"),
    Case("quotation marks inside a value", text(changed(PLAIN, 2, "市第一人民医院", '市"第一"人民医院'))),
    Case("every value quoted", text(['"' + line.replace(",", '","') + '"' for line in PLAIN])),
    Case("zero bytes in a value", text(changed(PLAIN, 2, "市第一人民医院", "市第一\x00人民医院"))),
    held(
        "two columns with one header",
        text(changed(PLAIN, 0, "结束日期", "开始日期")),
        "two columns bear the same header",
    ),
    held("a column too few", text(lines([row[:-1] for row in table()])), "missing columns: 退费结算标志", whole=True),
    held("a column too many", text(lines([[*row, "备用"] for row in table()])), "unknown columns: 备用", whole=True),
    held("a row that the manifest does not count", text(PLAIN), "row_count", row_count=11, whole=True),
    Case("a header and no rows", text(PLAIN[:1]), accepted=0),
]

ADDRESSES = [
    mended(
        "an unquoted comma in an address",
        text(changed(HOUSEHOLDS, 3, ADDRESS, "义安区,五松镇,荷花塘社区1号")),
        "unquoted_delimiter",
        extract_class="household_register",
        whole=True,
    ),
    spoiled(
        "a surplus that does not lie in the address",
        text(changed(HOUSEHOLDS, 3, "王㛃", "王,㛃")),
        "malformed_line",
        extract_class="household_register",
    ),
    spoiled(
        "a comma in the address and a wrong number",
        text(changed(changed(HOUSEHOLDS, 3, ADDRESS, "义安区,五松镇"), 3, "19900000002", "19900000002,")),
        "malformed_line",
        extract_class="household_register",
    ),
]

CASES = [*ENCODINGS, *DELIMITERS, *LINES, *ADDRESSES]
