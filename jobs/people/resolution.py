"""The ods views with every row under the key that stands for its person now.

What is delivered stays as it is: `ods_<class>_delivered` is what these views read. They cost a join with the few
links there are; where none is known they are not made.
"""

from collections.abc import Sequence

from jobs.people.links import FOLLOWED, TOUCHED
from warehouse.definitions import TableDefinition
from warehouse.engines.engine import Engine


def follow_links(engine: Engine, table: TableDefinition, keys: Sequence[str]) -> None:
    """Create `ods_<class>_version` and `ods_<class>` over `ods_<class>_delivered_version` and `ods_<class>_delivered`.

    Where a class says something of a person under both keys, the row with the last word is in `ods_<class>`.
    """
    name = table.sql_name
    engine.create_view(f"{name}_version", _resolved_sql(table, f"{name}_delivered_version"))
    if "person_key" not in keys:
        engine.create_view(name, _resolved_sql(table, f"{name}_delivered"))
        return
    engine.create_view(f"{name}_superseded", _superseded_sql(name, keys))
    same = " and ".join(f"superseded.{key} = row_of.{_delivered(key)}" for key in keys)
    engine.create_view(
        name,
        f"{_resolved_sql(table, f'{name}_delivered')} left join {name}_superseded as superseded on {same} "
        "where superseded.person_key is null",
    )


def _resolved_sql(table: TableDefinition, source: str) -> str:
    columns = ", ".join(
        "coalesce(link.person_key, row_of.person_key) as person_key"
        if column.name == "person_key"
        else f"row_of.{column.name}"
        for column in table.columns
    )
    return (
        f"select {columns}, row_of.delivered_person_key from {source} as row_of "
        f"left join {FOLLOWED} as link on link.former_key = row_of.person_key"
    )


def _delivered(key: str) -> str:
    return "delivered_person_key" if key == "person_key" else key


def _superseded_sql(name: str, keys: Sequence[str]) -> str:
    """The delivered keys of rows that another row of the same person outdoes; read from the touched people's rows."""
    named = ", ".join(f"row_of.{key}" for key in keys)
    resolved = ", ".join(
        "coalesce(link.person_key, row_of.person_key)" if key == "person_key" else f"row_of.{key}" for key in keys
    )
    return f"""
        select {", ".join(keys)} from (
          select {named}, row_number() over (
            partition by {resolved}
            order by row_of.period_end desc nulls last, row_of.known_on desc,
              case when link.former_key is null then 0 else 1 end, row_of.delivery_id desc, row_of.person_key
          ) as standing
          from (
            select row_of.*, row_number() over (
              partition by {named}
              order by row_of.period_end desc nulls last, row_of.known_on desc, row_of.delivery_id desc
            ) as version_number
            from {name}_delivered_version as row_of
            where row_of.person_key in (select person_key from {TOUCHED})
          ) as row_of
          left join {FOLLOWED} as link on link.former_key = row_of.person_key
          where row_of.version_number = 1 and row_of.operation <> 'delete'
        ) as ranked
        where standing > 1"""
