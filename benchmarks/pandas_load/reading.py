"""Reads delivered files with pandas, every cell as text, columns named by field."""

import re
from collections.abc import Sequence

import pandas as pd
from dbfread import DBF

from benchmarks.landing import DataFile
from schemas.loader import Contract

TOTALS = ("合计", "总计", "小计")
DBF_NAME_BYTES = 10


def read_extract(file: DataFile, contract: Contract) -> pd.DataFrame:
    """The file's rows as text; `source_line` is where each stands."""
    names = {field.headers[contract.schema_version]: field.name for field in contract.fields}
    if file.format == "text":
        rows = pd.read_csv(
            file.path, sep=file.delimiter, encoding=file.encoding, dtype=str, na_filter=False, on_bad_lines="warn"
        )
    elif file.format == "parquet":
        rows = _as_text(pd.read_parquet(file.path))
    elif file.format == "dbf":
        table = DBF(str(file.path), encoding=file.encoding, char_decode_errors="ignore")
        rows = _as_text(pd.DataFrame(iter(table))).rename(columns={_cut(header): header for header in names})
    else:
        rows = _under_header(_sheet(file, len(names)), list(names))
    return rows.rename(columns=names)[list(names.values())].assign(source_line=rows.index + 2)


def _cut(header: str) -> str:
    """What a DBF file keeps of a header."""
    return header.encode("gb18030")[:DBF_NAME_BYTES].decode("gb18030", "ignore")


def _sheet(file: DataFile, width: int) -> pd.DataFrame:
    if file.format == "html":
        # Without converters the library takes codes for numbers.
        as_text = dict.fromkeys(range(width), str)
        return pd.read_html(file.path, encoding=file.encoding, converters=as_text, keep_default_na=False)[0]
    return _as_text(pd.read_excel(file.path, header=None, engine="calamine", dtype=object, na_filter=False))


def _under_header(sheet: pd.DataFrame, headers: Sequence[str]) -> pd.DataFrame:
    """What stands under the header row, without the totals at the end."""
    at = int(sheet.isin(headers).sum(axis=1).to_numpy().argmax())
    rows = sheet.iloc[at + 1 :].set_axis(list(sheet.iloc[at]), axis=1)
    first = rows.iloc[:, 0].map(lambda cell: re.sub(r"[\s:：]", "", cell))
    return rows[~first.isin(TOTALS)].rename(index=lambda line: line - 1)


def _as_text(rows: pd.DataFrame) -> pd.DataFrame:
    texts = {name: rows[name].where(rows[name].notna(), "").astype(str) for name in rows}
    return pd.DataFrame({name: text.str.removesuffix(" 00:00:00") for name, text in texts.items()})
