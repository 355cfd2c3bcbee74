"""What happens before the service answers: schema, calendar, divisions, and the checks of production."""

import structlog
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from case_service.clock import now
from case_service.clocks.plan import keep_plans
from case_service.database import database_url, make_engine, migrate
from case_service.directory.loading import load_directory, load_divisions
from case_service.official_calendar import load_published_calendar
from case_service.settings import Settings, UnsafeToStartError
from case_service.tables import Staff

log = structlog.get_logger(__name__)


def prepared_engine(settings: Settings) -> Engine:
    """The database, migrated, with the calendar, the divisions and the clocks' plans in it."""
    engine = make_engine(database_url(settings))
    migrate(engine)
    with Session(engine) as session:
        load_published_calendar(session)
        load_divisions(session)
        keep_plans(session, settings.clock_plans_dir, now())
        session.commit()
    return engine


def ready_engine(settings: Settings) -> Engine:
    """A prepared database fit for this mode: with the demo's people, or surely without them."""
    engine = prepared_engine(settings)
    with Session(engine) as session:
        if settings.is_demo:
            load_demo_directory(session, settings)
        else:
            refuse_demo_sign_ins(session)
        session.commit()
    return engine


def load_demo_directory(session: Session, settings: Settings) -> None:
    """The made-up people of the demo, if the demo city was built."""
    folder = settings.home / "demo" / "directory"
    grids, staff, departments = (folder / f"{name}.csv" for name in ("grids", "staff", "departments"))
    if grids.is_file() and staff.is_file():
        there = departments if departments.is_file() else None
        loaded = load_directory(session, grids, staff, with_demo_password=True, departments_file=there)
        log.info("demo directory loaded", grids=loaded.grid_count, staff=loaded.staff_count)


def refuse_demo_sign_ins(session: Session) -> None:
    """In production: raise when anybody can still sign in with the demo's public password."""
    usernames = session.scalars(select(Staff.username).where(Staff.has_demo_password).order_by(Staff.username)).all()
    if usernames:
        raise UnsafeToStartError(
            f"{len(usernames)} demo sign-ins are in this database ({', '.join(usernames[:3])}…), and their password is "
            "public. The system administrator must use a database that never served a demo (DATABASE_URL or "
            "SHOUWANG_HOME), or set SHOUWANG_MODE=demo."
        )
