"""What analysts get: every table but the vault, under keys of their own, and never a half of it."""

import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sqlalchemy import create_engine, inspect

from jobs.errors import QueryError
from jobs.installation import Installation
from jobs.publish import publish
from jobs.published import NARROWEST, WIDEST, export, query
from jobs.published_keys import is_rekeyed
from jobs.published_tables import PUBLISHED_LAYERS, published_tables
from schemas.loader import contracts
from tests.jobs.layers_anew import said_rows
from tests.shared_homes import installation_at
from warehouse.definitions import layer_definitions

FIRST, SECOND = "2026-11-19", "2026-11-20"
# Shorter ones, such as the number of a certificate's grade, may stand in a text by chance.
TELLING = 8


@pytest.fixture(scope="module")
def installation(two_nights: Path) -> Installation:
    return installation_at(two_nights)


@pytest.fixture
def latest(installation: Installation) -> Path:
    return installation.settings.published_folder / "latest"


@pytest.fixture
def connection(latest: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(latest / "shouwang.duckdb"), read_only=True) as connection:
        yield connection


def texts(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str]]:
    """Every distinct text in the published tables, with the column in which it stands."""
    columns = connection.execute(
        "select schema_name, table_name, column_name from duckdb_columns() where data_type = 'VARCHAR' and not internal"
    ).fetchall()
    for schema, table, column in columns:
        for (text,) in connection.execute(f'select distinct "{column}" from {schema}.{table}').fetchall():
            if text is not None:
                yield f"{schema}.{table}.{column}", text


def inner_keys(installation: Installation) -> set[str]:
    """Every key of a person, household, warning, order, bill or certificate as the warehouse knows it."""
    tables = {table.name: table for layer in PUBLISHED_LAYERS for table in layer_definitions(layer).values()}
    found = set()
    for name in tables.keys() & installation.warehouse.table_names():
        columns = [column.name for column in tables[name].columns if is_rekeyed(column)]
        rows = said_rows(installation.warehouse, name) if columns else []
        found |= {str(row[column]) for row in rows for column in columns if row[column] is not None}
    return {key for key in found if len(key) >= TELLING}


def test_no_key_of_the_warehouse_is_published(
    installation: Installation, connection: duckdb.DuckDBPyConnection
) -> None:
    keys = inner_keys(installation)
    assert len(keys) > 1000
    whole = {(column, text) for column, text in texts(connection) if text in keys}
    assert whole == set()
    inside = "\n".join(text for column, text in texts(connection) if column.startswith("ads."))
    assert [key for key in keys if key in inside] == []


def test_no_table_of_counts_shows_a_small_one(
    installation: Installation, connection: duckdb.DuckDBPyConnection, latest: Path
) -> None:
    least, left_out = installation.settings.smallest_count_shown, 0
    for table in published_tables():
        for name in sorted({name for line in table.counts for name in line}):
            small = f"select count(*) from {table.name} where {name} > 0 and {name} < {least}"
            assert connection.execute(small).fetchone() == (0,), f"{table.name}.{name}"
            hidden = connection.execute(f"select count(*) from {table.name} where {name} is null").fetchall()[0][0]
            left_out += hidden
    assert left_out > 0, "a city of 1,500 has small counts"
    manifest = json.loads((latest / "manifest.json").read_text(encoding="utf-8"))
    assert not [row for row in manifest["freshness"] if 0 < (row["row_count"] or 0) < least]


def test_what_could_point_at_one_person_is_told_coarsely(
    installation: Installation, connection: duckdb.DuckDBPyConnection
) -> None:
    days = "select count(*) from dwd.person where born_on <> date_trunc('year', born_on)"
    assert connection.execute(days).fetchone() == (0,)
    places = (
        "select distinct substr(village_code, 10) from dwd.person union select substr(grid_code, 10) from ads.warning"
    )
    assert {row[0] for row in connection.execute(places).fetchall()} <= {"000", "000000", None}
    employers = {row["employer_name"] for row in said_rows(installation.warehouse, "dwd.contribution_status")} - {None}
    assert len(employers) > 5
    assert {text for _, text in texts(connection) for name in employers if name in text} == set()


def test_a_row_leads_to_the_delivery_that_brought_it(connection: duckdb.DuckDBPyConnection) -> None:
    without = connection.execute(
        "select count(*), count(delivery.delivery_id) from dwd.medical_cost "
        "left join ops.delivery as delivery using (delivery_id)"
    ).fetchall()[0]
    assert without[0] == without[1] > 0


def test_rows_of_one_person_still_join(installation: Installation, connection: duckdb.DuckDBPyConnection) -> None:
    claims = said_rows(installation.warehouse, "ads.claim")
    people = {row["person_key"] for row in said_rows(installation.warehouse, "dwd.person")}
    joined = connection.execute("select count(*) from ads.claim join dwd.person using (person_key)").fetchone()
    assert joined == (sum(claim["person_key"] in people for claim in claims),)
    assert joined > (0,)
    named = connection.execute(
        "select count(*) from ads.warning join ads.claim using (warning_id) "
        """where list_contains(from_json(household -> '$.claim_ids', '["VARCHAR"]'), claim_id)"""
    ).fetchone()
    assert named == (len(claims),), "the claims that a warning lists are found by what it lists"


def test_both_nights_know_a_person_by_one_key(latest: Path, connection: duckdb.DuckDBPyConnection) -> None:
    [first] = [path for path in latest.parent.iterdir() if path.name.startswith(FIRST)]
    connection.execute(f"attach '{first}/shouwang.duckdb' as first (read_only)")
    before, both = connection.execute(
        "select count(*), count(later.person_key) from first.ads.claim as claim "
        "left join ads.claim as later using (claim_id, person_key)"
    ).fetchall()[0]
    assert before == both > 0


def test_every_table_and_column_says_what_it_holds(connection: duckdb.DuckDBPyConnection) -> None:
    for kind in ("tables", "columns"):
        unsaid = connection.execute(f"select * from duckdb_{kind}() where comment is null and not internal").fetchall()
        assert unsaid == []


def test_the_manifest_counts_rows_and_says_how_fresh_they_are(
    latest: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    manifest = json.loads((latest / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["business_date"] == SECOND
    assert {row["extract_class"] for row in manifest["freshness"]} == contracts().keys()
    for table, count in manifest["rows"].items():
        assert connection.execute(f"select count(*) from {table}").fetchone() == (count,)
        parquet = latest / "parquet" / f"{table.replace('.', '_')}.parquet"
        assert connection.execute(f"select count(*) from '{parquet}'").fetchone() == (count,)


def test_who_has_a_file_open_keeps_it_while_a_lost_one_is_made_again(
    installation: Installation, latest: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    held = connection.execute("select count(*) from dwd.person").fetchone()
    shutil.rmtree(latest.resolve())
    result = publish(installation, date.fromisoformat(SECOND))
    assert not result.repeated
    assert (latest / "shouwang.duckdb").exists()
    assert connection.execute("select count(*) from dwd.person").fetchone() == held
    assert publish(installation, date.fromisoformat(SECOND)).repeated


def test_a_query_prints_rows_and_writes_them_for_others(
    installation: Installation, latest: Path, tmp_path: Path
) -> None:
    wanted = "select warning_id, reason_zh, business_date, score from {} order by warning_id"
    sql = wanted.format("ads.warning")
    expected = duckdb.sql(wanted.format(f"'{latest}/parquet/ads_warning.parquet'")).fetchall()
    assert [tuple(row.values()) for row in query(installation, sql).to_pylist()] == expected
    assert query(installation, sql, at_most=2).num_rows == 2 < len(expected)
    for ending in ("csv", "xlsx", "parquet"):
        export(query(installation, sql), tmp_path / f"warnings.{ending}")
    assert pq.read_table(tmp_path / "warnings.parquet").num_rows == len(expected)
    read_workbook = partial(pd.read_excel, engine="calamine")
    for read, ending in ((pd.read_csv, "csv"), (read_workbook, "xlsx")):
        frame = read(tmp_path / f"warnings.{ending}")
        assert list(frame["reason_zh"]) == [row[1] for row in expected]
    with pytest.raises(QueryError, match="is there already"):
        export(query(installation, sql), tmp_path / "warnings.csv")
    with pytest.raises(QueryError, match=r"\.csv, \.xlsx, \.parquet"):
        export(query(installation, sql), tmp_path / "warnings.docx")


def test_what_reads_through_sqlalchemy_sees_tables_with_their_comments(latest: Path) -> None:
    engine = create_engine(f"duckdb:///{latest}/shouwang.duckdb", connect_args={"read_only": True})
    seen = inspect(engine)
    tables = {f"{layer}.{name}" for layer in PUBLISHED_LAYERS for name in seen.get_table_names(schema=layer)}
    assert tables == {table.name for table in published_tables() if table.layer in PUBLISHED_LAYERS}
    assert seen.get_table_comment("warning", schema="ads") == {"text": "预警 (每户每一困难事项一条)"}
    assert all(column["comment"] for column in seen.get_columns("warning", schema="ads"))
    rows = pd.read_sql("select * from ads.warning", engine)
    engine.dispose()
    assert len(rows) == pq.read_metadata(latest / "parquet" / "ads_warning.parquet").num_rows > 0


def test_what_looks_like_a_formula_stays_text(installation: Installation, tmp_path: Path) -> None:
    export(query(installation, "select '=1+1' as note"), tmp_path / "note.xlsx")
    with zipfile.ZipFile(tmp_path / "note.xlsx") as workbook:
        assert "<f>" not in workbook.read("xl/worksheets/sheet1.xml").decode()
        assert ">=1+1<" in workbook.read("xl/sharedStrings.xml").decode()


def test_every_text_of_a_csv_file_stands_in_quotes_and_numbers_do_not(
    installation: Installation, tmp_path: Path
) -> None:
    export(query(installation, "select '入院; 出院' as note, '007' as code, 7 as visits"), tmp_path / "notes.csv")
    written = (tmp_path / "notes.csv").read_text(encoding="utf-8")
    assert written == '\ufeff"note","code","visits"\n"入院; 出院","007",7\n'


def test_a_workbook_opens_with_its_header_in_sight_and_nothing_cut_off(
    installation: Installation, tmp_path: Path
) -> None:
    sql = "select warning_id, business_date, '户内情况' as zh, reason_zh, 1 as a, 2 as a from ads.warning"
    export(query(installation, sql), tmp_path / "warnings.xlsx")
    with zipfile.ZipFile(tmp_path / "warnings.xlsx") as workbook:
        sheet = workbook.read("xl/worksheets/sheet1.xml").decode()
    assert re.search(r'<pane [^>]*topLeftCell="A2"[^>]* state="frozen"', sheet)
    assert f'<autoFilter ref="A1:F{query(installation, sql).num_rows + 1}"' in sheet
    widths = [int(float(width)) for width in re.findall(r'<col [^>]*width="([\d.]+)"', sheet)]
    identifier, day, chinese, reason, *_ = widths
    assert identifier > len("W01-c68e46424089573889676142")
    assert day > len("business_date")
    assert (chinese, reason) == (NARROWEST, WIDEST)


def test_a_workbook_does_not_take_a_time_with_its_zone(installation: Installation, tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="ask for told_at::timestamp"):
        export(query(installation, "select now() as told_at"), tmp_path / "times.xlsx")
    assert not (tmp_path / "times.xlsx").exists()
    export(query(installation, "select now()::timestamp as told_at"), tmp_path / "times.xlsx")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select nothing from ads.warning", "nothing"),
        ("drop table ads.warning", "read-only"),
        ("select * from read_csv('/etc/passwd')", "disabled"),
        ("copy ads.warning to 'here.csv'", "disabled"),
    ],
)
def test_what_cannot_be_asked_is_refused(installation: Installation, sql: str, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        query(installation, sql)


def test_before_anything_is_published_the_answer_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="shouwang nightly"):
        query(installation_at(tmp_path), "select 1")
