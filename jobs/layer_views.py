"""What the SQL of a layer table sees while it is built: everything, or only what bears on some people."""

from dataclasses import dataclass
from datetime import date

from jobs.installation import Installation
from jobs.kept_views import KeptViews, key_schema
from jobs.layer_changes import PERSON, Affected, LayerChanges
from jobs.lineage import NAMED_PERSON, classes_read, reads_named_people, tables_read
from jobs.ods import (
    create_state_view,
    create_version_view,
    key_columns,
    ods_table,
    register_ods,
    state_sql,
    version_sql,
)
from schemas.loader import Contract, contracts
from warehouse.definitions import TableDefinition
from warehouse.engines.engine import Engine
from warehouse.engines.parameters import with_literals
from warehouse.layers import register_layer_table

# Nearly everybody is in it, so hardly anybody is left to be looked for elsewhere.
FULLEST_CLASS = "household_register"


@dataclass(frozen=True)
class Circle:
    """The people, in view `people`, of whom a table's SQL must see all; `keys` are those whose rows are built."""

    people: str
    keys: Affected


class LayerViews:
    """Shows the engine what a table's SQL reads, under the names that the SQL uses."""

    def __init__(
        self,
        engine: Engine,
        installation: Installation,
        kept: KeptViews,
        changes: LayerChanges,
        business_date: date,
    ) -> None:
        self._engine = engine
        self._installation = installation
        self._kept = kept
        self._changes = changes
        self._business_date = business_date
        self._shown: dict[str, str] = {}
        self._kept_names: set[str] = set()

    def refresh(self, table: TableDefinition) -> None:
        """Show what the table says now; to be called once it is up to date."""
        register_layer_table(self._engine, self._installation.warehouse, table, _now(table))
        self._show_table(table, f"select * from {_now(table)}")

    def everything(self, table: TableDefinition) -> None:
        """Show all that the table's SQL reads, whole."""
        for item in tables_read(table):
            self._show_table(item, f"select * from {_now(item)}")
        named = list(contracts().values()) if reads_named_people(table) else []
        for contract in [*classes_read(table), *named]:
            if self._shown.get(contract.extract_class) != "":
                register_ods(self._engine, self._installation, contract, self._business_date)
                self._shown[contract.extract_class] = ""
        if named:
            self._engine.create_view(NAMED_PERSON, named_people_sql(named))

    def about(self, table: TableDefinition, affected: Affected) -> None:
        """Show of all that the table's SQL reads what bears on the affected keys, each person whole."""
        circle = Circle(self._people(table, affected), affected)
        for item in tables_read(table):
            self._show_table(item, _restricted(item, table, circle))
        for contract in classes_read(table):
            self._show_class(contract, circle)
        if reads_named_people(table):
            self._show_named_people(circle.people)

    def _people(self, table: TableDefinition, affected: Affected) -> str:
        if table.follows == PERSON and not affected.by_class:
            return affected.view
        if table.follows == PERSON:
            return self._keep_people(
                "changed_people",
                " union ".join(
                    f"select {PERSON} from affected_{contract.extract_class}"
                    for contract in self._changes.changed_classes()
                ),
            )
        return self._keep_people(f"members_{table.sql_name}", self._changes.members(table, affected.view))

    def _keep_people(self, name: str, sql: str) -> str:
        if name not in self._kept_names:
            self._kept.keep(name, f"select distinct {PERSON} from ({sql}) as people", key_schema(PERSON))
            self._kept_names.add(name)
        return name

    def _show_table(self, table: TableDefinition, sql: str) -> None:
        if self._shown.get(table.name) != sql:
            self._engine.create_view(table.sql_name, sql)
            self._shown[table.name] = sql

    def _show_class(self, contract: Contract, circle: Circle) -> None:
        if self._shown.get(contract.extract_class) == circle.people:
            return
        stored = f"{ods_table(contract).sql_name}_of_{circle.people}"
        if stored not in self._kept_names:
            self._kept.keep(stored, self._versions_sql(contract, circle.people), ods_table(contract).schema)
            self._kept_names.add(stored)
        create_version_view(self._engine, contract, self._business_date, stored)
        create_state_view(self._engine, contract, stored if self._changes.is_contested(contract) else None)
        self._shown[contract.extract_class] = circle.people

    def _versions_sql(self, contract: Contract, people: str) -> str:
        """All versions of the rows that any of the people were ever named in."""
        stored, keys = f"{ods_table(contract).sql_name}_stored", key_columns(contract)
        theirs = f"select * from {stored} where {PERSON} in (select {PERSON} from {people})"
        if not self._changes.is_contested(contract) or PERSON in keys:
            return theirs
        same_row = " and ".join(f"theirs.{key} = version.{key}" for key in keys)
        return f"select * from {stored} as version where exists (select 1 from ({theirs}) as theirs where {same_row})"

    def _show_named_people(self, people: str) -> None:
        """Of the people, those whom any class names; looked for no longer than somebody is left."""
        changed = [contract.extract_class for contract in self._changes.changed_classes()]
        groups: list[list[Contract]] = [[], [], []]
        for contract in contracts().values():
            name = contract.extract_class
            groups[0 if name in changed else 1 if name == FULLEST_CLASS else 2].append(contract)
        left, found = people, []
        for at, group in enumerate(groups):
            if not group:
                continue
            found.append(f"named_{at}_of_{people}")
            standing = " union ".join(
                f"select {PERSON} from ({self._state_sql(contract, left)}) as standing" for contract in group
            )
            named = f"select {PERSON} from ({standing}) as named where {PERSON} in (select {PERSON} from {left})"
            self._kept.keep(found[-1], named, key_schema(PERSON))
            others = f"select {PERSON} from {left} where {PERSON} not in (select {PERSON} from {found[-1]})"
            left = f"left_{at}_of_{people}"
            if not self._kept.keep(left, others, key_schema(PERSON)):
                break
        self._engine.create_view(NAMED_PERSON, " union all ".join(f"select {PERSON} from {view}" for view in found))

    def _state_sql(self, contract: Contract, people: str) -> str:
        contested = f"{ods_table(contract).sql_name}_contested" if self._changes.is_contested(contract) else None
        known = version_sql(f"({self._versions_sql(contract, people)}) as theirs_only")
        return state_sql(contract, f"({with_literals(known, {'as_of': self._business_date})})", contested)


def named_people_sql(named: list[Contract]) -> str:
    """SQL for everybody whom one of the classes names."""
    return " union ".join(f"select {PERSON} from {ods_table(contract).sql_name}" for contract in named)


def _now(table: TableDefinition) -> str:
    return f"{table.sql_name}_now"


def _restricted(item: TableDefinition, table: TableDefinition, circle: Circle) -> str:
    if item.follows == PERSON:
        return f"select * from {_now(item)} where {PERSON} in (select {PERSON} from {circle.people})"
    if item.follows == table.follows:
        return f"select * from {_now(item)} where {item.follows} in (select {item.follows} from {circle.keys.view})"
    return f"select * from {_now(item)}"
