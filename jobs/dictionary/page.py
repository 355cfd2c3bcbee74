"""The dictionary as one page that needs no server and fetches nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from jobs.dictionary.column_lineage import ColumnName, destinations, origins
from jobs.published_columns import published_comment
from jobs.published_tables import PUBLISHED_BESIDE, PUBLISHED_LAYERS, published_tables
from schemas.loader import Contract, Field, contracts
from warehouse.definitions import TableDefinition, definition, layer_definitions
from warning_models.loader import WarningModel, load_models

HERE = Path(__file__).parent
LAYER_TITLES = {"dwd": "明细层", "dws": "汇总层", "ads": "应用层"}
CLASSIFICATIONS = {"identity": "身份", "sensitive": "敏感", "public": "公开"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the dictionary: a field or a column, what it means, and where it comes from and goes to."""

    name: ColumnName
    title: str
    kind: str
    said: str
    origins: Sequence[ColumnName]
    destinations: Sequence[ColumnName]


def dictionary_page(data_docs: Mapping[str, str] | None = None) -> str:
    """The page as HTML: classes and their fields, tables and their columns, models, and the ways between them.

    `data_docs` has the address of the newest validation report of a class, by class.
    """
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    layers = [(layer, LAYER_TITLES[layer], list(layer_definitions(layer).values())) for layer in PUBLISHED_LAYERS]
    layers.append(("ods, ops", "办结结果与批次台账", [definition(name) for name in PUBLISHED_BESIDE]))
    return environment.get_template("page.html.j2").render(
        contracts=sorted(contracts().values(), key=lambda contract: contract.number),
        fields=_fields,
        layers=layers,
        columns=_columns,
        models=load_models(),
        values=_values,
        data_docs=data_docs or {},
    )


def _row(name: ColumnName, title: str, kind: str, said: str) -> Row:
    behind, made = origins().get(name, ()), destinations().get(name, ())
    return Row(name, title, kind, said, [origin for origin in behind if origin in _told()], made)


@cache
def _told() -> frozenset[ColumnName]:
    """What has a line on the page; not the marks of a row's version, nor what is shown to the engine by itself."""
    columns = {ColumnName(table.name, column.name) for table in published_tables() for column in table.columns}
    fields = {
        ColumnName(contract.extract_class, field.name) for contract in contracts().values() for field in contract.fields
    }
    return frozenset(columns | fields)


def _fields(contract: Contract) -> list[Row]:
    return [_field(contract, field) for field in contract.fields]


def _field(contract: Contract, field: Field) -> Row:
    codes = "; ".join(f"{code} {title}" for code, title in (field.codes or {}).items())
    kept = "" if field.stored_name else " Kept in the vault only."
    return _row(
        ColumnName(contract.extract_class, field.name),
        field.title,
        f"{field.physical_type} · {CLASSIFICATIONS[field.classification]}",
        f"{field.description}{kept}{f' ({codes})' if codes else ''}",
    )


def _columns(table: TableDefinition) -> list[Row]:
    return [
        _row(ColumnName(table.name, column.name), "", column.physical_type, published_comment(column))
        for column in table.columns
    ]


def _values(model: WarningModel) -> list[Row]:
    said = {name: f"{evidence.label.zh} {evidence.label.en}" for name, evidence in model.evidence.items()}
    return [_row(name, "", "", said.get(name.column, "")) for name in origins() if name.owner == model.number]
