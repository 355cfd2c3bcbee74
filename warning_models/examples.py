"""Runs a model's examples: named families, what is known of them, and what must happen.

examples.yaml holds `as_of`, `defaults` (table -> values that every row of it starts from) and
`families`, each with `name`, `says`, `tables` (table -> rows), `expect` (exactly the rows that
come out; of the evidence, those named) and, where they serve, `shows` (which kinds of example it
is) and an `as_of` of its own. A list as a value stands for one row per item, so that a year of
months fits on a line; `months` may hold such lists. `does_not_apply` says which kinds of example
there cannot be (kind -> why).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

import pyarrow as pa

from warning_models.loader import FIXED_COLUMNS, WarningModel, read_yaml

Row = dict[str, Any]

# Families stand side by side in one run, kept apart by their keys.
_MARK = "/"


class EvaluatesSql(Protocol):
    """As much of an engine as examples need."""

    def register_table(self, name: str, table: pa.Table) -> None: ...

    def query(self, sql: str, params: Mapping[str, Any]) -> pa.Table: ...


@dataclass(frozen=True)
class Family:
    """One example."""

    name: str
    says: str
    as_of: date
    tables: Mapping[str, Sequence[Row]]
    expect: Sequence[Row] = field(default_factory=list)
    shows: Sequence[str] = ()


@dataclass(frozen=True)
class Examples:
    """All that stands in a model's examples.yaml; `does_not_apply` is kind of example -> why there is none."""

    families: Sequence[Family]
    does_not_apply: Mapping[str, str]


def read_examples(model: WarningModel) -> Examples:
    """The examples beside a model, every row filled up from the defaults."""
    source = read_yaml(model.folder / "examples.yaml")
    defaults = source.get("defaults", {})
    families = [
        Family(
            name=entry["name"],
            says=entry["says"],
            as_of=entry.get("as_of", source["as_of"]),
            tables={
                table: [row for short in rows for row in _spelled_out({**defaults.get(table, {}), **short})]
                for table, rows in entry.get("tables", {}).items()
            },
            expect=entry["expect"],
            shows=entry.get("shows", ()),
        )
        for entry in source["families"]
    ]
    return Examples(families, source.get("does_not_apply", {}))


def read_families(model: WarningModel) -> Sequence[Family]:
    """The families among them."""
    return read_examples(model).families


def results(model: WarningModel, engine: EvaluatesSql, schemas: Mapping[str, pa.Schema]) -> dict[str, pa.Table]:
    """What the model says of each family, by family name. `schemas` are those of its inputs by SQL name."""
    families = read_families(model)
    found: dict[str, pa.Table] = {}
    for as_of in sorted({family.as_of for family in families}):
        that_day = [family for family in families if family.as_of == as_of]
        for table in model.inputs:
            rows = [_marked(family, row) for family in that_day for row in family.tables.get(table, [])]
            engine.register_table(table, _table(rows, schemas[table], table))
        answer = engine.query(model.sql, model.parameters_on(as_of))
        found |= {family.name: _of_family(family, answer) for family in that_day}
    return found


def differences(model: WarningModel, engine: EvaluatesSql, schemas: Mapping[str, pa.Schema]) -> list[str]:
    """Where what happens is not what the examples say must happen; empty when all is well."""
    return differences_from(model, results(model, engine, schemas))


def differences_from(model: WarningModel, answers: Mapping[str, pa.Table]) -> list[str]:
    """The same of what `results` gave."""
    found: list[str] = []
    for family in read_families(model):
        answer = answers[family.name]
        if answer.schema != model.output_schema:
            return [f"{model.id}: gives {answer.schema}, not {model.output_schema}"]
        found += [f"{model.id}, {family.name}: {text}" for text in _differences(family, answer.to_pylist())]
    return found


def _differences(family: Family, rows: Sequence[Row]) -> list[str]:
    by_key = {_key(row): row for row in rows}
    wanted = {_key(row): row for row in family.expect}
    found = [f"unexpected {by_key[key]}" for key in by_key.keys() - wanted.keys()]
    found += [f"missing {wanted[key]}" for key in wanted.keys() - by_key.keys()]
    if len(by_key) < len(rows):
        found.append("the same person and episode twice")
    for key in by_key.keys() & wanted.keys():
        for name, value in wanted[key].items():
            if by_key[key][name] != value:
                found.append(f"{key}: {name} is {by_key[key][name]!r}, not {value!r}")
    return sorted(found)


def _key(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in FIXED_COLUMNS[:2])


def _spelled_out(row: Row) -> list[Row]:
    listed = next((name for name, value in row.items() if isinstance(value, list)), None)
    return [one for item in row[listed] for one in _spelled_out({**row, listed: item})] if listed else [row]


def _marked(family: Family, row: Row) -> Row:
    keys = [name for name, value in row.items() if name.endswith("_key") and value is not None]
    return {**row, **{name: f"{family.name}{_MARK}{row[name]}" for name in keys}}


def _of_family(family: Family, answer: pa.Table) -> pa.Table:
    mark = family.name + _MARK
    rows = [row for row in answer.to_pylist() if row["person_key"].startswith(mark)]
    plain = [
        {name: value.replace(mark, "") if isinstance(value, str) else value for name, value in row.items()}
        for row in rows
    ]
    plain.sort(key=lambda row: (row["person_key"], row["episode"]))
    return pa.Table.from_pylist(plain, schema=answer.schema)


def _table(rows: Sequence[Row], schema: pa.Schema, name: str) -> pa.Table:
    if unknown := {column for row in rows for column in row} - set(schema.names):
        raise ValueError(f"examples give {name} the columns {sorted(unknown)}, which it has not")
    return pa.Table.from_pylist(list(rows), schema=schema)
