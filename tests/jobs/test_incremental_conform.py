"""Whatever the departments deliver, in whatever order: what a night rebuilds equals building all anew."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from jobs.conform import conform, ensure_conformed
from jobs.ingest import ingest_department
from jobs.installation import Installation
from jobs.layer_build import BUILT_WHOLE_BELOW
from jobs.layer_state import holds_state_of
from jobs.lineage import layer_tables
from jobs.retention import retention
from jobs.settings import Settings
from jobs.upkeep import upkeep
from schemas.loader import contracts
from tests.jobs.landing import NIGHT_1, Row, deliver
from tests.jobs.layers_anew import layers_anew, stored_layers
from tests.jobs.people import identity_number, on_dibao, registered, renumbered, settlement
from tests.shared_homes import copy_home, installation_at
from tests.warehouse.test_layers_on_both_engines import certificate, pension
from warehouse.layers import LayerState, layer_state
from warehouse.tables import Warehouse

NIGHTS = [NIGHT_1 + timedelta(days=at) for at in range(4)]
PEOPLE = 8
NEW_NUMBERS = [100, 101]
SOME_DAYS = ["2026-01-01", *map(str, NIGHTS)]
# Days that leave the last ninety or 365 days between two of the nights, and on which one turns 18 or 60.
LEAVING_DAYS = [str(NIGHTS[1] - timedelta(days=days)) for days in (89, 90, 364, 365)]
BIRTHDAYS = [str(NIGHTS[1].replace(year=NIGHTS[1].year - age)) for age in (18, 60)]

people = st.integers(0, PEOPLE - 1)
numbers = st.one_of(people, people, st.sampled_from(NEW_NUMBERS))
nearly_everybody = st.sets(people, max_size=2).map(lambda gone: [n for n in range(PEOPLE) if n not in gone])


@dataclass(frozen=True)
class Delivered:
    """A delivery that a night takes in; its period may have ended some days before."""

    night: int
    extract_class: str
    rows: Sequence[Row]
    days_old: int


@dataclass(frozen=True)
class Conformed:
    """The layers are brought to the state of a night."""

    night: int


@dataclass(frozen=True)
class KeptUp:
    """Small files are merged and old snapshots let go."""


Act = Delivered | Conformed | KeptUp


@st.composite
def household_register(draw: st.DrawFn) -> list[Row]:
    moved = {n: draw(st.integers(0, 3)) for n in draw(st.sets(people, max_size=2))}
    village = draw(st.sampled_from(["340706100003", "340706100004"]))
    renumbered_already = draw(st.sets(st.sampled_from(NEW_NUMBERS), max_size=1))
    return [
        registered(
            n,
            household=moved.get(n, n // 3),
            village_code=village if n in moved else "340706100003",
            **({"born_on": BIRTHDAYS[n]} if n < len(BIRTHDAYS) else {}),
        )
        for n in [*draw(nearly_everybody), *renumbered_already]
    ]


@st.composite
def dibao(draw: st.DrawFn) -> list[Row]:
    changed = draw(people)
    start = draw(st.sampled_from(SOME_DAYS))
    return [
        on_dibao(n) | ({"monthly_amount": "700.00", "start_date": start} if n == changed else {})
        for n in draw(nearly_everybody)
    ]


@st.composite
def marginal_and_rigid(draw: st.DrawFn) -> list[Row]:
    return [
        {
            "family_no": f"M{n}",
            "psn_name": "钱某",
            "certno": identity_number(n),
            "household_kind": draw(st.sampled_from("12")),
            "per_capita_income": "900",
            "start_date": "2026-01-01",
            "valid_to": draw(st.sampled_from(SOME_DAYS)),
        }
        for n in draw(nearly_everybody)
    ]


@st.composite
def inpatient_settlement(draw: st.DrawFn) -> list[Row]:
    """A settlement may be corrected, and turn out to have been somebody else's."""
    return [
        settlement(
            number, certno=identity_number(draw(numbers)), setl_date=draw(st.sampled_from(SOME_DAYS[:2] + LEAVING_DAYS))
        )
        for number in draw(st.sets(st.integers(0, 4), min_size=1))
    ]


@st.composite
def employee_pension_contribution(draw: st.DrawFn) -> list[Row]:
    month, paid = draw(st.sampled_from(["202609", "202610"])), draw(st.sampled_from(["111111", "001111", "100001"]))
    return [pension(n, month, paid if n < 2 else "111111", certno=identity_number(n)) for n in draw(nearly_everybody)]


@st.composite
def disability_certificate(draw: st.DrawFn) -> list[Row]:
    level = draw(st.sampled_from("1234"))
    return [certificate(n, level if n < 2 else "3", "2020-05-01") for n in draw(nearly_everybody)]


@st.composite
def register_event(draw: st.DrawFn) -> list[Row]:
    """Numbers change, in chains and circles, to new ones and to ones that are somebody's."""
    changes = draw(st.lists(st.tuples(people, numbers).filter(lambda pair: pair[0] != pair[1]), min_size=1, max_size=2))
    return [renumbered(identity_number(old), new) | {"event_no": f"E{old}{new:03d}"} for old, new in changes]


@st.composite
def custody(draw: st.DrawFn) -> list[Row]:
    ended = draw(st.sampled_from(["", *SOME_DAYS]))
    return [
        {
            "custody_no": f"C{number}",
            "certno": identity_number(draw(numbers)),
            "psn_name": "孙某",
            "custody_kind": draw(st.sampled_from("134")),
            "start_date": "2026-01-01",
            "expected_end": "2027-01-01",
            "actual_end": ended if number else "",
        }
        for number in draw(st.sets(st.integers(0, 2), min_size=1))
    ]


@st.composite
def temporary_aid(draw: st.DrawFn) -> list[Row]:
    return [
        {
            "award_no": f"A{number}",
            "certno": identity_number(draw(numbers)),
            "psn_name": "李某",
            "aid_kind": "1",
            "cause": draw(st.sampled_from("159")),
            "award_date": draw(st.sampled_from(SOME_DAYS[:3])),
            "amount": draw(st.sampled_from(["500", "900"])),
        }
        for number in draw(st.sets(st.integers(0, 3), min_size=1))
    ]


@st.composite
def death_certificate(draw: st.DrawFn) -> list[Row]:
    return [
        {
            "certificate_no": f"D{number}",
            "certno": identity_number(draw(numbers)),
            "psn_name": "赵某",
            "died_on": "2026-10-02",
            "issued_on": "2026-10-03",
            "cause_chapter": "09",
        }
        for number in draw(st.sets(st.integers(0, 1), min_size=1))
    ]


@st.composite
def pension_payment(draw: st.DrawFn) -> list[Row]:
    amount = draw(st.sampled_from(["200", "3000"]))
    return [
        {
            "aac001": f"Q{n}",
            "aac002": identity_number(n),
            "aac003": "周某",
            "aae140": "110" if n % 2 else "170",
            "aae003": "202610",
            "aae019": amount,
            "aae116": draw(st.sampled_from("13")),
        }
        for n in draw(nearly_everybody)
    ]


CLASSES: dict[str, st.SearchStrategy[list[Row]]] = {
    "household_register": household_register(),
    "dibao": dibao(),
    "marginal_and_rigid": marginal_and_rigid(),
    "inpatient_settlement": inpatient_settlement(),
    "employee_pension_contribution": employee_pension_contribution(),
    "disability_certificate": disability_certificate(),
    "register_event": register_event(),
    "custody": custody(),
    "temporary_aid": temporary_aid(),
    "death_certificate": death_certificate(),
    "pension_payment": pension_payment(),
}

nights = st.integers(0, len(NIGHTS) - 1)
deliveries = st.sampled_from(sorted(CLASSES)).flatmap(
    lambda name: st.builds(Delivered, nights, st.just(name), CLASSES[name], st.integers(0, 2))
)
conforms = st.builds(Conformed, nights)
bursts = st.tuples(st.lists(deliveries, min_size=1, max_size=3), conforms).map(lambda burst: [*burst[0], burst[1]])
other_acts = st.one_of(conforms, st.just(KeptUp())).map(lambda act: [act])
histories = st.lists(st.one_of(bursts, bursts, bursts, other_acts), min_size=3, max_size=7)


def play(installation: Installation, history: Sequence[Act], folder: Path) -> None:
    """Do one act after the other; after every conform the layers say what building all anew says."""
    for at, act in enumerate(history):
        match act:
            case Delivered():
                _deliver(installation, act, at)
            case Conformed(night):
                ensure_conformed(installation, NIGHTS[night])
                assert holds_state_of(installation, NIGHTS[night])
                anew = layers_anew(installation, NIGHTS[night], folder)
                stored = stored_layers(installation)
                for name in anew:
                    assert stored[name] == anew[name], (name, history[: at + 1])
            case KeptUp():
                upkeep(installation, datetime.now(UTC) + timedelta(days=40), keep_days=30)


def _deliver(installation: Installation, act: Delivered, sequence: int) -> None:
    night = NIGHTS[act.night]
    deliver(
        installation.settings.landing_folder,
        act.extract_class,
        act.rows,
        night,
        sequence=sequence + 1,
        period_end=night - timedelta(days=act.days_old),
    )
    ingest_department(installation, contracts()[act.extract_class].department, night)


def hold_incremental_to_whole(engine: Literal["duckdb", "spark"], bursts_of_acts: Sequence[Sequence[Act]]) -> None:
    with tempfile.TemporaryDirectory() as folder, patch.dict(BUILT_WHOLE_BELOW, {engine: 0}):
        installation = Installation(Settings(mode="demo", home=Path(folder), engine=engine))
        play(installation, [act for burst in bursts_of_acts for act in burst], Path(folder) / "anew")


def bounded(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
    )


@bounded(2)
@given(histories)
def test_incremental_equals_whole_on_duckdb(history: list[list[Act]]) -> None:
    hold_incremental_to_whole("duckdb", history)


@pytest.mark.long
@pytest.mark.timeout(3600)
@bounded(1)
@given(histories)
def test_incremental_equals_whole_on_spark(history: list[list[Act]]) -> None:
    hold_incremental_to_whole("spark", history)


@pytest.mark.long
@pytest.mark.timeout(7200)
@bounded(100)
@given(histories)
def test_incremental_equals_whole_on_duckdb_at_length(history: list[list[Act]]) -> None:
    hold_incremental_to_whole("duckdb", history)


@pytest.mark.long
@pytest.mark.timeout(7200)
@bounded(15)
@given(histories)
def test_incremental_equals_whole_on_spark_at_length(history: list[list[Act]]) -> None:
    hold_incremental_to_whole("spark", history)


def a_week_of_changes() -> list[Act]:
    """Somebody moves, dies, is corrected, loses dibao; a list ends; a snapshot comes late."""
    everybody = range(PEOPLE)
    listed = {"family_no": "M1", "psn_name": "钱某", "household_kind": "1", "per_capita_income": "900"}
    ends = {"start_date": "2026-01-01", "valid_to": str(NIGHTS[0])}
    return [
        Delivered(0, "household_register", [registered(n, household=n // 3) for n in everybody], 0),
        Delivered(0, "dibao", [on_dibao(n) for n in everybody], 0),
        Delivered(0, "marginal_and_rigid", [{**listed, **ends, "certno": identity_number(n)} for n in everybody], 0),
        Delivered(0, "inpatient_settlement", [settlement(n) for n in everybody], 0),
        Conformed(0),
        Delivered(1, "household_register", [registered(n, household=n // 2) for n in everybody if n != 4], 0),
        Delivered(1, "dibao", [on_dibao(n) for n in everybody if n not in (2, 4)], 0),
        Delivered(1, "inpatient_settlement", [settlement(1, certno=identity_number(6))], 0),
        Conformed(1),
        Delivered(2, "dibao", [on_dibao(n) for n in everybody if n != 6], 2),
        Conformed(2),
        Delivered(2, "register_event", [renumbered(identity_number(3), 100)], 0),
        Delivered(2, "inpatient_settlement", [settlement(9, certno=identity_number(100))], 0),
        Conformed(2),
        Delivered(3, "inpatient_settlement", [settlement(10, certno=identity_number(3))], 0),
        Delivered(3, "register_event", [renumbered(identity_number(3), 101)], 0),
        Conformed(3),
        Conformed(0),
        Conformed(3),
    ]


FIRST_DAY, SECOND_DAY = slice(0, 5), slice(5, 8)


@pytest.fixture(scope="module")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose layers were built once, whole; copy it."""
    home = tmp_path_factory.mktemp("first_day")
    play(installation_at(home), a_week_of_changes()[FIRST_DAY], tmp_path_factory.mktemp("anew"))
    return home


@pytest.fixture(scope="module")
def second_day_delivered(first_day: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home to which the deliveries of the second day came, and no layer was brought on; copy it."""
    home = copy_home(first_day, tmp_path_factory.mktemp("second_day") / "home")
    for at, act in enumerate(a_week_of_changes()[SECOND_DAY], start=5):
        assert isinstance(act, Delivered)
        _deliver(installation_at(home), act, at)
    return home


@pytest.fixture(scope="module")
def week(first_day: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after the whole week, in which every act left what building all anew gives; copy it."""
    home = copy_home(first_day, tmp_path_factory.mktemp("week") / "home")
    play(installation_at(home), a_week_of_changes()[FIRST_DAY.stop :], tmp_path_factory.mktemp("anew"))
    return home


def test_a_week_of_changes_rebuilds_few_rows(first_day: Path, week: Path, tmp_path: Path) -> None:
    """Only the first build is whole."""
    following = [table.name for table in layer_tables() if table.follows]
    bases = {name: _state(installation_at(first_day), name).base for name in following}
    installation = installation_at(copy_home(week, tmp_path / "home"))
    assert {name: _state(installation, name).base for name in following} == bases
    assert _state(installation, "dwd.person").generation > 0
    before = stored_layers(installation)
    conform(installation, NIGHTS[3], whole=True)
    assert stored_layers(installation) == before
    assert _state(installation, "dwd.person").base != bases["dwd.person"]


@pytest.mark.parametrize("commits", [4, *(pytest.param(commits, marks=pytest.mark.long) for commits in (0, 2, 6))])
def test_a_night_that_dies_between_two_commits_is_brought_on(
    second_day_delivered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commits: int
) -> None:
    installation = installation_at(copy_home(second_day_delivered, tmp_path / "home"))
    left = iter(range(commits))
    commit = Warehouse.replace

    def dies(self: Warehouse, *arguments: Any) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        commit(self, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(Warehouse, "replace", dies)
        with pytest.raises(KeyboardInterrupt):
            ensure_conformed(installation, NIGHTS[1])
    assert not holds_state_of(installation, NIGHTS[1])
    play(installation, [*a_week_of_changes()[9:11], Conformed(1)], tmp_path / "anew")


def test_after_retention_all_is_built_anew(week: Path, tmp_path: Path) -> None:
    installation = installation_at(copy_home(week, tmp_path / "home"))
    play(installation, [KeptUp()], tmp_path / "anew")
    retention(installation, NIGHTS[3].replace(year=NIGHTS[3].year + 11), apply=True)
    assert not holds_state_of(installation, NIGHTS[3])
    play(installation, [Conformed(3)], tmp_path / "anew")


def _state(installation: Installation, name: str) -> LayerState:
    state = layer_state(installation.warehouse, name)
    assert state is not None
    return state
