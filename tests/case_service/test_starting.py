"""Starting: keys, modes, migrations, the directory, the command line."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import func, inspect, select, text
from sqlalchemy.orm import Session

from case_service import __main__ as command_line
from case_service import action_log
from case_service.app import create_app
from case_service.database import alembic_config, make_engine, migrate, with_driver
from case_service.directory.loading import DirectoryFileError, GridLine, lines_of, load_directory
from case_service.settings import DEMO_SEALING_KEY, DEMO_SERVICE_TOKEN, UnsafeToStartError, read_settings
from case_service.starting import ready_engine
from case_service.tables import ClockStep, Staff, Unit, WorkOrder
from case_service.tables.casework import OrderKind
from tests.case_service import made_up
from tests.case_service.clocks_case import tick_at
from tests.case_service.conftest import Door, StoppedClock, opened_door

GOOD_TOKEN, GOOD_KEY = "t" * 32, "0123456789abcdef" * 2


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MODE", "HOME", "KEYS_DIR", "SERVICE_TOKEN", "CASE_SEALING_KEY", "PORT", "HOST"):
        monkeypatch.delenv(f"SHOUWANG_{name}", raising=False)
    monkeypatch.delenv("DATABASE_URL", raising=False)


@pytest.fixture
def directory(tmp_path: Path) -> tuple[Path, Path, Path]:
    return made_up.write_directory(tmp_path)


def load(session: Session, directory: tuple[Path, Path, Path]) -> None:
    grids, staff, departments = directory
    load_directory(session, grids, staff, with_demo_password=True, departments_file=departments)


def test_production_is_the_default_and_refuses_to_start_without_keys(tmp_path: Path) -> None:
    with pytest.raises(UnsafeToStartError) as refusal:
        read_settings(home=tmp_path)
    for words in ("service_token is missing", "case_sealing_key is missing", "system administrator", "openssl rand"):
        assert words in str(refusal.value)


@pytest.mark.parametrize(
    ("token", "key"),
    [(DEMO_SERVICE_TOKEN, GOOD_KEY), ("short", GOOD_KEY), (GOOD_TOKEN, DEMO_SEALING_KEY)],
)
def test_production_refuses_demo_keys(tmp_path: Path, token: str, key: str) -> None:
    with pytest.raises(UnsafeToStartError, match="must replace it"):
        read_settings(home=tmp_path, service_token=token, case_sealing_key=key)


def test_keys_come_from_files_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "service_token").write_text(f"{GOOD_TOKEN}\n")
    (tmp_path / "case_sealing_key").write_text(f"{GOOD_KEY}\n")
    monkeypatch.setenv("SHOUWANG_KEYS_DIR", str(tmp_path))
    assert (read_settings().service_token, read_settings().case_sealing_key) == (GOOD_TOKEN, GOOD_KEY)
    monkeypatch.setenv("SHOUWANG_SERVICE_TOKEN", "e" * 32)
    assert read_settings().service_token == "e" * 32


def test_a_sealing_key_of_the_wrong_length_is_refused_and_not_told(tmp_path: Path) -> None:
    (tmp_path / "case_sealing_key").write_text("0123abcd")
    with pytest.raises(UnsafeToStartError, match=r"SHOUWANG_CASE_SEALING_KEY: .*32 hexadecimal digits") as refusal:
        read_settings(keys_dir=tmp_path, service_token=GOOD_TOKEN)
    assert "0123abcd" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "value"), [("SHOUWANG_PUBLIC_URL", "shouwang.example"), ("SHOUWANG_TICK_SECONDS", "often")]
)
def test_a_setting_that_cannot_be_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UnsafeToStartError, match=f"system administrator must mend {name}: "):
        read_settings(mode="demo")


def test_production_refuses_a_database_with_demo_sign_ins(database: str, tmp_path: Path) -> None:
    given = {"home": tmp_path, "service_token": GOOD_TOKEN, "case_sealing_key": GOOD_KEY, "database_url": database}
    with pytest.raises(UnsafeToStartError, match="demo sign-ins are in this database"):
        ready_engine(read_settings(**given))


def test_in_production_cookies_are_secure_and_no_demo_is_shown(empty_database: str, tmp_path: Path) -> None:
    given = {"home": tmp_path, "service_token": GOOD_TOKEN, "case_sealing_key": GOOD_KEY}
    settings = read_settings(**given, database_url=empty_database)
    engine = ready_engine(settings)
    response = Door(create_app(settings, engine), engine, None, settings).anonymous().get("/sign-in")
    assert "Secure" in response.headers["set-cookie"]
    assert "strict-transport-security" in response.headers
    assert "演示" not in response.text
    engine.dispose()


def test_only_postgresql_will_do() -> None:
    assert with_driver("postgres://u:p@h/d") == "postgresql+psycopg://u:p@h/d"
    with pytest.raises(ValueError, match="must name a PostgreSQL database"):
        with_driver("sqlite:///x.db")


def test_migrations_lead_to_the_tables_of_the_code_and_back(empty_database: str) -> None:
    engine = make_engine(empty_database)
    migrate(engine)
    command.check(alembic_config(engine))
    command.downgrade(alembic_config(engine), "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    migrate(engine)
    engine.dispose()


def test_the_way_down_takes_later_kinds_of_orders_with_all_that_hangs_on_them(
    database: str, clock: StoppedClock, tmp_path: Path
) -> None:
    with opened_door(database, tmp_path, clock, follow_up_working_days=10) as door:
        number = str(door.put(made_up.warning())[0]["order_number"])
        door.visit(number, outcome="helped")
        tick_at(door, "2025-12-31")
        with door.session() as session:
            steps = select(ClockStep).join(WorkOrder).where(WorkOrder.kind == OrderKind.FOLLOW_UP_VISIT)
            assert session.scalars(steps).first(), "the second visit is overdue and somebody was told"
        command.downgrade(alembic_config(door.engine), "0006_clocks")
        with door.engine.connect() as connection:
            assert connection.scalars(text("select kind::text from work_order")).all() == ["home_visit"]
            assert connection.scalars(text("select distinct order_id from clock_step")).all() in ([], [1])
        migrate(door.engine)


def test_what_was_broken_off_while_building_indexes_is_ended_by_whoever_starts_next(empty_database: str) -> None:
    engine = make_engine(empty_database)
    migrate(engine)
    command.downgrade(alembic_config(engine), "0011_time_refused")
    with engine.begin() as connection:
        connection.execute(text("create index ix_work_order_follows_id on work_order (follows_id)"))
        half_built = "update pg_index set indisvalid = false where indexrelid = 'ix_work_order_follows_id'::regclass"
        connection.execute(text(half_built))
    with ThreadPoolExecutor() as two:
        for started in [two.submit(migrate, engine), two.submit(migrate, engine)]:
            started.result(60)
    with engine.connect() as connection:
        assert not connection.scalars(text("select 1 from pg_index where not indisvalid")).all()
        assert not connection.scalars(text("select conname from pg_constraint where not convalidated")).all()
    command.check(alembic_config(engine))
    engine.dispose()


def test_loading_the_directory_twice_changes_nothing(door: Door, directory: tuple[Path, Path, Path]) -> None:
    def contents(session: Session) -> list[object]:
        units = session.execute(select(Unit.code, Unit.name, Unit.path, Unit.effective_from).order_by(Unit.code))
        staff = session.execute(select(Staff.username, Staff.password_hash, Staff.unit_code).order_by(Staff.username))
        return [*units, *staff]

    with door.session() as session:
        before = contents(session)
        load(session, directory)
        session.expire_all()
        assert contents(session) == before
        assert session.get_one(Unit, made_up.GRID).path == (
            f"{made_up.CITY}/{made_up.YIAN}/{made_up.WUSONG}/{made_up.VILLAGE}/{made_up.GRID}/"
        )


@pytest.mark.parametrize(
    ("file", "line", "words"),
    [
        (0, "12,340706100200,x,", "line 6: grid_code"),
        (0, "340706999999001,340706999999,x,", "no unit has these codes: 340706999999"),
        (0, f"340706100200009,340706100200,{'长' * 61},", "line 6: name"),
        (1, "u,n,mayor,340700000000,", "line 20: role"),
        (1, "u,n,city,999999999999,", "no unit has these codes: 999999999999"),
        (1, f"u,n,county,{made_up.VILLAGE},", f"u cannot be county in {made_up.VILLAGE}, a village"),
        (2, "housing,340706999999,x", "no unit has these codes: 340706999999"),
    ],
)
def test_mistakes_in_directory_files_are_told_by_line(
    door: Door, directory: tuple[Path, Path, Path], file: int, line: str, words: str
) -> None:
    with directory[file].open("a", encoding="utf-8") as lines:
        lines.write(line + "\n")
    with door.session() as session, pytest.raises(DirectoryFileError, match=words):
        load(session, directory)


def test_a_directory_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "grids.csv"
    with pytest.raises(DirectoryFileError, match="cannot be read"):
        list(lines_of(path, GridLine))
    path.write_bytes(made_up.GRIDS_CSV.encode("gb18030"))
    with pytest.raises(DirectoryFileError, match="save it as CSV in UTF-8"):
        list(lines_of(path, GridLine))
    path.write_text(made_up.GRIDS_CSV + f"{made_up.GRID},{made_up.VILLAGE},x,,more\n", encoding="utf-8")
    with pytest.raises(DirectoryFileError, match="line 6: more than the header names"):
        list(lines_of(path, GridLine))


def test_the_command_line(
    empty_database: str,
    directory: tuple[Path, Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SHOUWANG_HOME", str(tmp_path))
    assert command_line.main(["migrate"]) == 2
    assert "service_token is missing" in capsys.readouterr().err
    for name, value in (("SERVICE_TOKEN", GOOD_TOKEN), ("CASE_SEALING_KEY", GOOD_KEY)):
        monkeypatch.setenv(f"SHOUWANG_{name}", value)
    monkeypatch.setenv("DATABASE_URL", empty_database)
    assert command_line.main(["migrate"]) == 0
    grids, staff, departments = map(str, directory)
    loading = ["load-directory", "--grids", grids, "--staff", staff, "--departments", departments]
    assert command_line.main(loading) == 0
    monkeypatch.setattr(sys, "stdin", (tmp_path / "p").open("w+"))
    sys.stdin.write("a long enough password\n")
    sys.stdin.seek(0)
    assert command_line.main(["set-password", made_up.WORKER]) == 0
    assert command_line.main(["audit", "verify"]) == 0
    assert "the action log holds: 2 entries" in capsys.readouterr().out
    engine = make_engine(empty_database)
    with Session(engine) as session:
        with_password = select(func.count()).select_from(Staff).where(Staff.password_hash.is_not(None))
        assert session.scalar(with_password) == 1
        recorded = [(entry.actor, entry.action, entry.subject) for entry in session.scalars(action_log.all_entries())]
        assert recorded == [
            ("command_line", "directory_loaded", "directory"),
            ("command_line", "password_set", made_up.WORKER),
        ]
    engine.dispose()
