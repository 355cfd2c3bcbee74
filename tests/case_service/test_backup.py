"""A backup brings back what was there: orders, record, photos. Nothing is restored over anything, or by half."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, select, text
from sqlalchemy.orm import Session

from case_service import __main__ as command_line
from case_service import action_log
from case_service.database import make_engine, with_driver
from case_service.row_security import SERVICE_ROLE
from case_service.tables import Photo
from schemas.backup import MANIFEST
from tests.case_service import made_up
from tests.case_service.conftest import Door, new_database, opened_door, visit_form
from tests.case_service.photographs import photograph

RESTORER = "restorer_of_backups"


@pytest.fixture(scope="module")
def lived_in(new_test_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A service with an open order, a visit with a photo, and a record of who looked."""
    with opened_door(new_test_database(), tmp_path_factory.mktemp("lived_in")) as door:
        visited, waiting = (
            str(one["order_number"])
            for one in door.put(made_up.warning(), made_up.warning(household_key="household-2"))
        )
        browser = door.browser(made_up.WORKER)
        browser.get(f"/orders/{waiting}")
        photos = [("photos", ("door.jpg", photograph(), "image/jpeg"))]
        sent = browser.post(f"/orders/{visited}/visit", data=visit_form(browser, door.clock()), files=photos)
        assert sent.status_code == 303, sent.text
        yield door


@pytest.fixture(scope="module")
def kept(lived_in: Door, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of it, which no test changes."""
    folder = tmp_path_factory.mktemp("backups") / "2025-11-21"
    assert run("backup", folder, lived_in) == 0
    return folder


@pytest.fixture
def nothing(postgres: str, lived_in: Door) -> str:
    """An empty database that belongs to somebody other than the database that was dumped."""
    server = create_engine(make_url(with_driver(postgres)).set(database="postgres"), isolation_level="AUTOCOMMIT")
    address = make_url(new_database(postgres, "template0"))
    with server.connect() as connection:
        if not connection.scalar(text(f"select true from pg_roles where rolname = '{RESTORER}'")):
            connection.execute(text(f"create role {RESTORER} login createrole"))
            connection.execute(text(f"grant {SERVICE_ROLE} to {RESTORER}"))
        connection.execute(text(f'alter database "{address.database}" owner to {RESTORER}'))
    server.dispose()
    return address.set(username=RESTORER).render_as_string(hide_password=False)


def run(name: str, folder: Path, door: Door, address: str | None = None, **settings: str) -> int:
    """The command as an operator gives it, on the door's database or on another."""
    with pytest.MonkeyPatch.context() as patch:
        url = door.engine.url.render_as_string(hide_password=False)
        given = {"MODE": "demo", "HOME": str(door.settings.home), **settings}
        for setting, value in given.items():
            patch.setenv(f"SHOUWANG_{setting}", value)
        patch.setenv("DATABASE_URL", address or url)
        return command_line.main([name, str(folder)])


def is_empty(address: str) -> bool:
    engine = make_engine(address)
    with engine.connect() as connection:
        found = connection.scalar(text("select count(*) from pg_tables where schemaname = 'public'"))
    engine.dispose()
    return found == 0


def seen(door: Door) -> dict[str, object]:
    """What a worker and a program see, and what the record holds."""
    browser = door.browser(made_up.WORKER)
    with door.session() as session:
        place = session.execute(select(Photo.id, Photo.order_id)).one()
        number = session.scalar(text("select number from work_order where id = :id"), {"id": place.order_id})
    photo = browser.get(f"/orders/{number}/photos/{place.id}")
    assert photo.status_code == 200
    return {
        "orders": browser.get("/api/v1/orders").json(),
        "case": browser.get(f"/api/v1/orders/{number}").json(),
        "photo": photo.content,
        "outcomes": door.pipeline().get("/api/v1/outcomes").json(),
    }


def test_what_is_restored_into_an_empty_database_is_what_was_there(lived_in: Door, kept: Path, nothing: str) -> None:
    with lived_in.session() as session:
        chain = action_log.verify(session)
        photo_as_kept = session.scalar(select(Photo.sealed_picture))
    assert run("restore", kept, lived_in, nothing) == 0
    with opened_door(nothing, lived_in.settings.home) as restored:
        with restored.session() as session:
            assert action_log.verify(session) == chain
            assert chain.entry_count > 0
            assert session.scalar(select(Photo.sealed_picture)) == photo_as_kept
        assert seen(restored) == seen(lived_in)
        assert restored.put(made_up.warning(household_key="household-3"))[0]["order_number"]


def test_a_restored_database_bounds_its_requests_as_before(lived_in: Door, kept: Path, nothing: str) -> None:
    assert run("restore", kept, lived_in, nothing) == 0
    assert run_migrate(nothing) == 0
    tables = text(
        "select c.relname, c.relrowsecurity, array_agg(p.polname::text order by p.polname) from pg_class c "
        "left join pg_policy p on p.polrelid = c.oid where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' "
        "group by 1, 2 order by 1"
    )
    rights = text(
        "select table_name, privilege_type from information_schema.role_table_grants "
        f"where grantee = '{SERVICE_ROLE}' and table_schema = 'public' order by 1, 2"
    )
    later = text("select count(*) from pg_default_acl where defaclrole = current_user::regrole")
    found = []
    for address in (nothing, lived_in.engine.url.render_as_string(hide_password=False)):
        engine = make_engine(address)
        with engine.connect() as connection:
            asked = (connection.execute(question).all() for question in (tables, rights, later))
            found.append([list(map(tuple, rows)) for rows in asked])
        engine.dispose()
    assert found[0] == found[1]


def run_migrate(address: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOUWANG_MODE", "demo")
        patch.setenv("DATABASE_URL", address)
        return command_line.main(["migrate"])


def test_the_manifest_says_what_is_kept_and_nothing_that_opens_it(lived_in: Door, kept: Path) -> None:
    manifest = json.loads((kept / MANIFEST).read_text())
    assert manifest["rows"]["work_order"] == 2
    assert manifest["rows"]["photo"] == 1
    assert manifest["files"].keys() == {"database.dump"}
    assert manifest["versions"].keys() == {"shouwang", "schema", "postgresql"}
    everything = b"".join(path.read_bytes() for path in kept.iterdir())
    key = lived_in.settings.case_sealing_key or ""
    for secret in (key, made_up.NAME, made_up.IDENTITY_NUMBER, made_up.PHONE):
        assert secret.encode() not in everything


def test_nothing_is_restored_over_anything(
    lived_in: Door, kept: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run("restore", kept, lived_in) == 2
    told = capsys.readouterr().err
    assert "nothing is restored over them" in told
    assert "system administrator" in told
    assert run("backup", kept, lived_in) == 2
    assert "name a new folder" in capsys.readouterr().err


def test_a_backup_that_is_not_whole_or_not_ours_is_refused(
    lived_in: Door, kept: Path, nothing: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def copied(name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for path in kept.iterdir():
            (folder / path.name).write_bytes(path.read_bytes())
        return folder

    unfinished, damaged, newer = copied("unfinished"), copied("damaged"), copied("newer")
    (unfinished / MANIFEST).unlink()
    dump = bytearray((damaged / "database.dump").read_bytes())
    dump[len(dump) // 2] ^= 1
    (damaged / "database.dump").write_bytes(dump)
    (newer / MANIFEST).write_text((newer / MANIFEST).read_text().replace('"schema": "0', '"schema": "9'))
    (newer / MANIFEST).write_text((newer / MANIFEST).read_text().replace('"schema":"0', '"schema":"9'))
    expected = {
        unfinished: "holds no whole backup",
        damaged: "is not as it was when the backup was made",
        newer: "of a newer version of the product",
    }
    for folder, words in expected.items():
        assert run("restore", folder, lived_in, nothing) == 2
        assert words in capsys.readouterr().err
    assert run("restore", kept, lived_in, nothing, CASE_SEALING_KEY="ab" * 16) == 2
    assert "put the case_sealing_key of that time into" in capsys.readouterr().err
    assert is_empty(nothing)


def test_a_broken_record_is_kept_and_told(
    lived_in: Door, kept: Path, nothing: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("restore", kept, lived_in, nothing) == 0
    address = lived_in.engine.url.set(database=make_url(nothing).database).render_as_string(hide_password=False)
    engine = make_engine(address)
    with Session(engine) as session:
        session.execute(text("alter table action_log disable trigger user"))
        session.execute(text("update action_log set actor = 'somebody else' where sequence = 2"))
        session.execute(text("alter table action_log enable trigger user"))
        session.commit()
    engine.dispose()
    assert run("backup", tmp_path / "kept", lived_in, address) == 1
    assert "the record of actions is broken at entry 2" in capsys.readouterr().err
    assert (tmp_path / "kept" / MANIFEST).is_file()
