"""What could point at one person is told coarsely: births by year, deaths by month, places of people by town."""

import json
from functools import cache

import duckdb
import pytest

from jobs.dictionary.column_lineage import ColumnName, origins
from jobs.published_columns import Coarseness, coarseness, published_comment, select_published
from jobs.published_keys import is_rekeyed
from jobs.published_tables import published_tables
from warehouse.definitions import Column, TableDefinition
from warehouse.engines.parameters import with_literals

TABLES = published_tables()
BIRTHS = {ColumnName("household_register", "born_on")}
PLACES = {
    ColumnName("household_register", "village_code"),
    ColumnName("household_register", "grid_code"),
    ColumnName("disability_certificate", "domicile_village_code"),
}
EMPLOYERS = {
    ColumnName("employee_pension_contribution", "aab004"),
    ColumnName("employment_register", "aab004"),
}


@cache
def fields_behind(name: ColumnName) -> frozenset[ColumnName]:
    """The departments' fields that a column's values are computed from."""
    behind = origins().get(name, ())
    return frozenset(behind).union(*map(fields_behind, behind))


def made_from(fields: set[ColumnName], kind: str) -> list[tuple[TableDefinition, Column]]:
    return [
        (table, column)
        for table in TABLES
        for column in table.columns
        if column.physical_type == kind and fields & fields_behind(ColumnName(table.name, column.name))
    ]


def test_births_are_told_by_year() -> None:
    found = made_from(BIRTHS, "date")
    assert {f"{table.name}.{column.name}" for table, column in found} >= {"dwd.person.born_on", "dwd.death.born_on"}
    assert {coarseness(column) for _, column in found} == {Coarseness.YEAR}


def test_places_of_people_are_told_by_town() -> None:
    found = [(table, column) for table, column in made_from(PLACES, "varchar") if column.name.endswith("code")]
    assert {f"{table.name}.{column.name}" for table, column in found} >= {"dwd.person.grid_code"}
    assert {f"{t.name}.{c.name}" for t, c in found if coarseness(c) is not Coarseness.TOWN} == set()
    claims = [column for table in TABLES if table.layer == "ads" for column in table.columns]
    assert {coarseness(column) for column in claims if column.name.endswith("village_code")} == {Coarseness.TOWN}


def test_employers_are_told_by_a_key_alone() -> None:
    found = made_from(EMPLOYERS, "varchar")
    assert found
    assert all(is_rekeyed(column) for _, column in found)


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        (Column("born_on", "date", ""), "date '1950-03-31'", "1950-01-01"),
        (Column("died_on", "date", ""), "date '2026-11-19'", "2026-11-01"),
        (Column("village_code", "varchar", ""), "'340705102011'", "340705102000"),
        (Column("grid_code", "varchar", ""), "'340705102011003'", "340705102000000"),
        (Column("grid_code", "varchar", ""), "null", "None"),
        (Column("other_place", "varchar", ""), "'安徽省合肥市包河区'", "安徽省合肥市"),
        (Column("other_place", "varchar", ""), "'不详'", "None"),
    ],
)
def test_what_is_told_keeps_its_type(column: Column, value: str, told: str) -> None:
    table = TableDefinition("dwd.told", "", (column,))
    with duckdb.connect() as connection:
        connection.execute(f"create table dwd_told as select cast({value} as {column.physical_type}) as {column.name}")
        [(said,)] = connection.execute(select_published(table)).fetchall()
    assert str(said) == told
    assert "发布时仅到" in published_comment(column)


def test_an_employer_does_not_stand_in_the_evidence_either() -> None:
    table = TableDefinition("ads.told", "", (Column("evidence", "varchar", ""),))
    evidence = {"paid_count": 9, "employer_name": '铜都"食品"有限公司', "registered_on": None}
    with duckdb.connect() as connection:
        connection.execute("create table ads_told as select ? as evidence", [json.dumps(evidence, ensure_ascii=False)])
        sql = with_literals(select_published(table), {"outer_secret": "a", "inner_secret": "b"})
        [(said,)] = connection.execute(sql).fetchall()
    assert json.loads(said) == {**evidence, "employer_name": None}
