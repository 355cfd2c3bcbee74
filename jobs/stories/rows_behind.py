"""The delivered rows that a claim rests on: which delivery, which file, which line."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from jobs.ingest import ledger
from jobs.ingest.ledger import DeliveryRecord
from jobs.installation import Installation
from jobs.lineage import layer_tables, reads_versions, upstream
from jobs.ods import ods_sql_name
from jobs.stories.layers_about import PEOPLE
from schemas.delivery import MANIFEST_SUFFIX, Manifest
from schemas.loader import Contract, contracts
from warehouse.engines.engine import Engine


@dataclass(frozen=True)
class RowBehind:
    """One delivered row; `files` are the delivery's, none where they are no longer kept.

    `stood` says whether the row still stood at the end of the night: later deliveries may have replaced it.
    """

    extract_class: str
    person_key: str
    delivery_id: str
    source_line: int | None
    known_on: date
    stood: bool
    files: tuple[str, ...]


def rows_behind(
    engine: Engine,
    installation: Installation,
    inputs: Collection[str],
    sources: Iterable[str],
    people: Collection[str],
    *,
    with_replaced: bool = False,
) -> list[RowBehind]:
    """The rows about the people in a model's sources, as the tables that the model reads were made from them.

    `inputs` are those tables, by their names in SQL; the engine must show the layers about the people. Rows that later
    ones replaced are there where a table reads them too, or `with_replaced`.
    """
    read = [contracts()[name] for name in sources if name in contracts()]
    found = [
        row | {"extract_class": contract.extract_class}
        for contract in read
        for row in engine.query(
            f"select version.person_key, version.delivery_id, version.source_line, version.known_on, "
            f"standing.delivery_id is not null as stood from {_view(contract, inputs, with_replaced)} as version "
            f"left join {ods_sql_name(contract)} as standing on standing.delivery_id = version.delivery_id "
            "and standing.source_line = version.source_line "
            f"where version.person_key in (select person_key from {PEOPLE}) "
            "order by version.known_on, version.delivery_id, version.source_line"
        ).to_pylist()
        if row["person_key"] in people
    ]
    files = _files(installation, {row["delivery_id"] for row in found})
    return [RowBehind(**row, files=files.get(row["delivery_id"], ())) for row in found]


def _view(contract: Contract, inputs: Collection[str], with_replaced: bool) -> str:
    """All versions of a class where asked for or where any table behind the inputs reads them, else what stands."""
    tables = {item for table in layer_tables() if table.sql_name in inputs for item in upstream(table)}
    name = ods_sql_name(contract)
    return f"{name}_version" if with_replaced or any(reads_versions(table, contract) for table in tables) else name


def _files(installation: Installation, delivery_ids: set[str]) -> Mapping[str, tuple[str, ...]]:
    records = {record.delivery_id: record for record in ledger.records(installation)}
    return {name: _files_of(installation, records[name]) for name in delivery_ids if name in records}


def _files_of(installation: Installation, record: DeliveryRecord) -> tuple[str, ...]:
    landing = installation.settings.landing_folder
    folder = landing / (record.landed_on or record.business_date).isoformat() / record.department
    _, extract_class, day, sequence = record.delivery_id.split(".")[:4]
    manifest = folder / f"{extract_class}_{day}_{sequence}{MANIFEST_SUFFIX}"
    if not manifest.is_file():
        return ()
    named = Manifest.model_validate_json(manifest.read_text(encoding="utf-8")).files
    return tuple((folder / file.name).relative_to(landing).as_posix() for file in named)
