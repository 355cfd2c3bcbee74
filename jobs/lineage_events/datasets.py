"""Which datasets each step of a night reads and writes, and from which columns theirs are computed.

A class as a department delivers it is `landing.<extract_class>`; every other dataset is a table by its full name, and
as analysts get it `published.<layer>.<table>`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from jobs.dictionary.column_lineage import ColumnName, origins_in_model, origins_in_table
from jobs.lineage import layer_tables
from jobs.ods import VERSION_COLUMNS, ods_name, ods_table
from jobs.published_tables import published_tables
from schemas.loader import Contract, contracts
from warehouse.definitions import Column, TableDefinition, definition, is_computed
from warning_models.loader import HelpModel, ReviewModel, WarningModel, load_models

Origins = Mapping[str, tuple[ColumnName, ...]]


@dataclass(frozen=True)
class Dataset:
    """A dataset with its columns, and of each column the columns it is computed from where that is known."""

    name: str
    columns: tuple[Column, ...] = ()
    origins: Origins | None = None


@dataclass(frozen=True)
class Flow:
    """What a step reads and what it writes."""

    inputs: tuple[Dataset, ...]
    outputs: tuple[Dataset, ...]


def flow_of(step: str) -> Flow:
    """The flow of a step by its name in the step log. Raises KeyError for a step that nobody told of here."""
    name, _, department = step.partition(".")
    if name in ("pull", "ingest"):
        classes = [contract for contract in contracts().values() if contract.department == department]
        landed = tuple(map(_landed, classes))
        return Flow((), landed) if name == "pull" else Flow(landed, (*map(_versions, classes), _table("ops.delivery")))
    flows: Mapping[str, Callable[[], Flow]] = {
        "conform": _conform,
        "warn": lambda: _claimed(HelpModel, "ads.claim", "ads.warning", "ads.model_run"),
        "warn.review": lambda: _claimed(ReviewModel, "ads.review_finding", "ads.review_run"),
        "warn.controls": lambda: _named(["dwd.household", "dwd.person", "ads.warning"], ["ads.control_visit"]),
        "dispatch": lambda: _named(
            ["ads.warning", "ads.control_visit"], ["ads.disposition", "ads.control_disposition"]
        ),
        "deadlines": lambda: _named([], ["ads.deadline"]),
        "feedback": lambda: _named(["ads.claim", "ads.disposition"], ["ods.case_outcome", "ads.model_performance"]),
        "publish": _published,
    }
    return flows[step]()


def told_name(origin: ColumnName) -> tuple[str, str]:
    """The dataset and column of a name in the dictionary: a class's field is a column of its table of versions."""
    contract = contracts().get(origin.owner)
    if contract is None:
        return origin.owner, origin.column
    stored = {field.name: field.stored_name or field.name for field in contract.fields}
    return ods_name(contract), stored.get(origin.column, origin.column)


def _named(inputs: Iterable[str], outputs: Iterable[str]) -> Flow:
    return Flow(tuple(map(_table, inputs)), tuple(map(_table, outputs)))


def _table(name: str) -> Dataset:
    table = definition(name)
    return Dataset(name, table.columns, origins_in_table(name) if is_computed(name) else None)


def _landed(contract: Contract) -> Dataset:
    fields = (Column(field.name, field.physical_type, field.title) for field in contract.fields)
    return Dataset(f"landing.{contract.extract_class}", tuple(fields))


def _versions(contract: Contract) -> Dataset:
    table, landed = ods_table(contract), f"landing.{contract.extract_class}"
    marks = {column.name for column in VERSION_COLUMNS}
    behind: dict[str, tuple[ColumnName, ...]] = {
        field.stored_name: (ColumnName(landed, field.name),) for field in contract.fields if field.stored_name
    }
    known = {column.name: behind.get(column.name, ()) for column in table.columns if column.name not in marks}
    return Dataset(table.name, table.columns, known)


def _conform() -> Flow:
    classes = tuple(_versions(contract) for contract in contracts().values())
    return Flow(classes, tuple(_table(name) for name in (*(table.name for table in layer_tables()), "ads.freshness")))


def _claimed(kind: type[WarningModel], claims: str, *others: str) -> Flow:
    """What a night's models read, and their claims: a value in a column of its name, else in the evidence."""
    models = [model for model in load_models() if isinstance(model, kind) and model.status in ("active", "shadow")]
    table = definition(claims)
    told = Dataset(claims, table.columns, _values(table, models))
    return Flow(_read_by(models), (told, *map(_table, others)))


def _read_by(models: Iterable[WarningModel]) -> tuple[Dataset, ...]:
    read = {name for model in models for name in model.inputs}
    return tuple(_table(table.name) for table in layer_tables() if table.sql_name in read)


def _values(table: TableDefinition, models: Iterable[WarningModel]) -> Origins:
    named = set(table.schema.names)
    found: dict[str, set[ColumnName]] = {}
    for model in models:
        for column, behind in origins_in_model(model).items():
            found.setdefault(column if column in named else "evidence", set()).update(behind)
    return {column: tuple(sorted(behind)) for column, behind in found.items()}


@cache
def _published() -> Flow:
    tables = published_tables()
    copies = (
        Dataset(
            f"published.{table.name}",
            table.columns,
            {column.name: (ColumnName(table.name, column.name),) for column in table.columns},
        )
        for table in tables
    )
    return Flow(tuple(Dataset(table.name, table.columns) for table in tables), tuple(copies))
