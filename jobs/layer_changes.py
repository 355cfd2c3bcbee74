"""Which people and households a change of state bears on, so that nobody else's rows are built again.

Everything is judged generously: a key too many costs a little, a key too few would be wrong.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from jobs.installation import Installation
from jobs.lineage import classes_read, reads_date, reads_links, reads_named_people, sources, tables_read
from jobs.ods import OdsTables, key_columns, ods_table
from jobs.people.knowledge import closed_over_links, people_touched
from jobs.people.links import KnownPeople
from schemas.loader import Contract, contracts
from warehouse.definitions import TableDefinition, definition
from warehouse.engines.engine import Engine
from warehouse.history import files_changed_since
from warehouse.layers import LayerState, layer_files, rows_where_sql

PERSON = "person_key"
TOUCHED_PEOPLE = "people_touched"


class UnboundedChangeError(Exception):
    """It cannot be told whose rows change; the message says why."""


@dataclass(frozen=True)
class Affected:
    """A view of the affected keys and how many there are; `by_class` where nothing but versions of rows tells them."""

    view: str
    count: int
    by_class: bool


class LayerChanges:
    """What bears on whom between the states that tables `hold` and the state of the business date."""

    def __init__(
        self,
        engine: Engine,
        installation: Installation,
        ods: OdsTables,
        held: Mapping[str, LayerState],
        business_date: date,
        people: KnownPeople,
    ) -> None:
        self._engine = engine
        self._warehouse = installation.warehouse
        self._ods = ods
        self._held = held
        self._known_people = people
        self._touched = self._people_touched({state.people for state in held.values()})
        dates = [business_date, *(state.as_of for state in held.values())]
        self._first, self._last = min(dates), max(dates)
        self._classes: dict[str, int] = {}
        self._tables: dict[str, Affected | None] = {}

    def people_of_class(self, contract: Contract) -> int:
        """How many people changed versions bear on: they are in view `affected_<class>`.

        Raises UnboundedChangeError where it cannot be told what changed.
        """
        name = contract.extract_class
        if name not in self._classes:
            self._classes[name] = self._find_people(contract)
        return self._classes[name]

    def changed_classes(self) -> list[Contract]:
        """The classes of which it can be told that they bear on somebody."""
        return [contract for contract in contracts().values() if self._bears_on_somebody(contract)]

    def affected(self, table: TableDefinition) -> Affected | None:
        """The keys whose rows may change; None where there are none. The tables it reads must be up to date.

        Raises UnboundedChangeError where it cannot be told.
        """
        if table.name not in self._tables:
            self._tables[table.name] = self._find_affected(table)
        return self._tables[table.name]

    def narrow(self, table: TableDefinition, view: str, count: int) -> None:
        """Take it from here that only these keys' rows of the table are affected."""
        self._tables[table.name] = Affected(view, count, by_class=False) if count else None

    def starts_with(self, table: TableDefinition, others: Iterable[TableDefinition]) -> bool:
        """Whether those of the others that are brought further start from the same state as the table."""
        own = self._held[table.name]
        states = [self._held[other.name] for other in others if other.name in self._held]
        return all(
            state.as_of == own.as_of
            and all(own.sources.get(name, source) == source for name, source in state.sources.items())
            for state in states
        )

    def members(self, table: TableDefinition, keys: str) -> str:
        """SQL for everybody who belongs or ever belonged to one of the keys in a view."""
        return f"select {PERSON} from {self._ever(table)} where {table.follows} in (select {table.follows} from {keys})"

    def _bears_on_somebody(self, contract: Contract) -> bool:
        try:
            return self.people_of_class(contract) > 0
        except UnboundedChangeError:
            return False

    def _find_people(self, contract: Contract) -> int:
        changed = f"changed_{contract.extract_class}"
        selects, something_went = self._changed_versions(contract)
        if not selects:
            return 0
        table, keys = ods_table(contract), key_columns(contract)
        people = [name for name in (PERSON, "household_key") if name in table.schema.names]
        columns = list(dict.fromkeys([*keys, *people]))
        sql = f"select distinct {', '.join(columns)} from ({' union all '.join(selects)}) as version"
        self._engine.keep(changed, sql)
        named = f"select {', '.join(people)} from {changed}"
        if PERSON not in keys and (self._ods.is_contested(contract) or something_went):
            self._ods.register_stored(self._engine, contract)
            # A row may have named somebody else before: that person's rows change too.
            same_row = " and ".join(f"changed.{key} = version.{key}" for key in keys)
            named += (
                f" union all select {', '.join(people)} from {table.sql_name}_stored as version "
                f"where exists (select 1 from {changed} as changed where {same_row})"
            )
        sql = f"select distinct {', '.join(people)} from ({named}) as named"
        return self._engine.keep(f"affected_{contract.extract_class}", sql)

    def _changed_versions(self, contract: Contract) -> tuple[list[str], bool]:
        """Selects of the versions that came, went, or are known on one date and not on another; whether any went."""
        table, name = ods_table(contract), contract.extract_class
        held = {state.sources[name] for state in self._held.values() if name in state.sources}
        came_or_went = self._files_that_came_or_went(contract, {source.content for source in held})
        moved = []
        if self._first < self._last and any(
            source.content != self._ods.content(contract)
            or (source.content and (source.known_until is None or source.known_until > self._first))
            for source in held
        ):
            moved = [file.path for file in self._ods.files(contract) if file.may_exceed("known_on", self._first)]
        until = f"known_on <= date '{self._last}'"
        selects = []
        for view, files, condition in (
            (f"{table.sql_name}_came_or_went", came_or_went, until),
            (f"{table.sql_name}_moved", moved, f"known_on > date '{self._first}' and {until}"),
        ):
            if files:
                self._engine.register_files(view, files, table.schema)
                selects.append(f"select * from {view} where {condition}")
        went = bool(came_or_went) and not {file.path for file in self._ods.files(contract)}.issuperset(came_or_went)
        return selects, went

    def _files_that_came_or_went(self, contract: Contract, contents: Iterable[str | None]) -> list[str]:
        iceberg, files = self._ods.table(contract), set[str]()
        for content in contents:
            changed = files_changed_since(iceberg, content) if iceberg else []
            if changed is None:
                raise UnboundedChangeError(f"what ods.{contract.extract_class} held at the last build was let go since")
            files |= set(changed)
        return sorted(files)

    def _find_affected(self, table: TableDefinition) -> Affected | None:
        by_class = [
            f"select {PERSON} from affected_{contract.extract_class}" for contract in self._changed_sources(table)
        ]
        inputs = [(item, found) for item in tables_read(table) if (found := self.affected(item))]
        selects = [*by_class, *(self._people(item, found.view) for item, found in inputs)]
        if self._is_about_people(table):
            if self._touched is None:
                raise UnboundedChangeError("what was known of people's keys at the last build was not kept")
            selects += [f"select {PERSON} from {TOUCHED_PEOPLE}"] if self._touched else []
        turned = list(self._turned(table))
        if not selects and not turned:
            return None
        if table.follows is None:
            raise UnboundedChangeError(f"{table.name} follows nothing, and something it reads changed")
        return self._keep_affected(
            table,
            [*selects, *turned],
            direct=[(item, found.view) for item, found in inputs if item.follows == table.follows],
            by_class=not turned
            and not self._touched
            and all(item.follows == PERSON and found.by_class for item, found in inputs),
        )

    def _keep_affected(
        self, table: TableDefinition, people: list[str], direct: list[tuple[TableDefinition, str]], by_class: bool
    ) -> Affected | None:
        key = table.follows or ""
        everybody = closed_over_links(" union all ".join(people), self._known_people)
        if key == PERSON:
            sql = everybody
        else:
            sql = f"select {key} from {self._ever(table)} where {PERSON} in (select {PERSON} from ({everybody}) as p)"
            sql += "".join(f" union all select {key} from {view}" for _, view in direct)
            for contract in self._changed_sources(table):
                if key in ods_table(contract).schema.names:
                    sql += f" union all select {key} from affected_{contract.extract_class}"
        view = f"affected_{table.sql_name}"
        distinct = f"select distinct {key} from ({sql}) as named where {key} is not null"
        count = self._engine.keep(view, distinct)
        return Affected(view, count, by_class and key == PERSON) if count else None

    def _people_touched(self, earlier: Iterable[str]) -> set[str] | None:
        """Of whom other things are known than when any of the tables was built; shown as view TOUCHED_PEOPLE."""
        touched: set[str] = set()
        for digest in earlier:
            found = people_touched(self._warehouse, digest, self._known_people)
            if found is None:
                return None
            touched |= found
        rows = [{PERSON: key} for key in sorted(touched)]
        self._engine.register_table(TOUCHED_PEOPLE, pa.Table.from_pylist(rows, pa.schema([(PERSON, pa.string())])))
        return touched

    def _is_about_people(self, table: TableDefinition) -> bool:
        return bool(sources(table)) or reads_links(table)

    def _changed_sources(self, table: TableDefinition) -> list[Contract]:
        read = sources(table) if reads_named_people(table) else classes_read(table)
        return [contract for contract in read if self.people_of_class(contract)]

    def _people(self, table: TableDefinition, keys: str) -> str:
        return f"select {PERSON} from {keys}" if table.follows == PERSON else self.members(table, keys)

    def _turned(self, table: TableDefinition) -> Iterator[str]:
        """Selects of the people whose rows change because the date moved."""
        if not reads_date(table) or self._first == self._last:
            return
        if table.turns_on is None:
            raise UnboundedChangeError(f"the date moved, and {table.name} does not say on which days its rows turn")
        for place in table.turns_on:
            view, column = place.split(".")
            [item] = [other for other in tables_read(table) if other.sql_name == view]
            between = f"{column} between date '{self._first}' and date '{self._last}'"
            yield f"select {PERSON} from ({rows_where_sql(self._engine, self._warehouse, item, between)}) as turning"

    def _ever(self, table: TableDefinition) -> str:
        """A view that says which people belong, or belonged at any time since its base, to the table's keys."""
        through = definition(table.through or "")
        view = f"{through.sql_name}_ever"
        files = layer_files(self._warehouse, through)
        self._engine.register_files(view, files.all, through.schema)
        return view
