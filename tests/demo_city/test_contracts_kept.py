"""Rows that are right keep their contract: read with plain SQL, no row rule is broken."""

import duckdb
import pyarrow as pa

from schemas.loader import Field, contracts
from tests.demo_city.conftest import BuiltCity
from tests.demo_city.reading import delivered_rows


def plainly_read(field: Field) -> str:
    if field.is_month:
        return f"try_cast(left({field.name}, 4) || '-' || right({field.name}, 2) || '-01' as date)"
    return f"try_cast(nullif({field.name}, '') as {field.physical_type})"


def test_rows_that_are_right_break_no_row_rule(small_city: BuiltCity) -> None:
    blemished = small_city.truth("wrong_rows")
    for name, manifest in small_city.judged():
        contract = contracts()[manifest.extract_class]
        skipped = {str(line) for line in blemished[blemished["delivery_id"] == name]["line"]}
        rows = delivered_rows(contract, small_city.data_file(manifest))
        right = pa.Table.from_pylist([row for row in rows if row["line"] not in skipped])
        columns = ", ".join(f"{plainly_read(field)} as {field.name}" for field in contract.fields)
        with duckdb.connect() as connection:
            connection.register("delivered", right)
            for rule in contract.row_rules:
                query = f"select count(*) from (select {columns} from delivered) where {rule.broken_when}"
                assert connection.execute(query).fetchone() == (0,), (name, rule.name)


def test_codes_and_required_fields_are_kept(small_city: BuiltCity) -> None:
    blemished = small_city.truth("wrong_rows")
    for name, manifest in small_city.judged():
        contract = contracts()[manifest.extract_class]
        skipped = {str(line) for line in blemished[blemished["delivery_id"] == name]["line"]}
        for row in delivered_rows(contract, small_city.data_file(manifest)):
            if row["line"] in skipped:
                continue
            for field in contract.fields:
                assert row[field.name] or not field.required, (name, field.name, row["line"])
                assert not field.codes or row[field.name] in {*field.codes, ""}, (field.name, row[field.name])
