"""Looks through every byte of a folder for the people of a city: their numbers, names, phones and addresses.

What is packed is unpacked: columns of Parquet and DuckDB files are read as text, members of workbooks
and archives one by one, Avro record by record; what is escaped (`\\u674e`, `&#26446;`) is read as meant.
"""

import gzip
import html
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.avro.file import AvroFile
from pyiceberg.io.pyarrow import PyArrowFileIO

from jobs.ingest.readers import read_delivered_file
from schemas.delivery import MANIFEST_SUFFIX, Manifest
from schemas.loader import contracts

DIGITS = re.compile(r"\d{15,}[Xx]?")
PHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
HAN = re.compile("[㐀-䶿一-鿿\U00020000-\U0003ffff·]{2,}")
# Departments write commas and other delimiters into addresses.
PLACE = re.compile(r"[\w·#()（）,，、|^-]+")
# A two-letter name is looked for where it stands alone: within a sentence chance makes many.
ALONE = 2
LONGEST_NAME = 4
ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
# A former number and one inside a certificate's number are somebody's too.
KINDS = {
    "number": "number",
    "former_number": "number",
    "certificate_number": "number",
    "disability_certificate": "number",
    "name": "name",
    "phone": "phone",
    "address": "address",
}
# What came in, the made-up city's own truth and directory, and the vault itself.
NOT_PUBLISHED = ("landing/", "demo/", "warehouse/vault/")
PRODUCT = Path(__file__).resolve().parents[2]
Text = tuple[str, str]


@dataclass(frozen=True)
class Leak:
    """Something real in a file where nothing real may stand."""

    path: str
    where: str
    kind: str
    value: str


@dataclass(frozen=True)
class People:
    """What departments delivered about real people."""

    numbers: frozenset[str]
    names: frozenset[str]
    phones: frozenset[str]
    addresses: frozenset[str]

    @cached_property
    def _addresses(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for address in self.addresses:
            found.setdefault(address[: self._shortest], []).append(address)
        return found

    @cached_property
    def _shortest(self) -> int:
        return min(map(len, self.addresses))

    def found_in(self, text: str) -> Iterator[tuple[str, str]]:
        """Every kind and value of theirs that stands in a text."""
        for run in set(DIGITS.findall(text)):
            yield from (("number", window) for window in _windows(run.upper(), 15, 18) if window in self.numbers)
        yield from (("phone", phone) for phone in set(PHONE.findall(text)) & self.phones)
        for run in set(HAN.findall(text)):
            if run in self.names:
                yield "name", run
            longer = _windows(run, ALONE + 1, LONGEST_NAME)
            yield from (("name", window) for window in longer if window in self.names and window != run)
        for run in set(PLACE.findall(text)):
            for at in range(len(run) - self._shortest + 1):
                known = self._addresses.get(run[at : at + self._shortest], ())
                yield from (("address", address) for address in known if run.startswith(address, at))


def people_of(landing: Path) -> People:
    """Everybody whom the landed files name, as they spell it."""
    found: dict[str, set[str]] = {kind: set() for kind in KINDS.values()}
    for path in sorted(landing.rglob(f"*{MANIFEST_SUFFIX}")):
        manifest = Manifest.model_validate_json(path.read_text(encoding="utf-8"))
        contract = contracts()[manifest.extract_class]
        kinds = {field.headers[contract.schema_version]: field.identity for field in contract.fields}
        for file in manifest.files:
            for text in read_delivered_file(path.parent / file.name, contract):
                for header in text.headers:
                    if kind := KINDS.get(str(kinds.get(header))):
                        found[kind].update(filter(None, text.rows[header].unique().to_pylist()))
    runs = {run for cell in found["number"] for run in DIGITS.findall(re.sub(r"[\s'’]", "", cell))}
    numbers = {run if len(run) == 15 else run[:18] for run in runs}
    names = {re.sub(r"\s", "", name) for name in found["name"]}
    return People(
        numbers=frozenset(number.upper() for number in numbers if len(number) in (15, 18)),
        names=frozenset(name for name in names if HAN.fullmatch(name)),
        phones=frozenset(phone for cell in found["phone"] for phone in PHONE.findall(cell)),
        addresses=frozenset(
            part for address in found["address"] for part in (address, _within_town(address)) if len(part) >= 8
        ),
    )


def _within_town(address: str) -> str:
    """What is left of an address without city, county and town."""
    return re.sub(r"^.*?[市].*?[区县市].*?(镇|乡|街道)", "", address)


def _windows(run: str, *widths: int) -> Iterator[str]:
    for width in range(widths[0], widths[-1] + 1) if widths[-1] <= LONGEST_NAME else widths:
        yield from (run[at : at + width] for at in range(len(run) - width + 1))


def leaks_in(folder: Path, people: People, skip: Sequence[str] = ()) -> list[Leak]:
    """What of the people stands in any file under a folder, apart from the paths that `skip` begins."""
    found: set[Leak] = set()
    seen: set[bytes] = set()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or path.is_symlink() or name.startswith(tuple(skip)):
            continue
        content = sha256(path.read_bytes()).digest()
        # Every Data Docs site brings the same fonts and pictures.
        if content not in seen:
            seen.add(content)
            for where, text in texts_of(path):
                found |= {Leak(name, where, kind, value) for kind, value in people.found_in(_unescaped(text))}
    return sorted(found, key=lambda leak: (leak.path, leak.where, leak.kind, leak.value))


def texts_of(path: Path) -> Iterator[Text]:
    """All texts in a file, each with its place in it; the file's own name among them."""
    yield "name", path.name
    read = READERS.get(path.suffix)
    if read:
        yield from read(path)
    else:
        yield from _texts_of_bytes("", path.read_bytes())


def _texts_of_bytes(where: str, content: bytes) -> Iterator[Text]:
    if content.startswith(b"PK") and zipfile.is_zipfile(BytesIO(content)):
        with zipfile.ZipFile(BytesIO(content)) as archive:
            for member in archive.namelist():
                yield from _texts_of_bytes(f"{where}/{member}", archive.read(member))
    elif content.startswith(b"\x1f\x8b"):
        yield from _texts_of_bytes(where, gzip.decompress(content))
    else:
        yield where, content.decode("utf-8", "replace")


def _texts_of_parquet(path: Path) -> Iterator[Text]:
    file = pq.ParquetFile(path)
    kept = file.schema_arrow.metadata or {}
    yield "metadata", "\n".join(part.decode("utf-8", "replace") for item in kept.items() for part in item)
    for batch in file.iter_batches():
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            yield name, _cells(column)


def _cells(column: pa.Array) -> str:
    if pa.types.is_binary(column.type):
        return "\n".join(bytes(cell).decode("utf-8", "replace") for cell in column.to_pylist() if cell)
    if pa.types.is_nested(column.type):
        return "\n".join(map(str, column.to_pylist()))
    return "\n".join(filter(None, column.cast(pa.string()).unique().to_pylist()))


def _texts_of_duckdb(path: Path) -> Iterator[Text]:
    with duckdb.connect(str(path), read_only=True) as connection:
        yield "comments", str(connection.execute("select * from duckdb_columns()").fetchall())
        yield "comments", str(connection.execute("select * from duckdb_tables()").fetchall())
        columns = connection.execute("select table_schema, table_name, column_name from information_schema.columns")
        for schema, table, name in columns.fetchall():
            cells = connection.execute(f'select distinct "{name}"::varchar from "{schema}"."{table}"').fetchall()
            yield f"{schema}.{table}.{name}", "\n".join(cell for (cell,) in cells if cell)


def _texts_of_avro(path: Path) -> Iterator[Text]:
    with AvroFile(PyArrowFileIO().new_input(str(path))) as records:
        for record in records:
            yield "record", str(record)
            yield "bounds", "\n".join(part.decode("utf-8", "replace") for part in _bytes_within(record))


def _bytes_within(record: object) -> Iterator[bytes]:
    if isinstance(record, bytes):
        yield record
    elif isinstance(record, dict):
        yield from (part for value in record.values() for part in _bytes_within(value))
    elif isinstance(record, list | tuple):
        yield from (part for value in record for part in _bytes_within(value))
    elif hasattr(record, "_data"):
        yield from _bytes_within(list(record._data))


READERS: dict[str, Callable[[Path], Iterator[Text]]] = {
    ".parquet": _texts_of_parquet,
    ".duckdb": _texts_of_duckdb,
    ".avro": _texts_of_avro,
}


def _unescaped(text: str) -> str:
    if "\\u" in text:
        text = ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return html.unescape(text) if "&" in text else text


def words_of_the_product() -> set[str]:
    """Words that stand in contracts, models and screens; a person may happen to bear one as a name."""
    paths = [
        path
        for name in ("schemas", "warehouse", "warning_models", "jobs", "dags")
        for path in (PRODUCT / name).rglob("*.*")
    ]
    return {
        run
        for path in paths
        if path.suffix in (".py", ".yaml", ".sql", ".md", ".csv")
        for run in HAN.findall(path.read_text(encoding="utf-8"))
    }


def real_people(landing: Path) -> People:
    """Those whom the departments name in their files, without names that are words of the product."""
    people = people_of(landing)
    assert min(map(len, (people.numbers, people.names, people.phones, people.addresses))) > 500
    return People(people.numbers, people.names - words_of_the_product(), people.phones, people.addresses)


def told(leaks: list[Leak]) -> str:
    """The first of them, a line each."""
    return "\n".join(f"{leak.path} {leak.where}: {leak.kind} {leak.value}" for leak in leaks[:50])
