"""What stands in a case service in the end: which warnings it took, and which orders it opened for them."""

from dataclasses import dataclass

from sqlalchemy import create_engine, text

from case_service.database import with_driver
from tests.faults.rehearsal import Rows

# Keys and ids of the database's own differ between two equal services.
_KEPT = {
    "warnings": """
        select warning.warning_id, warning.disposition, household_case.household_key
        from received_warning as warning
        left join work_order on work_order.id = warning.order_id
        left join household_case on household_case.id = work_order.case_id""",
    "orders": """
        select household_case.household_key, household_case.matter, work_order.kind, work_order.level, work_order.status
        from work_order join household_case on household_case.id = work_order.case_id""",
}


@dataclass(frozen=True)
class Orders:
    """A case service at its address, and its database."""

    url: str
    database: str


@dataclass(frozen=True)
class Dispatched:
    """What an undisturbed dispatch left: the home's rows and the service's, and how long it took."""

    service: Orders
    rows: Rows
    orders: Rows
    seconds: float


def orders_in(service: Orders) -> Rows:
    """Every warning it took and every order it holds, as sorted text."""
    engine = create_engine(with_driver(service.database))
    with engine.connect() as connection:
        found = {name: sorted(map(str, connection.execute(text(sql)).all())) for name, sql in _KEPT.items()}
    engine.dispose()
    return found
