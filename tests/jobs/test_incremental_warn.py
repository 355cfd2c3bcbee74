"""Whatever lands, in whatever order: asking only who is concerned says what asking everybody says."""

import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.claims.claim import Night
from jobs.claims.finding import claims_on
from jobs.claims.keeping import CLAIM, MODEL_RUN, WARNING
from jobs.ingest import ingest_department
from jobs.installation import Installation
from jobs.layer_tables import register_layers
from jobs.warn import known_on, models_of_the_night, warn_of_what_landed
from schemas.loader import contracts
from tests.jobs.landing import NIGHT_1, Row, deliver
from tests.jobs.people import identity_number, on_dibao, registered, settlement
from tests.jobs.test_incremental_conform import (
    CLASSES,
    PEOPLE,
    bounded,
    custody,
    death_certificate,
    disability_certificate,
    pension_payment,
    people,
    temporary_aid,
)
from tests.shared_homes import copy_home, installation_at
from warehouse.tables import rows_where

Landed = tuple[str, Sequence[Row]]
CERTAIN = {"period_start": NIGHT_1, "period_end": NIGHT_1}


@st.composite
def large_settlements(draw: st.DrawFn) -> list[Row]:
    """Each of them is over some limit, some over twice of one; a correction may make it somebody else's."""
    amounts = st.sampled_from(["4000.00", "16000.00", "40000.00"])
    rows: list[Row] = []
    for number in draw(st.sets(st.integers(0, 4), min_size=1)):
        amount = draw(amounts)
        paid = dict.fromkeys(("psn_part_amt", "psn_cash_pay"), amount)
        whole = {"medfee_sumamt": "90000.00", "inscp_scp_amt": "90000.00"}
        fund = {"fund_pay_sumamt": f"{90000 - float(amount):.2f}"}
        day = {"setl_date": "2026-11-10", "adm_date": "2026-11-01", "dscg_date": "2026-11-10"}
        rows.append(settlement(number, certno=identity_number(draw(people))) | paid | whole | fund | day)
    return rows


WARNED_OF = {
    "household_register": CLASSES["household_register"],
    "dibao": CLASSES["dibao"],
    "inpatient_settlement": large_settlements(),
    "disability_certificate": disability_certificate(),
    "custody": custody(),
    "temporary_aid": temporary_aid(),
    "death_certificate": death_certificate(),
    "pension_payment": pension_payment(),
    "employee_pension_contribution": CLASSES["employee_pension_contribution"],
}
landings = st.sampled_from(sorted(WARNED_OF)).flatmap(lambda name: st.tuples(st.just(name), WARNED_OF[name]))
# Most of what lands by day is somebody's bill.
bills = st.tuples(st.just("inpatient_settlement"), large_settlements())
days = st.lists(st.one_of(landings, bills), min_size=2, max_size=4)


def first_night() -> list[Landed]:
    """Everybody is registered, three to a household, and one of each household is on dibao."""
    return [
        ("household_register", [registered(n, household=n // 3) for n in range(PEOPLE)]),
        ("dibao", [on_dibao(n) for n in range(0, PEOPLE, 3)]),
    ]


def land(installation: Installation, landed: Landed, at: int, night: date = NIGHT_1) -> None:
    name, rows = landed
    deliver(installation.settings.landing_folder, name, rows, night, sequence=at + 1, **CERTAIN)
    ingest_department(installation, contracts()[name].department, night)


def asked_of_everybody(installation: Installation) -> Night:
    known = known_on(installation, NIGHT_1)
    with installation.engine() as engine:
        register_layers(engine, installation, "dwd", "dws")
        return claims_on(engine, models_of_the_night(), NIGHT_1, known)


def hold_kept_to_whole(installation: Installation) -> int:
    """What stands in the tables is what asking everybody says; returns how many warnings that are."""
    whole = asked_of_everybody(installation)
    for name, rows in ((CLAIM, whole.claims), (WARNING, whole.warnings), (MODEL_RUN, whole.runs)):
        stored = installation.warehouse.rows(name, rows_where(business_date=NIGHT_1)).to_pylist()
        assert sorted(map(str, stored)) == sorted(str(vars(row)) for row in rows), name
    return len(whole.warnings)


@pytest.fixture(scope="module")
def warned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after the first night, in which everybody was asked; copy it."""
    home = tmp_path_factory.mktemp("warned")
    for at, landed in enumerate(first_night()):
        land(installation_at(home), landed, at)
    warn_and_compare(installation_at(home))
    return home


def warn_and_compare(installation: Installation) -> None:
    warn_of_what_landed(installation, NIGHT_1)
    hold_kept_to_whole(installation)


def play(warned: Path, day: Sequence[Landed]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        installation = installation_at(copy_home(warned, Path(folder) / "home"))
        for at, landed in enumerate(day, start=len(first_night())):
            land(installation, landed, at)
            warn_and_compare(installation)


@bounded(2)
@given(days)
def test_who_is_concerned_equals_everybody(warned: Path, day: list[Landed]) -> None:
    play(warned, day)


@pytest.mark.long
@pytest.mark.timeout(7200)
@bounded(100)
@given(days)
def test_who_is_concerned_equals_everybody_at_length(warned: Path, day: list[Landed]) -> None:
    play(warned, day)
