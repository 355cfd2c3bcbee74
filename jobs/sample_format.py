"""How a sample file is written: format, encoding, delimiter, rows above the header."""

from pathlib import Path

from python_calamine import CalamineWorkbook

from schemas.loader import FileFormat

DELIMITERS = (",", "|", "\t", "^")


def file_format_of(sample: Path) -> FileFormat:
    """The format to put into a contract. Raises ValueError where the suffix says nothing we draft from."""
    match sample.suffix.lower():
        case ".csv" | ".txt":
            encoding, text = _decoded(sample.read_bytes())
            first = text.splitlines()[0] if text else ""
            return FileFormat("csv", encoding, max(DELIMITERS, key=first.count))
        case ".xlsx":
            return FileFormat("xlsx", title_rows=_title_rows(sample))
        case ".parquet":
            return FileFormat("parquet")
    raise ValueError("give a .csv, .xlsx or .parquet file")


def _decoded(content: bytes) -> tuple[str, str]:
    """Strict UTF-8 first: its bytes often decode as GB18030 without an error."""
    if content.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig", content.decode("utf-8-sig")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", content.decode("utf-16")
    try:
        return "utf-8", content.decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030", content.decode("gb18030")


def _title_rows(sample: Path) -> int:
    """Rows above the first row that fills as many cells as any of the first ten."""
    rows = CalamineWorkbook.from_path(sample).get_sheet_by_index(0).to_python(skip_empty_area=False)[:10]
    filled = [sum(cell not in ("", None) for cell in row) for row in rows]
    return filled.index(max(filled)) if filled else 0
