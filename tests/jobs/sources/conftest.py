"""A department's database, in a real PostgreSQL and in SQLite, and the contract of the class it holds."""

import dataclasses
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from jobs.installation import Installation
from jobs.sources.pull import pull
from schemas.loader import Contract, contracts
from tests.case_service.conftest import postgres
from tests.jobs.people import identity_number

__all__ = ["postgres"]

CLASS, DEPARTMENT, VARIABLE = "front_end_pension", "pension_office", "SHOUWANG_SOURCE_PENSION_FRONT"
_names = count(1)

CREATE = """create table "发放表" ("发放编号" varchar(20) primary key, "姓名" varchar(40), "AAC002" varchar(20),
"金额" numeric(16, 2), "月数" integer, "发放日期" date, "补发" boolean, "更新时间" {time})"""
INSERT = """insert into "发放表" values (:no, '欧阳䶮', :certno, :amount, 3, '2026-11-02', :back_pay, :at)
on conflict ("发放编号") do update set "金额" = excluded."金额", "更新时间" = excluded."更新时间" """


@pytest.fixture(autouse=True)
def own_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    folder = tmp_path / "contracts"
    folder.mkdir()
    shutil.copy(Path(__file__).parent / "pension.odcs.yaml", folder)
    monkeypatch.setenv("SHOUWANG_CONTRACTS_DIR", str(folder))
    contracts.cache_clear()
    yield
    contracts.cache_clear()


@dataclasses.dataclass
class Database:
    """The department's side: rows are put as its own system would."""

    engine: Engine

    def put(self, numbers: Sequence[int], at: datetime | str | None, amount: str = "100.50") -> None:
        with self.engine.begin() as connection:
            self.put_within(connection, numbers, at, amount)

    def put_within(self, connection: Any, numbers: Sequence[int], at: Any, amount: str = "100.50") -> None:
        rows = [
            {
                "no": f"P{n:05d}",
                "certno": identity_number(n),
                "amount": amount,
                "back_pay": n % 2 == 0,
                "at": str(at) if at and self.engine.dialect.name == "sqlite" else at,
            }
            for n in numbers
        ]
        connection.execute(text(INSERT), rows)


def _new_postgres(server: str) -> str:
    name = f"front_{next(_names)}"
    url = make_url(server).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'create database {name} encoding "UTF8" template template0'))
    engine.dispose()
    return url.set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=["postgresql", "sqlite"])
def database(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """An empty table in a database of its own, and its URL in the environment."""
    is_postgres = request.param == "postgresql"
    url = _new_postgres(request.getfixturevalue("postgres")) if is_postgres else f"sqlite:///{tmp_path / 'front.db'}"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(CREATE.format(time="timestamp" if is_postgres else "text")))
    monkeypatch.setenv(VARIABLE, url)
    yield Database(engine)
    engine.dispose()


@pytest.fixture
def pull_on(installation: Installation) -> Callable[..., dict[str, Any]]:
    """Pulls the class on a date, with the contract's source changed as told; gives the step's report."""

    def run(day: Any, **changes: Any) -> dict[str, Any]:
        contract: Contract = contracts()[CLASS]
        assert contract.source is not None
        changed = dataclasses.replace(contract, source=dataclasses.replace(contract.source, **changes))
        return pull(installation, day, DEPARTMENT, [changed]).report

    return run
