"""Databases of earlier versions are brought up to date, and what was known before is known after."""

from collections.abc import Iterator

import pytest
from alembic import command
from sqlalchemy import Engine, text

from case_service.database import alembic_config, make_engine, migrate


@pytest.fixture
def engine(empty_database: str) -> Iterator[Engine]:
    """An engine on a database without tables, where `engine` elsewhere has them."""
    engine = make_engine(empty_database)
    yield engine
    engine.dispose()


def at_version(engine: Engine, revision: str, *statements: str) -> None:
    command.upgrade(alembic_config(engine), revision)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_supervisors_become_those_of_the_level_of_their_unit(engine: Engine) -> None:
    levels = ("city", "county", "town", "village", "grid")
    units = ", ".join(f"('{level}', '{level}', '{level}', '{level}/')" for level in levels)
    staff = ", ".join(f"('u-{level}', 'n', 'supervisor', '{level}', false, 0, true)" for level in levels)
    at_version(
        engine,
        "0003",
        f"insert into unit (code, name, level, path) values {units}",
        "insert into staff (username, display_name, role, unit_code, has_demo_password, failed_sign_ins, is_active) "
        f"values {staff}, ('worker', 'n', 'grid_worker', 'grid', false, 0, true)",
    )
    migrate(engine)
    with engine.connect() as connection:
        roles = {one.username: one.role for one in connection.execute(text("select username, role from staff"))}
    assert roles == {
        "u-city": "city",
        "u-county": "county",
        "u-town": "town",
        "u-village": "community",
        "u-grid": "community",
        "worker": "grid_worker",
    }


def test_referrals_and_reviews_are_taken_back_and_brought_in_again(engine: Engine) -> None:
    migrate(engine)
    command.downgrade(alembic_config(engine), "0006_rows_of_fieldwork")
    with engine.connect() as connection:
        tables = set(connection.scalars(text("select tablename from pg_tables where schemaname = 'public'")))
    assert not tables & {"referral", "handling", "dispatch_rule", "review_finding", "review_step"}
    migrate(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("select count(*) from dispatch_rule where superseded_at is null")) == 9
    command.check(alembic_config(engine))
