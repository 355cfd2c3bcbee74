"""Next year's notice: read with clear messages, previewed, imported; due times that were provisional settle by it."""

import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from case_service import __main__ as command_line
from case_service.database import make_engine
from case_service.official_year.notice import NoticeError, read_notice
from case_service.tables import ActionLogEntry, CalendarDay
from tests.case_service.clocks_case import NOTICE_2027, at, holiday_file, tick_at, told
from tests.case_service.conftest import Door
from tests.case_service.made_up import WORKER, warning

NUMBER = "国办发明电〔2026〕7号"


def as_json(**changes: object) -> str:
    """The same notice in the shape of the holiday-cn files."""
    days = [
        {"name": name, "date": day, "isOffDay": kind == "off"}
        for day, kind, name in (line.split(",") for line in NOTICE_2027.splitlines()[1:])
    ]
    return json.dumps({"year": 2027, "papers": ["https://www.gov.cn/x.htm"], "days": days} | changes)


def upload(browser: TestClient, content: str, year: str = "2027", number: str = NUMBER) -> str:
    """The page that answers the posted file."""
    data = {"form_token": browser.form_token, "year": year, "notice": number}
    return browser.post("/calendar/preview", data=data, files={"file": ("notice.csv", content.encode())}).text


def test_both_forms_say_the_same() -> None:
    notice = read_notice(NOTICE_2027, 2027, NUMBER)
    assert notice == read_notice(as_json(), 2027, NUMBER) == read_notice(notice.as_csv(), 2027, NUMBER)
    days = notice.working_days()
    assert len(days) == 365
    assert sum(not is_worked for is_worked in days.values()) == 104 + 20 - 6 - 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "the file is not JSON"),
        ('{"year": 2026, "days": []}', "the file is of the year 2026, not 2027"),
        ('{"year": 2027}', "no list named days"),
        ('{"year": 2027, "days": [{"date": "2027-13-01", "isOffDay": true}]}', "day 1: date"),
        ("day,kind\n", "must name the columns date and kind"),
        (NOTICE_2027 + "2027-10-06,holiday,x\n", "line 27: kind must be off or work, not 'holiday'"),
        (NOTICE_2027 + "2027-02-30,off,x\n", "line 27: date"),
        (NOTICE_2027 + "2028-01-01,off,x\n", "2028-01-01 is not a day of 2027"),
        (NOTICE_2027 + "2027-10-01,off,x\n", "2027-10-01 stands twice"),
        (NOTICE_2027 + "2027-10-11,work,x\n", "2027-10-11 is a weekday"),
        (NOTICE_2027.replace("2027-05-02,off,劳动节\n", ""), "days off by statute are missing: 2027-05-02"),
        ("date,kind\n" + "".join(f"2027-{d},off\n" for d in ("01-01", "05-01", "05-02")), "names 3 days off"),
        ("x" * 200_001, "far longer"),
        ("date,kind\n" + "x" * 150_000, "the file is not CSV"),
    ],
)
def test_what_is_wrong_with_a_notice_is_told(content: str, words: str) -> None:
    with pytest.raises(NoticeError) as refusal:
        read_notice(content, 2027, NUMBER)
    assert any(words in mistake for mistake in refusal.value.mistakes)


@pytest.mark.parametrize("year", [0, 9999])
def test_a_year_without_a_notice_is_refused(year: int) -> None:
    with pytest.raises(NoticeError, match=f"{year} is no year"):
        read_notice(NOTICE_2027, year, NUMBER)


def test_a_notice_needs_its_number_and_may_speak_of_the_december_before() -> None:
    with pytest.raises(NoticeError, match="number of the notice is missing"):
        read_notice(NOTICE_2027, 2027, " ")
    assert read_notice(NOTICE_2027 + "2026-12-31,off,元旦\n", 2027, NUMBER).days


def test_an_import_settles_what_was_provisional_and_moves_it(door: Door) -> None:
    door.clock.moment = at("2026-12-28")
    (number,) = (str(one["order_number"]) for one in door.put(warning()))
    page = door.browser(WORKER).get(f"/orders/{number}").text
    assert "暂定" in page
    assert "1月5日" in page
    tick_at(door, "2026-12-28", "12:00")
    browser = door.browser("system")
    assert "2027 年及以后按周末和法定固定节日推算" in browser.get("/calendar").text
    preview = upload(browser, "\ufeff" + NOTICE_2027)
    for words in ("2027-01-04 放假", "2027-01-09 上班", "2027-01-05 → 2027-01-06：1 件", "不再是暂定", "1 件在办工单"):
        assert words in preview
    assert "<li>2027-01-01" not in preview, "a day off by statute is off already"
    assert "1月5日" in door.browser(WORKER).get(f"/orders/{number}").text, "a preview changes nothing"
    form = {"form_token": browser.form_token, "year": "2027", "notice": NUMBER, "content": NOTICE_2027}
    assert browser.post("/calendar/notice", data=form).status_code == 303
    page = door.browser(WORKER).get(f"/orders/{number}").text
    assert "暂定" not in page
    assert "1月6日" in page
    assert NUMBER in browser.get("/calendar").text
    assert tick_at(door, "2027-01-04").steps_taken == 0, "now a day off: the reminder waits for the fifth"
    assert tick_at(door, "2027-01-05").steps_taken == 1
    assert tick_at(door, "2027-01-06").steps_taken == 1
    assert [what for _, what in told(door)] == ["new_order", "due_soon", "due_today"]
    with door.session() as session:
        actions = session.scalars(select(ActionLogEntry.action).where(ActionLogEntry.actor == "system")).all()
        assert list(actions) == ["calendar_imported"]
        assert session.get_one(CalendarDay, at("2027-01-09").date()).is_working_day


def test_a_mistaken_file_is_refused_on_the_page_with_everything_that_is_wrong(door: Door) -> None:
    browser = door.browser("system")
    page = upload(browser, NOTICE_2027 + "2027-10-11,work,x\n2027-10-01,off,x\n")
    assert "2027-10-11 is a weekday" in page
    assert "2027-10-01 stands twice" in page
    assert (
        "the file is not text in UTF-8"
        in browser.post(
            "/calendar/preview",
            data={"form_token": browser.form_token, "year": "2027", "notice": NUMBER},
            files={"file": ("n.csv", "放假".encode("gb18030"))},
        ).text
    )
    data = {"form_token": browser.form_token, "year": "20x7", "notice": NUMBER, "content": NOTICE_2027}
    assert browser.post("/calendar/notice", data=data).status_code == 422
    assert browser.post("/calendar/preview", data=data).status_code == 422, "without a file"
    files = {"file": ("n.csv", NOTICE_2027.encode())}
    assert browser.post("/calendar/preview", data=data | {"form_token": "x"}, files=files).status_code == 403


def test_a_disaster_closure_moves_what_is_due_and_is_withdrawn_again(door: Door, order_number: str) -> None:
    system, worker = door.browser("system"), door.browser(WORKER)

    def change(**fields: str) -> int:
        return system.post("/calendar/override", data={"form_token": system.form_token} | fields).status_code

    def due() -> str:
        return worker.get(f"/orders/{order_number}").text

    assert "11月28日" in due()
    assert change(day="2025-11-25", kind="off", reason="暴雪停工，市政府通告") == 303
    assert "12月1日" in due()
    assert "暴雪停工" in system.get("/calendar").text
    preview = upload(system, NOTICE_2027)
    assert "2025-11-25" not in preview
    assert change(day="2025-11-25", kind="withdraw") == 303
    assert "11月28日" in due()
    assert change(day="2025-11-30", kind="work", reason="补班") == 303
    assert [change(day="x", kind="off"), change(day="2025-11-25", kind="off"), change(day="2025-11-25", kind="")] == [
        422
    ] * 3
    with door.session() as session:
        assert session.get_one(CalendarDay, at("2025-11-25").date()).is_working_day


def test_an_override_outlives_an_import_of_its_year(door: Door) -> None:
    door.clock.moment = at("2026-12-28")
    door.put(warning())
    system = door.browser("system")
    form = {"form_token": system.form_token}
    system.post("/calendar/override", data=form | {"day": "2027-01-05", "kind": "off", "reason": "停工"})
    assert "2027-01-06 → 2027-01-07：1 件" in upload(system, NOTICE_2027)
    system.post("/calendar/notice", data=form | {"year": "2027", "notice": NUMBER, "content": NOTICE_2027})
    assert "1月7日" in door.browser(WORKER).get("/orders").text


def test_the_command_previews_and_imports(
    database: str, door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("SHOUWANG_MODE", "demo")
    monkeypatch.setenv("SHOUWANG_HOME", str(tmp_path))
    good, wrong = (holiday_file(tmp_path, text, name) for text, name in ((as_json(), "a.json"), ("date\n", "b.csv")))
    order = ["--year", "2027", "--notice", NUMBER]
    assert command_line.main(["import-calendar", str(wrong), *order]) == 2
    assert "must name the columns date and kind" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        command_line.main(["import-calendar", str(tmp_path / "missing"), *order])
    assert command_line.main(["import-calendar", str(good), *order]) == 0
    assert "2027-01-04 off" in capsys.readouterr().out
    assert stored(database) == 0
    assert command_line.main(["import-calendar", str(good), *order, "--apply"]) == 0
    assert stored(database) == 365
    assert command_line.main(["tick"]) == 0
    assert "steps taken" in capsys.readouterr().out


def stored(database: str) -> int:
    """How many days of 2027 stand in the calendar."""
    engine = make_engine(database)
    with Session(engine) as session:
        found = session.scalars(select(CalendarDay).where(CalendarDay.day >= at("2027-01-01").date())).all()
    engine.dispose()
    return len(found)
