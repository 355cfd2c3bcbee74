"""The deliveries that every contender reads, and what a data team knows of its files: format, encoding, delimiter."""

import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from schemas.delivery import Manifest, departments_with_deliveries, finished_manifests
from schemas.loader import Contract, contracts

FileFormat = Literal["text", "parquet", "workbook", "html", "dbf"]
DELIMITERS = ",|\t^"
OLE2 = bytes.fromhex("d0cf11e0")


@dataclass(frozen=True)
class DataFile:
    """A file as it lies there, or as it was unpacked; `encoding` and `delimiter` tell of text only."""

    path: Path
    format: FileFormat
    encoding: str
    delimiter: str


@dataclass(frozen=True)
class DeliveredExtract:
    """One finished delivery: its manifest, its contract and its data files."""

    manifest: Manifest
    contract: Contract
    files: tuple[Path, ...]


def delivered_extracts(landing: Path, business_date: date) -> list[DeliveredExtract]:
    """All finished deliveries of a night, department by department."""
    found = []
    for department in departments_with_deliveries(landing, business_date):
        for path in finished_manifests(landing, business_date, department):
            manifest = Manifest.model_validate_json(path.read_text(encoding="utf-8"))
            files = tuple(path.parent / file.name for file in manifest.files)
            found.append(DeliveredExtract(manifest, contracts()[manifest.extract_class], files))
    return found


def data_files(extract: DeliveredExtract, folder: Path) -> Iterator[DataFile]:
    """The extract's files; what is zipped is unpacked to `folder`."""
    for path in extract.files:
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                for at, member in enumerate(archive.infolist()):
                    unpacked = folder / f"{path.stem}.{at}{Path(member.filename).suffix}"
                    unpacked.write_bytes(archive.read(member))
                    yield _data_file(unpacked, extract)
        else:
            yield _data_file(path, extract)


def _data_file(path: Path, extract: DeliveredExtract) -> DataFile:
    encoding = extract.manifest.encoding or extract.contract.file.encoding or "gb18030"
    with path.open("rb") as file:
        head = file.read(4096)
    file_format = _format_of(path, head)
    header = head.decode(encoding, "ignore").partition("\n")[0] if file_format == "text" else ""
    delimiter = Counter(character for character in header if character in DELIMITERS).most_common(1)
    return DataFile(path, file_format, encoding, delimiter[0][0] if delimiter else ",")


def _format_of(path: Path, head: bytes) -> FileFormat:
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith((b"PK", OLE2)):
        return "workbook"
    if head.startswith(b"<"):
        return "html"
    return "dbf" if path.suffix == ".dbf" else "text"
