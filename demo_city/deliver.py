"""Hands the facts over as the departments would: writes a planned delivery's file, manifest and `.ok`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from demo_city.extra_rows import with_extra_rows
from demo_city.facts import City
from demo_city.file_shapes import FileShape
from demo_city.files import write_data_file
from demo_city.mess import MESSY_BUT_RIGHT, Blemish, blemish
from demo_city.planning import PlannedDelivery
from demo_city.render import as_text
from demo_city.resending import known_as
from schemas.delivery import DONE_SUFFIX, MANIFEST_SUFFIX, DeliveredFile, Manifest, department_folder, file_sm3
from schemas.loader import Contract

WRONG_ROW_COLUMNS = ["delivery_id", "line", "field", "kind"]
IDENTITY_LESS_COLUMNS = ["delivery_id", "line", "person"]


@dataclass(frozen=True)
class Delivered:
    """A written delivery, and the truth about it: its wrong and messy rows, and whose rows bear no number."""

    manifest: Manifest
    account: dict[str, object]
    wrong_rows: pd.DataFrame
    identity_less: pd.DataFrame


def deliver(city: City, planned: PlannedDelivery, shielded: npt.NDArray[np.bool_], landing: Path) -> Delivered:
    """Write one delivery; returns its manifest and what is true of it."""
    contract = planned.contract
    shape = planned.shape(is_tidy=city.plan.mess == "none")
    facts = planned.facts
    table = as_text(contract, city.departed.everyone, facts)
    table = _with_numbers_as_known(city, planned, facts, table)
    person = facts["person"].to_numpy()
    right_but_wrong, table, done = blemish(contract, table, shielded[person], city.plan.first_night)
    right_but_wrong, table, extra = with_extra_rows(contract, right_but_wrong, table, done, len(facts))
    done += [*extra.blemishes, *_unquoted(contract, shape, table, {each.row for each in done})]
    folder = department_folder(landing, city.plan.dates[planned.landed], contract.department)
    folder.mkdir(parents=True, exist_ok=True)
    manifest = _write(city, planned, shape, folder, table, control_sum(contract, right_but_wrong))
    name, first_line = known_as(planned, manifest), shape.first_data_line
    rows = [(name, first_line + each.row, each.field, each.kind) for each in done]
    unnamed = [(name, first_line + row, person[source]) for row, source in extra.identity_less]
    is_judged = planned.outcome == "ingested"
    return Delivered(
        manifest,
        _account(city, planned, shape, manifest),
        pd.DataFrame(rows if is_judged else [], columns=WRONG_ROW_COLUMNS),
        pd.DataFrame(unnamed if is_judged else [], columns=IDENTITY_LESS_COLUMNS),
    )


def _with_numbers_as_known(city: City, planned: PlannedDelivery, facts: pd.DataFrame, table: pa.Table) -> pa.Table:
    field = planned.contract.identity_field.name
    written = table[field].combine_chunks()
    numbers = city.changed.as_delivered(city.plan, planned.extract_class, facts, planned.night, written)
    return table.set_column(table.column_names.index(field), field, numbers)


def _unquoted(contract: Contract, shape: FileShape, table: pa.Table, taken: set[int]) -> list[Blemish]:
    """The rows whose address holds the delimiter and is not quoted: whoever reads closely can mend them."""
    address = next((field.name for field in contract.fields if field.identity == "address"), None)
    if not shape.unquoted or address is None:
        return []
    rows = np.flatnonzero(pc.match_substring(table[address], shape.delimiter).to_numpy(zero_copy_only=False))
    return [Blemish(int(row), address, MESSY_BUT_RIGHT) for row in rows if int(row) not in taken]


def _write(
    city: City, planned: PlannedDelivery, shape: FileShape, folder: Path, table: pa.Table, total: Decimal | None
) -> Manifest:
    contract, business_date = _as_written(planned), city.plan.dates[planned.night]
    stem = f"{contract.extract_class}_{business_date:%Y%m%d}_{planned.sequence:02d}"
    path = folder / f"{stem}.{shape.suffix}"
    write_data_file(contract, shape, table, path, business_date, "" if total is None else total)
    manifest = Manifest(
        extract_class=contract.extract_class,
        department=contract.department,
        schema_version=contract.schema_version,
        mode=planned.mode,
        business_date=business_date,
        period_start=planned.period_start,
        period_end=planned.period_end,
        sequence=planned.sequence,
        row_count=table.num_rows,
        control_sum=total,
        files=[DeliveredFile(name=path.name, sm3=file_sm3(path))],
        encoding=shape.encoding,
    )
    write_manifest(folder, manifest)
    (folder / f"{stem}{DONE_SUFFIX}").touch()
    return manifest


def _as_written(planned: PlannedDelivery) -> Contract:
    """The contract, with another header for the last column where the department changed it without notice."""
    contract = planned.contract
    if not planned.new_header:
        return contract
    *others, last = contract.fields
    return replace(contract, fields=(*others, replace(last, headers={contract.schema_version: planned.new_header})))


def _account(city: City, planned: PlannedDelivery, shape: FileShape, manifest: Manifest) -> dict[str, object]:
    return {
        "delivery_id": known_as(planned, manifest),
        "landed_on": city.plan.dates[planned.landed],
        "kind": planned.kind,
        "outcome": planned.outcome,
        "is_releasable": planned.is_releasable,
        "must": planned.must,
        "rows": manifest.row_count,
        "format": shape.format,
        "encoding": shape.encoding or "",
        "delimiter": shape.delimiter if shape.format == "csv" else "",
        "is_zipped": shape.is_zipped,
    }


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest beside its data file."""
    text = manifest.model_dump_json(indent=2) + "\n"
    (folder / f"{manifest.stem}{MANIFEST_SUFFIX}").write_text(text, encoding="utf-8")


def control_sum(contract: Contract, table: pa.Table) -> Decimal | None:
    """The sum of the control field over all rows, wrong ones included, before cells get messy."""
    if contract.control_field is None:
        return None
    column = table[contract.control_field]
    amounts = pc.cast(pc.if_else(pc.equal(column, ""), "0", column), pa.decimal128(16, 2))
    return Decimal(pc.sum(amounts).as_py() or 0)


def accounts(delivered: Sequence[Delivered]) -> pd.DataFrame:
    """The truth about whole deliveries, one row each."""
    return pd.DataFrame([each.account for each in delivered])
