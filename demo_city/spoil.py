"""Damages one delivery in a known way, to see whether ingest holds it to its manifest."""

import zipfile
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape

import pyarrow.parquet as pq

from demo_city.deliver import write_manifest
from demo_city.file_shapes import shape_of
from demo_city.files import headers
from schemas.delivery import DONE_SUFFIX, MANIFEST_SUFFIX, DeliveredFile, Manifest, department_folder, file_sm3
from schemas.loader import Contract, contracts

NEW_HEADER = "备用列"


class NothingToSpoilError(Exception):
    """There is no such delivery, or it cannot be damaged in this way."""


def spoil(home: Path, business_date: date, extract_class: str, how: str, sequence: int = 1) -> None:
    """Damage a delivery; `how` is one of WAYS."""
    if extract_class not in contracts():
        raise NothingToSpoilError(f"There is no extract class {extract_class}; there are {', '.join(contracts())}.")
    contract = contracts()[extract_class]
    folder = department_folder(home / "landing", business_date, contract.department)
    path = folder / f"{extract_class}_{business_date:%Y%m%d}_{sequence:02d}{MANIFEST_SUFFIX}"
    if not path.exists():
        raise NothingToSpoilError(f"There is no delivery {path}.")
    WAYS[how](folder, contract, Manifest.model_validate_json(path.read_text(encoding="utf-8")))


def _row_count(folder: Path, _contract: Contract, manifest: Manifest) -> None:
    write_manifest(folder, manifest.model_copy(update={"row_count": manifest.row_count + 7}))


def _control_sum(folder: Path, contract: Contract, manifest: Manifest) -> None:
    if manifest.control_sum is None:
        raise NothingToSpoilError(f"{contract.extract_class} promises no control sum.")
    write_manifest(folder, manifest.model_copy(update={"control_sum": manifest.control_sum + Decimal("1.00")}))


def _hash(folder: Path, _contract: Contract, manifest: Manifest) -> None:
    files = [DeliveredFile(name=file.name, sm3=file.sm3[::-1]) for file in manifest.files]
    write_manifest(folder, manifest.model_copy(update={"files": files}))


def _no_ok(folder: Path, _contract: Contract, manifest: Manifest) -> None:
    (folder / f"{manifest.stem}{DONE_SUFFIX}").unlink(missing_ok=True)


def _columns_changed(folder: Path, contract: Contract, manifest: Manifest) -> None:
    """Rename the last column; the manifest knows the new file, so only the columns are wrong."""
    path = folder / manifest.files[0].name
    old = headers(contract)[-1]
    rename = {"csv": _rename_in_csv, "xlsx": _rename_in_xlsx, "parquet": _rename_in_parquet}
    shape = shape_of(contract, manifest.mode)
    if shape.format not in rename or shape.is_zipped:
        raise NothingToSpoilError(f"{path.name} is sent as {path.suffix}; no column of it is renamed here.")
    rename[shape.format](path, manifest, old)
    files = [DeliveredFile(name=path.name, sm3=file_sm3(path))]
    write_manifest(folder, manifest.model_copy(update={"files": files}))


def _rename_in_csv(path: Path, manifest: Manifest, old: str) -> None:
    encoding = manifest.encoding or "utf-8"
    header, rest = path.read_bytes().decode(encoding).split("\r\n", 1)
    path.write_bytes(f"{header.removesuffix(old)}{NEW_HEADER}\r\n{rest}".encode(encoding))


def _rename_in_parquet(path: Path, _manifest: Manifest, old: str) -> None:
    table = pq.read_table(path)
    pq.write_table(table.rename_columns([NEW_HEADER if name == old else name for name in table.column_names]), path)


def _rename_in_xlsx(path: Path, _manifest: Manifest, old: str) -> None:
    with zipfile.ZipFile(path) as book:
        members = [(member, book.read(member)) for member in book.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for member, content in members:
            renamed = content.replace(f">{escape(old)}<".encode(), f">{NEW_HEADER}<".encode())
            book.writestr(member, renamed)


WAYS: Mapping[str, Callable[[Path, Contract, Manifest], None]] = {
    "row_count": _row_count,
    "control_sum": _control_sum,
    "columns_changed": _columns_changed,
    "hash": _hash,
    "no_ok": _no_ok,
}
