"""The notebooks run from the first cell to the last against a published file, and are kept without outputs."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

PROJECT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((PROJECT / "notebooks").glob("*.ipynb"))
# Six digits of a place, a birth date, three digits and a check character, standing by themselves.
NUMBER_PATTERN = r"(^|\D)[1-9]\d{5}(19|20)\d{2}(0[1-9]|1[0-2])([0-2]\d|3[01])\d{3}[\dXx](\D|$)"


@pytest.fixture
def published(first_night_told: Path) -> Path:
    """What a night on a small city publishes."""
    return first_night_told / "home" / "warehouse" / "published" / "latest" / "shouwang.duckdb"


def code_cells(notebook: Path) -> list[dict[str, Any]]:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def run(notebook: Path) -> dict[str, Any]:
    """Execute the code cells one after the other; returns the names they leave behind."""
    namespace: dict[str, Any] = {}
    for number, cell in enumerate(code_cells(notebook), start=1):
        exec(compile("".join(cell["source"]), f"{notebook.name} cell {number}", "exec"), namespace)
    return namespace


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_every_notebook_is_kept_without_outputs(notebook: Path) -> None:
    assert not [cell for cell in code_cells(notebook) if cell["outputs"] or cell["execution_count"]]


def test_the_first_look_shows_tables_warnings_freshness_and_yield(
    published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOUWANG_PUBLISHED", str(published))
    seen = run(PROJECT / "notebooks" / "first_look.ipynb")
    assert {"ads.warning", "ads.freshness", "dwd.person"} <= set(seen["tables"]["table"])
    assert seen["tables"]["说明"].notna().all()
    assert seen["columns"]["说明"].notna().all()
    assert seen["freshness"]["数据截至"].notna().all()
    assert seen["warnings"]["预警数"].sum() == seen["by_county"]["预警数"].sum() > 0
    assert seen["dispositions"]["预警数"].sum() == seen["warnings"]["预警数"].sum()
    # A warning judges every model whose claim went into it.
    assert seen["performance"]["预警数"].sum() >= seen["warnings"]["预警数"].sum()


def test_the_published_file_shows_no_identity_number(published: Path) -> None:
    with duckdb.connect(str(published), read_only=True) as connection:
        texts = connection.sql(
            "select schema_name, table_name, column_name from duckdb_columns() "
            "where data_type = 'VARCHAR' and not internal"
        ).fetchall()
        assert texts
        for schema, table, column in texts:
            found = connection.sql(
                f"select count(*) from {schema}.{table} where regexp_matches(\"{column}\", '{NUMBER_PATTERN}')"
            ).fetchall()
            assert found == [(0,)], f"{schema}.{table}.{column}"
