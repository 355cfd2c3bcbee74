"""A delivery of settlements by day: new bills of people whom the warehouse knows, as a department would land them."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa

from demo_city.deliver import control_sum, write_manifest
from demo_city.file_shapes import promised_shape
from demo_city.files import write_data_file
from jobs.installation import Installation
from jobs.layer_tables import register_layers
from schemas.delivery import DONE_SUFFIX, DeliveredFile, Manifest, department_folder, file_sm3
from schemas.loader import contracts
from warehouse.engines import open_engine

EXTRACT_CLASS = "inpatient_settlement"
# Who lives in a registered household, in an order that no property of theirs decides, another for each delivery.
_PEOPLE = """
select person_key from dwd_person
where status = 'living' and household_key is not null
order by md5(person_key || :sequence) limit :many
"""
# One bill in eight is over every limit.
_SELF_PAID = ("600.00", "1200.00", "2500.00", "900.00", "4800.00", "700.00", "61000.00", "1500.00")
_WHOLE = Decimal(90000)


def land_settlements(installation: Installation, business_date: date, many: int, sequence: int) -> Manifest:
    """Land so many settlements, each of another person, in the folder of the date."""
    contract = contracts()[EXTRACT_CLASS]
    folder = department_folder(installation.settings.landing_folder, business_date, contract.department)
    folder.mkdir(parents=True, exist_ok=True)
    rows = list(_bills(_numbers(installation, many, sequence), business_date, sequence))
    columns = [pa.array([row.get(field.name, "") for row in rows], pa.string()) for field in contract.fields]
    table, shape = pa.table(columns, names=[field.name for field in contract.fields]), promised_shape(contract)
    stem = f"{EXTRACT_CLASS}_{business_date:%Y%m%d}_{sequence:02d}"
    path = folder / f"{stem}.{shape.suffix}"
    total = control_sum(contract, table)
    write_data_file(contract, shape, table, path, business_date, "" if total is None else total)
    manifest = Manifest(
        extract_class=EXTRACT_CLASS,
        department=contract.department,
        schema_version=contract.schema_version,
        mode="incremental",
        business_date=business_date,
        period_start=business_date - timedelta(days=1),
        period_end=business_date - timedelta(days=1),
        sequence=sequence,
        row_count=len(rows),
        control_sum=total,
        files=[DeliveredFile(name=path.name, sm3=file_sm3(path))],
        encoding=shape.encoding,
    )
    write_manifest(folder, manifest)
    (folder / f"{stem}{DONE_SUFFIX}").touch()
    return manifest


def _numbers(installation: Installation, many: int, sequence: int) -> list[str]:
    with open_engine("duckdb", work_folder=installation.settings.work_folder) as engine:
        register_layers(engine, installation, "dwd")
        people = engine.query(_PEOPLE, {"many": many, "sequence": str(sequence)})["person_key"].to_pylist()
    numbers = installation.vault.numbers_of(set(people))
    return [numbers[person] for person in people]


def _bills(numbers: Iterable[str], business_date: date, sequence: int) -> Iterable[dict[str, str]]:
    settled = business_date - timedelta(days=1)
    for at, number in enumerate(numbers):
        self_paid = _SELF_PAID[at % len(_SELF_PAID)]
        yield {
            "setl_id": f"L{sequence:02d}{at:06d}",
            "certno": number,
            "psn_name": "王某",
            "insutype": "390",
            "med_type": "21",
            "fixmedins_name": "市第一人民医院",
            "hosp_lv": "3",
            "dise_chapter": "C",
            "adm_date": str(settled - timedelta(days=9)),
            "dscg_date": str(settled),
            "setl_date": str(settled),
            "medfee_sumamt": f"{_WHOLE:.2f}",
            "fulamt_ownpay_amt": "0.00",
            "overlmt_selfpay": "0.00",
            "preselfpay_amt": "0.00",
            "inscp_scp_amt": f"{_WHOLE:.2f}",
            "fund_pay_sumamt": f"{_WHOLE - Decimal(self_paid):.2f}",
            "psn_part_amt": self_paid,
            "acct_pay": "0.00",
            "psn_cash_pay": self_paid,
            "vali_flag": "1",
            "refd_setl_flag": "0",
        }
