"""Hands the facts over as the departments would: which rows on which night, in which file."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from demo_city.assistance import on_night
from demo_city.disability import certificates_on
from demo_city.employment import snapshot
from demo_city.facts import City
from demo_city.files import first_data_line, write_data_file
from demo_city.mess import blemish
from demo_city.render import as_text, register_facts
from schemas.delivery import DONE_SUFFIX, MANIFEST_SUFFIX, DeliveredFile, Manifest, department_folder, file_sm3
from schemas.loader import Contract, contracts

INCREMENTS = {
    "inpatient_settlement": "inpatient",
    "chronic_outpatient_settlement": "chronic",
    "general_outpatient_month": "outpatient",
    "employment_register": "registered",
}


@dataclass(frozen=True)
class PlannedDelivery:
    """One delivery before it is written."""

    extract_class: str
    night: int
    sequence: int
    facts: pd.DataFrame
    period_start: date
    period_end: date

    @property
    def contract(self) -> Contract:
        return contracts()[self.extract_class]


def planned_deliveries(city: City) -> Iterator[PlannedDelivery]:
    """All deliveries, night by night."""
    for night, business_date in enumerate(city.plan.dates):
        yesterday = business_date - timedelta(days=1)
        since = city.plan.year_start if night == 0 else yesterday
        for extract_class, name in INCREMENTS.items():
            versions = getattr(city, name)
            rows = versions[versions["night"] == night]
            if len(rows):
                yield PlannedDelivery(extract_class, night, 1, rows, since, yesterday)
        if night == 0:
            yield from _slow_registers(city)
        for extract_class, versions in city.others.items():
            rows = versions[versions["night"] == night]
            if len(rows):
                is_full = contracts()[extract_class].delivery_mode == "full"
                start, end = (business_date, business_date) if is_full else (since, yesterday)
                yield PlannedDelivery(extract_class, night, 1, rows, start, end)
        for extract_class, rows in _monthly_registers(city, night).items():
            yield PlannedDelivery(extract_class, night, 1, rows, business_date, business_date)


def _slow_registers(city: City) -> Iterator[PlannedDelivery]:
    """What comes once in a while: the household register, and two snapshots of the contributions."""
    day = city.plan.first_night
    yield PlannedDelivery("household_register", 0, 1, register_facts(city.people), day, day)
    for which in (1, 2):
        months = city.contributed.months[6 * which - 6 : 6 * which]
        start = months[0].astype("datetime64[D]").astype(date)
        end = ((months[-1] + 1).astype("datetime64[D]") - 1).astype(date)
        yield PlannedDelivery("employee_pension_contribution", 0, which, snapshot(city.contributed, which), start, end)


def _monthly_registers(city: City, night: int) -> dict[str, pd.DataFrame]:
    return {
        "dibao": on_night(city.assisted.dibao, night),
        "tekun": on_night(city.assisted.tekun, night),
        "marginal_and_rigid": on_night(city.assisted.marginal_and_rigid, night),
        "disability_certificate": certificates_on(city.certified, night),
        "relapse_monitoring": on_night(city.assisted.relapse, night),
    }


def deliver(
    city: City, planned: PlannedDelivery, shielded: npt.NDArray[np.bool_], landing: Path
) -> tuple[Manifest, pd.DataFrame]:
    """Write one delivery; returns its manifest and which of its rows were made wrong or messy."""
    contract = planned.contract
    table = as_text(contract, city.departed.everyone, planned.facts)
    right_but_wrong, table, done = blemish(
        contract, table, shielded[planned.facts["person"].to_numpy()], city.plan.first_night
    )
    business_date = city.plan.dates[planned.night]
    folder = department_folder(landing, business_date, contract.department)
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{contract.extract_class}_{business_date:%Y%m%d}_{planned.sequence:02d}"
    path = folder / f"{stem}.{contract.file.format}"
    write_data_file(contract, table, path, business_date)
    manifest = Manifest(
        extract_class=contract.extract_class,
        department=contract.department,
        schema_version=contract.schema_version,
        mode=contract.delivery_mode,
        business_date=business_date,
        period_start=planned.period_start,
        period_end=planned.period_end,
        sequence=planned.sequence,
        row_count=table.num_rows,
        control_sum=control_sum(contract, right_but_wrong),
        files=[DeliveredFile(name=path.name, sm3=file_sm3(path))],
        encoding=contract.file.encoding,
    )
    write_manifest(folder, manifest)
    (folder / f"{stem}{DONE_SUFFIX}").touch()
    first_line = first_data_line(contract)
    rows = [(manifest.delivery_id, first_line + each.row, each.field, each.kind) for each in done]
    return manifest, pd.DataFrame(rows, columns=["delivery_id", "line", "field", "kind"])


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
