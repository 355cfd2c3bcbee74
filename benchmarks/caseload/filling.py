"""Fills a case service's PostgreSQL to the size of a city: through its own start, then by sets of rows.

Nothing goes through the interface, but everything is as the service writes it: sealed with its seal, chained by its
own record of actions, each step of the clocks taken that is ripe.
"""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

from psycopg import Connection, Cursor
from psycopg.rows import TupleRow
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from benchmarks.caseload.warned import contact_of, key_of, warning
from benchmarks.reporting import Tell
from case_service import action_log
from case_service.action_log import Action
from case_service.clock import local_date
from case_service.directory.loading import load_directory
from case_service.sealing import Seal
from case_service.settings import Settings
from case_service.starting import prepared_engine
from case_service.visits.answers import Answers
from case_service.visits.form_definition import CURRENT_HOME_VISIT_FORM
from schemas.divisions import divisions

OPEN_PER_WORKER = 4
DAYS_OF_HISTORY = 700
RECORDED_AT_ONCE = 5_000
SQL_FOLDER = Path(__file__).parent / "sql"
ANSWERS = Answers(
    visit_kind="warned",
    questions={"living": "secure"},
    note="住院三次，家里只有老伴照顾",
    place="home",
    outcome="helped",
)


@dataclass(frozen=True, slots=True)
class Size:
    """How many grid workers there are, one a grid, and how many orders; the newest four of each worker are open."""

    workers: int
    orders: int

    @property
    def open_orders(self) -> int:
        """How many of the orders are still to be done."""
        return min(OPEN_PER_WORKER * self.workers, self.orders)

    @property
    def closed_orders(self) -> int:
        """How many are done."""
        return self.orders - self.open_orders


def grid_codes(workers: int) -> list[str]:
    """So many grids, spread over all villages."""
    villages = [one.code for one in divisions() if one.level == "village"]
    return [f"{villages[n % len(villages)]}{n // len(villages) + 1:03d}" for n in range(workers)]


def fill(settings: Settings, size: Size, at: datetime, folder: Path, tell: Tell) -> None:
    """Fill the empty database that `settings` name, as it would stand at that moment."""
    engine = prepared_engine(settings)
    tell(f"the directory of {size.workers:,} grid workers")
    _load_directory(engine, size, folder)
    tell(f"{size.orders:,} cases and orders, {size.open_orders:,} of them open")
    _write_casework(engine, size, at)
    tell("whom to visit and what was found there, sealed")
    _write_sealed(engine, Seal(settings.case_sealing_key or ""))
    tell("the record of actions")
    _write_record(engine, at)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
    engine.dispose()


def _load_directory(engine: Engine, size: Size, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    codes = grid_codes(size.workers)
    grids = [(code, code[:12], f"第{int(code[12:])}网格", "2024-01-01") for code in codes]
    staff = [(f"g{code}", f"葛{code[-5:]}", "grid_worker", code, "") for code in codes]
    top = next(one.code for one in divisions() if one.level == "city")
    _write(folder / "grids.csv", ("grid_code", "village_code", "name", "effective_from"), grids)
    _write(
        folder / "staff.csv",
        ("username", "display_name", "role", "unit_code", "phone"),
        [*staff, ("city", "方城", "city", top, "")],
    )
    with Session(engine) as session:
        load_directory(session, folder / "grids.csv", folder / "staff.csv", with_demo_password=True)
        session.commit()


def _write(path: Path, header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def _write_casework(engine: Engine, size: Size, at: datetime) -> None:
    """What holds no sealed column: every worker's orders through the years, and today's claim for each of them."""
    sample = warning(0, grid_codes(1)[0], local_date(at)).model_dump_json(exclude={"contact", "other_contacts"})
    given = {
        "orders": size.orders,
        "workers": size.workers,
        "closed": size.closed_orders,
        "days": DAYS_OF_HISTORY,
        "at": at,
        "today": local_date(at),
        "claim": sample,
        "form": CURRENT_HOME_VISIT_FORM,
    }
    with engine.begin() as connection:
        for statement in (SQL_FOLDER / "fill.sql").read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                connection.execute(text(statement), given)


def _write_sealed(engine: Engine, seal: Seal) -> None:
    said = ANSWERS.model_dump_json()
    with _copying(engine) as cursor:
        cursor.execute("select id, number, unit_code from household_case order by id")
        cases = cursor.fetchall()
        with cursor.copy(
            "copy contact (case_id, person_key, sealed_name, sealed_identity_number, sealed_phone, sealed_address) "
            "from stdin"
        ) as copy:
            for case_id, number, _ in cases:
                copy.write("\t".join(_contact(case_id, number, seal)) + "\n")
        cursor.execute("select id, number, assignee_id, closed_at from work_order where status = 'closed' order by id")
        closed = cursor.fetchall()
        with cursor.copy(
            "copy visit (order_id, form_version, visited_at, recorded_at, recorded_by_id, outcome, sealed_answers) "
            "from stdin"
        ) as copy:
            for order_id, number, worker_id, closed_at in closed:
                answers = seal.close(said, f"{number}/visit").hex()
                moment = closed_at.isoformat()
                copy.write(
                    f"{order_id}\t{CURRENT_HOME_VISIT_FORM}\t{moment}\t{moment}\t{worker_id}\thelped\t\\\\x{answers}\n"
                )


def _contact(case_id: int, case_number: str, seal: Seal) -> list[str]:
    person_key, sent = key_of("person", case_id), contact_of(case_id)
    sealed = [
        "\\\\x" + seal.close(getattr(sent, name) or "", f"{case_number}/{person_key}/{name}").hex()
        for name in ("name", "identity_number", "phone", "address")
    ]
    return [str(case_id), person_key, *sealed]


@contextmanager
def _copying(engine: Engine) -> Iterator[Cursor[TupleRow]]:
    raw = engine.raw_connection()
    try:
        with cast("Connection[TupleRow]", raw.driver_connection).cursor() as cursor:
            yield cursor
        raw.commit()
    finally:
        raw.close()


def _write_record(engine: Engine, at: datetime) -> None:
    """That each order was opened, and each visit recorded."""
    with Session(engine) as session:
        orders = session.execute(
            text(
                "select work_order.number, username, status = 'closed' from work_order "
                "join staff on staff.id = assignee_id order by work_order.id"
            )
        ).all()
        actions: list[Action] = []
        for number, username, is_closed in orders:
            actions.append(Action("warning_pipeline", "warning_opened", number, None, {"model_id": "W03"}))
            if is_closed:
                actions.append(Action(username, "visit_recorded", number, None, {"outcome": "helped"}))
            if len(actions) >= RECORDED_AT_ONCE:
                action_log.record(session, at, actions)
                actions = []
        action_log.record(session, at, actions)
        session.commit()
