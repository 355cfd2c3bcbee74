"""A damaged file and a locked catalog: told in one sentence, nothing by half, and well again once somebody acted."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.errors import CatalogLockedError, DamagedFileError
from jobs.installation import Installation
from jobs.nightly import LATER_STEPS, ingest, rebuild
from jobs.settings import Settings
from tests.jobs.landing import NIGHT_1, deliver
from tests.jobs.layers_anew import said_rows
from tests.jobs.people import registered, settlement
from warehouse.tables import CATALOG_FILE

Account = Callable[[str, int, int, int], None]
PEOPLE = 60
DELIVERED = {
    "medical_insurance": ("inpatient_settlement", settlement),
    "public_security": ("household_register", registered),
}


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """A home whose deliveries are taken in."""
    made = Installation(Settings(mode="demo", home=tmp_path, case_service_url="http://127.0.0.1:9"))
    for department, (extract_class, row_of) in DELIVERED.items():
        deliver(tmp_path / "landing", extract_class, [row_of(n) for n in range(PEOPLE)])
        ingest(made, NIGHT_1, department)
    return made


def flip(path: Path) -> None:
    """Some bits in the middle of the file turn over."""
    content = bytearray(path.read_bytes())
    for at in range(len(content) // 3, len(content) // 3 + 200):
        content[at] ^= 0x5A
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:500])


@pytest.mark.parametrize("harm", [flip, cut, Path.unlink])
def test_a_damaged_file_is_named_and_the_night_goes_on_once_it_is_back(
    installation: Installation, account: Account, harm: Callable[[Path], None]
) -> None:
    file = Path(installation.warehouse.files("ods.inpatient_settlement")[0])
    whole = file.read_bytes()
    harm(file)
    with pytest.raises(DamagedFileError, match=r"system administrator must .* 'shouwang restore'") as told:
        LATER_STEPS["conform"](installation, NIGHT_1)
    assert f"{file} of ods.inpatient_settlement" in str(told.value)
    file.write_bytes(whole)
    LATER_STEPS["conform"](installation, NIGHT_1)
    found = said_rows(installation.warehouse, "dwd.medical_cost")
    account(f"file {harm.__name__}", 1, PEOPLE - len(found), len(found) - len({str(row) for row in found}))


def test_a_damaged_layer_is_built_anew_as_the_error_says(installation: Installation, account: Account) -> None:
    LATER_STEPS["conform"](installation, NIGHT_1)
    before = said_rows(installation.warehouse, "dwd.medical_cost")
    flip(Path(installation.warehouse.files("dwd.medical_cost")[0]))
    with pytest.raises(DamagedFileError, match="'shouwang conform --whole'"):
        LATER_STEPS["publish"](installation, NIGHT_1)
    rebuild(installation, NIGHT_1)
    after = said_rows(installation.warehouse, "dwd.medical_cost")
    assert sorted(map(str, after)) == sorted(map(str, before))
    account("layer damaged", 1, len(before) - len(after), len(after) - len({str(row) for row in after}))
    LATER_STEPS["publish"](installation, NIGHT_1)


def test_a_locked_catalog_is_told_and_the_next_run_completes(installation: Installation, account: Account) -> None:
    holder = sqlite3.connect(installation.warehouse.root / CATALOG_FILE, isolation_level=None)
    holder.execute("begin exclusive")
    deliver(installation.settings.landing_folder, "inpatient_settlement", [settlement(1)], sequence=2)
    other = Installation(installation.settings)
    with pytest.raises(CatalogLockedError, match=r"see who has it open .* then run the same again"):
        ingest(other, NIGHT_1, "medical_insurance")
    holder.execute("rollback")
    holder.close()
    ingest(other, NIGHT_1, "medical_insurance")
    found = said_rows(other.warehouse, "ods.inpatient_settlement")
    account("catalog locked", 1, PEOPLE - len(found), len(found) - PEOPLE)
