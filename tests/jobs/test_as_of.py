"""Any table as it was known on a date; nothing is committed by looking, and nobody sees the vault."""

from datetime import date

import pytest

from jobs.as_of import table_as_of, tables
from jobs.conform import conform
from jobs.errors import TableError
from jobs.ingest import ingest_department
from jobs.installation import Installation
from tests.jobs.landing import NIGHT_1, NIGHT_2, deliver
from tests.jobs.layers_anew import said_rows
from tests.jobs.people import on_dibao


@pytest.fixture
def two_nights(installation: Installation) -> Installation:
    """Five people on dibao the first night, four of them and a sixth the second; conformed for both."""
    for day, people in ((NIGHT_1, range(5)), (NIGHT_2, range(1, 6))):
        deliver(installation.settings.landing_folder, "dibao", [on_dibao(n) for n in people], day)
        ingest_department(installation, "civil_affairs", day)
        conform(installation, day)
    return installation


def families(installation: Installation, day: date) -> set[str]:
    return set(table_as_of(installation, "ods.dibao", day, 50)["family_no"].to_pylist())


def test_an_extract_and_a_layer_show_what_was_known_that_day(two_nights: Installation) -> None:
    before = {name: two_nights.warehouse.snapshot_id(name) for name in two_nights.warehouse.table_names()}
    assert families(two_nights, NIGHT_1) == {f"D{n:05d}" for n in range(5)}
    assert families(two_nights, NIGHT_2) == {f"D{n:05d}" for n in range(1, 6)}
    first, second = (table_as_of(two_nights, "dwd.assistance_spell", day, 50) for day in (NIGHT_1, NIGHT_2))
    assert second.to_pylist() != first.to_pylist()
    stored = said_rows(two_nights.warehouse, "dwd.assistance_spell")
    assert sorted(map(str, second.to_pylist())) == sorted(map(str, stored))
    assert first.num_rows == 5
    assert table_as_of(two_nights, "dws.assistance_tier", NIGHT_1, 2).num_rows == 2
    assert before == {name: two_nights.warehouse.snapshot_id(name) for name in two_nights.warehouse.table_names()}
    assert not list(two_nights.settings.work_folder.glob("as-of-*"))


def test_the_ledger_shows_the_nights_until_then(two_nights: Installation) -> None:
    assert table_as_of(two_nights, "ops.delivery", NIGHT_1, 50)["business_date"].to_pylist() == [NIGHT_1]


def test_nobody_sees_the_vault(two_nights: Installation) -> None:
    assert not {table.layer for table in tables()} & {"vault", "quarantine"}
    with pytest.raises(TableError, match=r"vault\.identity is not shown to anybody"):
        table_as_of(two_nights, "vault.identity", NIGHT_1, 5)
    with pytest.raises(TableError, match="tables list"):
        table_as_of(two_nights, "dwd.nothing", NIGHT_1, 5)
