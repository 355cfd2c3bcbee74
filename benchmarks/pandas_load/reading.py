"""Reads delivered files with pandas, every cell as text, columns named by field."""

from pathlib import Path

import pandas as pd

from schemas.loader import Contract


def read_extract(path: Path, contract: Contract) -> pd.DataFrame:
    """The file's rows as text; `source_line` is where each stands."""
    names = {field.headers[contract.schema_version]: field.name for field in contract.fields}
    title_rows = contract.file.title_rows
    rows = _read(path, contract).rename(columns=names)[list(names.values())]
    first_line = title_rows + 2
    return rows.assign(source_line=range(first_line, first_line + len(rows)))


def _read(path: Path, contract: Contract) -> pd.DataFrame:
    file = contract.file
    if path.suffix == ".csv":
        return pd.read_csv(
            path,
            sep=file.delimiter,
            encoding=file.encoding,
            dtype=str,
            na_filter=False,
            on_bad_lines="warn",
        )
    if path.suffix == ".parquet":
        return _as_text(pd.read_parquet(path))
    sheet = pd.read_excel(path, header=file.title_rows, engine="calamine", dtype=object, na_filter=False)
    return _as_text(sheet)


def _as_text(rows: pd.DataFrame) -> pd.DataFrame:
    texts = {name: rows[name].where(rows[name].notna(), "").astype(str) for name in rows}
    return pd.DataFrame({name: text.str.removesuffix(" 00:00:00") for name, text in texts.items()})
