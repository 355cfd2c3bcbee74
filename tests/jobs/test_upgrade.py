"""An upgrade begins only where it can end."""

from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from jobs.alone import alone
from jobs.cli import app
from jobs.errors import BusyError, UpgradeError
from jobs.installation import Installation
from jobs.settings import Settings
from jobs.upgrade import tables_ahead, widen_tables
from warehouse.definitions import Column, TableDefinition, definition


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(Settings(mode="demo", home=tmp_path))


def written(installation: Installation, *columns: Column) -> None:
    """A ledger of deliveries as another version wrote it, with one row."""
    table = TableDefinition("ops.delivery", "批次", columns)
    rows = pa.Table.from_pylist([{}], schema=table.schema)
    installation.warehouse.replace_rows(table, rows, None)


def test_tables_gain_what_this_version_adds_and_keep_what_they_hold(installation: Installation) -> None:
    first, *others = definition("ops.delivery").columns
    written(installation, first, Column("no_longer_used", "varchar", "旧列"))
    assert tables_ahead(installation).gained == {"ops.delivery": [column.name for column in others]}
    widen_tables(installation)
    assert not tables_ahead(Installation(installation.settings)).gained
    held = Installation(installation.settings).warehouse.rows("ops.delivery")
    assert held.num_rows == 1
    assert {"no_longer_used", *(column.name for column in others)} <= set(held.schema.names)


def test_a_column_of_another_type_is_told_before_anything_is_done(installation: Installation) -> None:
    columns = definition("ops.delivery").columns
    odd = columns[-1]
    written(installation, columns[0], Column(odd.name, "date" if odd.physical_type != "date" else "varchar", "旧列"))
    with pytest.raises(UpgradeError, match=rf"ops\.delivery\.{odd.name}.*Nothing was changed"):
        widen_tables(installation)
    assert len(Installation(installation.settings).warehouse.rows("ops.delivery").schema.names) == 2


def test_it_refuses_while_a_step_runs(installation: Installation) -> None:
    with alone(installation, "conform"), pytest.raises(BusyError, match="is being worked on"):
        widen_tables(installation)


def test_a_backup_or_a_check_is_asked_for(tmp_path: Path) -> None:
    for arguments in ([], [str(tmp_path / "kept"), "--check"]):
        told = CliRunner().invoke(app, ["upgrade", *arguments])
        assert told.exit_code == 2
        assert "name a new folder" in told.output
