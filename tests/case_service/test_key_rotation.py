"""The sealing key and the person keys become others; people, photos and notes stay what they were."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import select, text

from case_service import __main__ as command_line
from case_service import action_log
from case_service.keys import sealed_columns
from case_service.keys.sealed_columns import SEALED, SealedTable, seal_anew
from case_service.sealing import Seal
from case_service.settings import DEMO_SEALING_KEY
from case_service.tables import Base, Contact, Photo, ReceivedWarning, Visit
from schemas.person_keys import KEY_IN_TEXT, NextKeys
from tests.case_service import made_up
from tests.case_service.conftest import Door, opened_door, visit_form
from tests.case_service.photographs import photograph

NEW_KEY = "0123456789abcdef" * 2
BOTH = f"{DEMO_SEALING_KEY}\n{NEW_KEY}"
PERSON, HOUSEHOLD = f"p1_{1:024x}", f"h1_{2:024x}"
SECRETS = "the-person-key-until-now\nthe-person-key-from-now-on\n"
NEXT = NextKeys(b"the-person-key-from-now-on", 2)


@pytest.fixture
def lived_in(door: Door) -> Door:
    """A visit with a photo, an order that waits, and a finding for review; all about one household."""
    keys = {"person_key": PERSON, "household_key": HOUSEHOLD}
    (first,) = door.put(made_up.warning(**keys, household=made_up.household(members=[])))
    browser = door.browser(made_up.WORKER)
    photos = [("photos", ("door.jpg", photograph(), "image/jpeg"))]
    form = visit_form(browser, door.clock())
    assert browser.post(f"/orders/{first['order_number']}/visit", data=form, files=photos).status_code == 303
    door.put(made_up.warning(**keys))
    sent = door.pipeline().put("/api/v1/review-findings", json=made_up.finding_batch(made_up.finding(**keys)))
    assert sent.status_code == 200, sent.text
    return door


def run(door: Door, command: str, sealing_key: str, given: str = "") -> int:
    """The command as an operator gives it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOUWANG_MODE", "demo")
        patch.setenv("SHOUWANG_HOME", str(door.settings.home))
        patch.setenv("SHOUWANG_CASE_SEALING_KEY", sealing_key)
        patch.setenv("DATABASE_URL", door.engine.url.render_as_string(hide_password=False))
        patch.setattr("sys.stdin", io.StringIO(given))
        return command_line.main([command])


@pytest.fixture
def under(lived_in: Door) -> Iterator[object]:
    """Opens the service again with a sealing key."""
    opened = []

    def open_again(key: str) -> Door:
        url = lived_in.engine.url.render_as_string(hide_password=False)
        context = opened_door(url, lived_in.settings.home, lived_in.clock, case_sealing_key=key)
        opened.append(context)
        return context.__enter__()

    yield open_again
    for context in opened:
        context.__exit__(None, None, None)


def seen(door: Door) -> dict[str, object]:
    """What a worker is shown."""
    browser = door.browser(made_up.WORKER)
    with door.session() as session:
        photo, order = session.execute(select(Photo.id, Photo.order_id)).one()
        number = session.scalar(text("select number from work_order where id = :id"), {"id": order})
    picture = browser.get(f"/orders/{number}/photos/{photo}")
    assert picture.status_code == 200
    case = browser.get(f"/api/v1/orders/{number}")
    assert case.status_code == 200
    return {"photo": picture.content, "case": case.json(), "orders": browser.get("/api/v1/orders").json()}


def test_every_sealed_column_is_sealed_anew() -> None:
    sealed = {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name.startswith("sealed_")
    }
    assert sealed == {(table.__tablename__, column) for table, told in SEALED.items() for column in told.columns}


def test_what_was_sealed_opens_under_the_new_key_and_under_the_old_no_longer(lived_in: Door, under: object) -> None:
    before = seen(lived_in)
    assert seen(under(BOTH)) == before, "with both keys the service goes on before the command ran"
    assert run(lived_in, "rotate-sealing-key", BOTH) == 0
    assert seen(under(BOTH)) == before
    assert seen(under(NEW_KEY)) == before
    with pytest.raises(InvalidTag):
        seen(lived_in)
    with lived_in.session() as session:
        assert action_log.verify(session).broken_at is None


def test_it_goes_on_where_it_was_killed(lived_in: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    seal = Seal(BOTH)
    with monkeypatch.context() as patch:
        until_visits: dict[type[Base], SealedTable] = {**SEALED, Visit: replace(SEALED[Visit], place=_killed)}
        patch.setattr(sealed_columns, "SEALED", until_visits)
        with pytest.raises(KeyboardInterrupt):
            seal_anew(lived_in.engine, seal)
    changed = seal_anew(lived_in.engine, seal)
    assert changed["contact"] == 0, "done before"
    assert changed["visit"] == changed["photo"] == 1
    assert not any(seal_anew(lived_in.engine, seal).values())


def test_a_key_that_is_missing_is_told(lived_in: Door, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(lived_in, "rotate-sealing-key", NEW_KEY) == 2
    assert "add the key of that time as the first line" in capsys.readouterr().err
    assert seen(lived_in)


def test_every_person_key_is_another_one_and_warnings_keep_their_ids(
    lived_in: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    before = seen(lived_in)
    with lived_in.session() as session:
        ids = set(session.scalars(select(ReceivedWarning.warning_id)))
    assert run(lived_in, "rotate-person-key", DEMO_SEALING_KEY, SECRETS) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["by_column"]["contact.person_key"] == 2
    assert told["by_column"]["received_warning.claim"] >= 1
    assert _versions(lived_in) == {"2"}
    with lived_in.session() as session:
        assert ids <= set(session.scalars(select(ReceivedWarning.warning_id)))
        assert set(session.scalars(select(Contact.person_key))) == {NEXT.of(PERSON)}
    after = seen(lived_in)
    assert json.dumps(after["case"]) == NEXT.of(json.dumps(before["case"])), "the people open as before"
    assert run(lived_in, "rotate-person-key", DEMO_SEALING_KEY, SECRETS) == 0
    assert json.loads(capsys.readouterr().out)["rows_changed"] == 0
    keys = {"person_key": NEXT.of(PERSON), "household_key": NEXT.of(HOUSEHOLD)}
    (again,) = lived_in.put(made_up.warning(**keys))
    assert again["kind"] in ("joined", "withheld"), "the household is known under its new key"


def test_keys_of_another_version_are_refused_and_nothing_changes(
    lived_in: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(lived_in, "rotate-person-key", DEMO_SEALING_KEY, "one\ntwo\nthree\n") == 2
    assert "one at a time" in capsys.readouterr().err
    assert run(lived_in, "rotate-person-key", DEMO_SEALING_KEY, "one\n") == 2
    assert "new secret as its last line" in capsys.readouterr().err
    assert _versions(lived_in) == {"1"}


def _versions(door: Door) -> set[str]:
    """Of which versions keys stand anywhere in the database."""
    found = set()
    with door.engine.connect() as connection:
        for table in Base.metadata.tables:
            for row in connection.execute(text(f'select row_to_json(t)::text from "{table}" t')).scalars():
                found |= {version for _, version, _ in KEY_IN_TEXT.findall(row)}
    return found


def _killed(*_: object) -> str:
    raise KeyboardInterrupt
