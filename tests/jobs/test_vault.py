"""The vault opens what it sealed, to its own key and name only, and seals each person's number once."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from cryptography.exceptions import InvalidTag

from jobs.identity import Sealer
from jobs.vault import PEOPLE_IN_BLOCK, Source, Vault
from warehouse.gathering import Gathering
from warehouse.tables import Warehouse

FIRST = Source("police.household_register.20261119.01", "household_register", date(2026, 11, 19))
SECOND = Source("police.household_register.20261120.01", "household_register", date(2026, 11, 20))
PEOPLE = PEOPLE_IN_BLOCK + 3


def numbers(count: int) -> pa.Table:
    return pa.table({"key": [f"p1_{n:024x}" for n in range(count)], "number": [f"{n:018d}" for n in range(count)]})


def contact(n: int, phone: str) -> pa.Table:
    return pa.table({"person_key": [f"p1_{n:024x}"], "psn_name": ["王小兰"], "phone": [phone]})


def add_numbers(vault: Vault, warehouse: Warehouse, rows: pa.Table, source: Source) -> None:
    gathering = Gathering(warehouse)
    vault.add_numbers(rows, source, gathering)
    gathering.commit()


def add_contact(vault: Vault, warehouse: Warehouse, rows: pa.Table, source: Source) -> None:
    gathering = Gathering(warehouse)
    vault.add_contacts(rows, source, gathering)
    gathering.commit()


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "warehouse")


def test_what_was_sealed_opens_in_another_process(warehouse: Warehouse) -> None:
    add_numbers(Vault(warehouse, Sealer(b"key")), warehouse, numbers(PEOPLE), FIRST)
    opened = Vault(warehouse, Sealer(b"key")).numbers_of([f"p1_{n:024x}" for n in (0, PEOPLE - 1)])
    assert opened == {f"p1_{0:024x}": f"{0:018d}", f"p1_{PEOPLE - 1:024x}": f"{PEOPLE - 1:018d}"}


def test_a_number_is_sealed_once_and_a_repeated_delivery_replaces_its_own(warehouse: Warehouse) -> None:
    for _ in range(2):
        vault = Vault(warehouse, Sealer(b"key"))
        add_numbers(vault, warehouse, numbers(5), FIRST)
        add_numbers(vault, warehouse, numbers(7), SECOND)
    assert sorted(warehouse.rows("vault.identity")["person_key"].to_pylist()) == numbers(7)["key"].to_pylist()


def test_the_latest_contact_counts(warehouse: Warehouse) -> None:
    vault = Vault(warehouse, Sealer(b"key"))
    add_contact(vault, warehouse, contact(1, "13800000001"), FIRST)
    add_contact(vault, warehouse, contact(1, "13800000002"), SECOND)
    assert vault.contacts_of([f"p1_{1:024x}"], "household_register")[f"p1_{1:024x}"]["phone"] == "13800000002"
    assert vault.contacts_of([f"p1_{2:024x}"], "household_register") == {}


def test_a_block_opens_to_its_own_key_and_name_only() -> None:
    sealed = Sealer(b"key").seal("one", contact(1, "13800000001"))
    assert Sealer(b"key").open("one", sealed).to_pylist() == contact(1, "13800000001").to_pylist()
    for sealer, name in ((Sealer(b"other-key"), "one"), (Sealer(b"key"), "another")):
        with pytest.raises(InvalidTag):
            sealer.open(name, sealed)


def test_nothing_that_was_sealed_can_be_read_in_the_files(warehouse: Warehouse) -> None:
    vault = Vault(warehouse, Sealer(b"key"))
    add_numbers(vault, warehouse, numbers(5), FIRST)
    add_contact(vault, warehouse, contact(1, "13800000001"), FIRST)
    sealed = b"".join(warehouse.rows("vault.block")["sealed"].to_pylist())
    assert sealed
    for plain in ("王小兰", "13800000001", f"{1:018d}"):
        assert plain.encode() not in sealed
