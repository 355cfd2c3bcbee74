"""Each column as analysts see it: keys are their own, and what could point at one person is told coarsely.

Whoever knows a birth date, a village and the day of a death knows of whom a row tells, whatever its key. So births are
told by year, deaths by month, places of people by town, and where they move from or to by city.
"""

from enum import Enum

from jobs.published_keys import is_rekeyed, rekeyed, text_rekeyed
from warehouse.definitions import Column, TableDefinition


class Coarseness(Enum):
    """How coarsely a column is told: the SQL that makes it so, and the words for analysts."""

    YEAR = "cast(date_trunc('year', {}) as date)", "发布时仅到年: 当年1月1日"
    MONTH = "cast(date_trunc('month', {}) as date)", "发布时仅到月: 当月1日"
    TOWN = "rpad(left({0}, 9), cast(length({0}) as integer), '0')", "发布时仅到乡镇街道: 其后各位为0"
    CITY = "nullif(regexp_extract({}, '^.*?市'), '')", "发布时仅到地市: 其余为空"

    @property
    def sql(self) -> str:
        return self.value[0]

    @property
    def words(self) -> str:
        return self.value[1]


_BY_NAME = {
    **dict.fromkeys(("born_on", "adult_on", "sixty_on"), Coarseness.YEAR),
    **dict.fromkeys(("died_on", "reported_on", "status_since"), Coarseness.MONTH),
    "other_place": Coarseness.CITY,
}
_PLACES = ("village_code", "grid_code")
# As a model's evidence writes it.
_EMPLOYER = '"employer_name": "([^"\\\\]|\\\\.)*"'


def coarseness(column: Column) -> Coarseness | None:
    """How coarsely a column is published; None where as it is."""
    if column.name.endswith(_PLACES):
        return Coarseness.TOWN
    return _BY_NAME.get(column.name)


def published_comment(column: Column) -> str:
    """What analysts are told of a column."""
    if coarse := coarseness(column):
        return f"{column.comment} ({coarse.words})"
    return f"{column.comment} (发布时换为另一键)" if is_rekeyed(column) else column.comment


def select_published(table: TableDefinition) -> str:
    """The select that gives a table's rows as analysts see them. For DuckDB; parameters by `secrets`."""
    return f"select {', '.join(_as_published(table, column) for column in table.columns)} from {table.sql_name}"


def _as_published(table: TableDefinition, column: Column) -> str:
    name = f'"{column.name}"'
    if coarse := coarseness(column):
        return f"{coarse.sql.format(name)} as {name}"
    if is_rekeyed(column):
        return f"{rekeyed(name)} as {name}"
    if table.layer == "ads" and column.physical_type == "varchar":
        return f"{_without_employer(text_rekeyed(name))} as {name}"
    return name


def _without_employer(text: str) -> str:
    return f"""regexp_replace({text}, '{_EMPLOYER}', '"employer_name": null', 'g')"""
