"""Which state the layers' tables hold, and which one a business date asks for."""

from collections.abc import Iterable, Mapping
from datetime import date

from jobs.ingest import ledger
from jobs.ingest.ledger import DeliveryRecord
from jobs.installation import Installation
from jobs.lineage import depends_on_date, layer_tables, sources
from jobs.ods import OdsTables
from jobs.people.decisions import decided_on, decisions
from jobs.people.links import LINK_SOURCES
from jobs.people.places import division_rows
from jobs.steps import fingerprint_of
from schemas.loader import contracts
from warehouse.definitions import TableDefinition, layer_sql
from warehouse.engines.engine import FUNCTIONS_FOLDER
from warehouse.layers import LayerState, Source, forget_state, layer_state


class AskedStates:
    """The states that a business date asks for, from the deliveries known by then, the contracts and the SQL."""

    def __init__(self, installation: Installation, business_date: date) -> None:
        self._installation = installation
        self.business_date = business_date
        self.texts = _texts(business_date)
        # A row that a person linked ends with the next snapshot, even where that brings no row.
        linked = decided_on(installation, business_date).linked_rows
        self._decided = (decisions(installation, business_date), linked)
        self._deliveries = [
            record
            for record in ledger.records(installation, status="ingested")
            if record.business_date <= business_date and _brought_rows(record)
        ]

    def fingerprint(self, table: TableDefinition) -> str:
        """Differs where what the table says may differ."""
        classes = {contract.extract_class for contract in sources(table)} | set(LINK_SOURCES)
        deliveries = [
            (record.delivery_id, record.content_hash) for record in self._deliveries if record.extract_class in classes
        ]
        return fingerprint_of(
            self.business_date if depends_on_date(table) else None, deliveries, self._decided, self.texts
        )

    def state(self, table: TableDefinition, current: Mapping[str, Source], people: str) -> LayerState:
        """The state to mark the table with, given what every class's table holds and what is known of people."""
        return LayerState(
            fingerprint=self.fingerprint(table),
            texts=self.texts,
            as_of=self.business_date,
            people=people,
            sources={contract.extract_class: current[contract.extract_class] for contract in sources(table)},
        )

    def holds(self, table: TableDefinition) -> bool:
        """Whether the table holds the state now."""
        held = layer_state(self._installation.warehouse, table.name)
        return held is not None and held.fingerprint == self.fingerprint(table)


def holds_state_of(installation: Installation, business_date: date) -> bool:
    """Whether the layers hold the state of the date, all of them."""
    asked = AskedStates(installation, business_date)
    return all(asked.holds(table) for table in layer_tables())


def current_sources(ods: OdsTables, held: Iterable[LayerState]) -> dict[str, Source]:
    """What every class's table holds now; what a held state knows of the same content is taken over."""
    known = {source for state in held for source in state.sources.values()}
    found = {}
    for contract in contracts().values():
        content = ods.content(contract)
        same = next((source for source in known if source.content == content), None)
        found[contract.extract_class] = same or Source(content, ods.known_until(contract))
    return found


def forget_layers(installation: Installation) -> None:
    """Have every layer table built whole the next time: for when row versions are taken away."""
    for table in layer_tables():
        forget_state(installation.warehouse, table.name)


def _brought_rows(record: DeliveryRecord) -> bool:
    return record.accepted + record.deleted > 0


def _texts(business_date: date) -> str:
    tables = [(repr(table), layer_sql(table.name)) for table in layer_tables()]
    promises = [contract.path.read_text(encoding="utf-8") for contract in contracts().values()]
    vocabulary = [path.read_text(encoding="utf-8") for path in sorted(FUNCTIONS_FOLDER.glob("*.sql"))]
    # Which code a division bears on the date is no delivery's matter.
    return fingerprint_of(tables, promises, vocabulary, list(division_rows(business_date)))
