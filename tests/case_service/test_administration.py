"""Three powers in three hands: accounts and units, roles and locks, the record of actions."""

import json
import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, select

from case_service.tables import ActionLogEntry, Staff, Unit
from tests.case_service.conftest import Door
from tests.case_service.made_up import CITY, GRID, VILLAGE, WORKER, YIAN, batch, freshness, warning
from tests.case_service.test_sign_in import sign_in


def post(browser: TestClient, path: str, **data: object):
    return browser.post(f"/administration{path}", data={"form_token": browser.form_token, **data})


def actions(door: Door) -> list[tuple[str, str, str, dict[str, object]]]:
    with door.session() as session:
        entries = session.scalars(select(ActionLogEntry).order_by(ActionLogEntry.sequence))
        return [(one.actor, one.action, one.subject, one.details) for one in entries]


def test_one_creates_the_account_another_grants_the_role_and_the_owner_chooses_the_password(door: Door) -> None:
    system, security = door.browser("system"), door.browser("security")
    new = {"username": "li.new", "display_name": "李新", "unit": GRID, "phone": "13000000009"}
    assert post(system, "/staff", **new).headers["location"] == "/administration/staff/li.new"
    assert post(system, "/staff", **new).status_code == 422, "taken"
    assert sign_in(door.anonymous(), "li.new").status_code == 401
    assert post(security, "/staff/li.new/role", role="grid_worker").status_code == 303
    issued = post(security, "/staff/li.new/password")
    password = re.search(r'<code class="secret">([^<]+)</code>', issued.text)[1]
    browser = door.anonymous()
    sign_in(browser, "li.new", password)
    assert browser.get("/orders").headers["location"] == "/account/password"
    assert [one[:3] for one in actions(door) if one[0] != "nobody"][:3] == [
        ("system", "account_created", "li.new"),
        ("security", "role_granted", "li.new"),
        ("security", "password_issued", "li.new"),
    ]
    assert password not in str(actions(door))


@pytest.mark.parametrize(
    ("who", "path", "table", "new"),
    [
        ("system", "/staff", "staff", {"username": "li.new", "display_name": "李新", "unit": GRID, "phone": ""}),
        ("system", "/units", "unit", {"unit": VILLAGE, "name": "第九网格", "suffix": "009"}),
        ("security", "/tokens", "service_token", {"name": "nightly", "rights": "warnings:write"}),
    ],
)
def test_of_two_who_create_the_same_at_once_one_is_told_that_it_is_taken(
    door: Door, who: str, path: str, table: str, new: dict[str, str]
) -> None:
    first, second = door.browser(who), door.browser(who)
    others: list[int | None] = []

    def another_is_quicker(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith(f"INSERT INTO {table} ") and not others:
            others.append(None)
            others[0] = post(second, path, **new).status_code

    event.listen(door.engine, "before_cursor_execute", another_is_quicker)
    late = post(first, path, **new)
    event.remove(door.engine, "before_cursor_execute", another_is_quicker)
    assert others[0] in (200, 303)
    assert late.status_code == 422
    assert 'role="alert"' in late.text


@pytest.mark.parametrize(
    "wrong", [{"username": "Ü"}, {"username": ""}, {"display_name": ""}, {"phone": "12"}, {"username": "a" * 41}]
)
def test_what_is_wrong_with_a_new_account_is_told(door: Door, wrong: dict[str, str]) -> None:
    new = {"username": "li.new", "display_name": "李新", "unit": GRID, "phone": ""} | wrong
    answer = post(door.browser("system"), "/staff", **new)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_whoever_held_one_power_is_never_given_another(door: Door) -> None:
    security = door.browser("security")
    assert post(security, "/staff/system/role", role="").status_code == 303
    refused = post(security, "/staff/system/role", role="audit_administrator")
    assert refused.status_code == 422
    assert "三员分立" in refused.text
    assert post(security, "/staff/system/role", role="system_administrator").status_code == 303


def test_nobody_grants_anything_to_themselves(door: Door) -> None:
    security = door.browser("security")
    for action in ("role", "unlocking", "password", "second-factor", "sessions", "closing"):
        assert post(security, f"/staff/security/{action}", role="city").status_code == 409
    assert "不能由自己管理" in security.get("/administration/staff/security").text


@pytest.mark.parametrize("role", ["city", "department_handler", "analyst", "audit_administrator"])
def test_a_role_fits_its_unit(door: Door, role: str) -> None:
    refused = post(door.browser("security"), f"/staff/{WORKER}/role", role=role)
    assert refused.status_code == 422
    assert "不适用" in refused.text
    assert post(door.browser("security"), f"/staff/{WORKER}/role", role="mayor").status_code == 422


def test_moving_somebody_takes_away_a_role_that_no_longer_fits(door: Door) -> None:
    worker = door.browser(WORKER)
    moved = post(door.browser("system"), f"/staff/{WORKER}/details", display_name="葛一", unit=VILLAGE, phone="")
    assert moved.status_code == 303
    assert worker.get("/orders").status_code == 303
    with door.session() as session:
        assert session.scalars(select(Staff.role).where(Staff.username == WORKER)).one() is None


def test_what_is_wrong_with_a_change_is_told_whatever_the_username(door: Door) -> None:
    with door.session() as session:
        session.scalars(select(Staff).where(Staff.username == WORKER)).one().username = "葛一"
        session.commit()
    for wrong in ({"display_name": ""}, {"display_name": "长" * 41}, {"phone": "12"}):
        details = {"display_name": "葛一", "phone": "", "unit": GRID} | wrong
        refused = post(door.browser("system"), "/staff/葛一/details", **details)
        assert refused.status_code == 422
        assert 'role="alert"' in refused.text


def test_unlocking_signing_out_and_closing(door: Door) -> None:
    security, worker = door.browser("security"), door.browser(WORKER)
    for _ in range(5):
        sign_in(door.anonymous(), password="wrong")
    assert "已锁定" in security.get(f"/administration/staff?q={WORKER}").text
    assert sign_in(door.anonymous()).status_code == 401
    post(security, f"/staff/{WORKER}/unlocking")
    assert sign_in(door.anonymous()).status_code == 303
    post(security, f"/staff/{WORKER}/sessions")
    assert worker.get("/orders").status_code == 303
    post(security, f"/staff/{WORKER}/closing", is_active="no")
    assert sign_in(door.anonymous()).status_code == 401
    post(security, f"/staff/{WORKER}/closing", is_active="yes")
    assert sign_in(door.anonymous()).status_code == 303


def test_accounts_are_found_by_name_username_and_unit(door: Door) -> None:
    browser = door.browser("system")
    assert "共 18 个" in browser.get("/administration/staff").text
    for words, count in (("葛", 3), (WORKER, 1), ("民政局", 2), ("%", 0)):
        assert f"共 {count} 个" in browser.get("/administration/staff", params={"q": words}).text


def test_grids_and_departments_are_added_to_the_tree(door: Door) -> None:
    browser = door.browser("system")
    assert "第一网格" in browser.get(f"/administration/units?unit={VILLAGE}").text
    assert post(browser, "/units", unit=VILLAGE, name="第九网格", suffix="009").status_code == 303
    assert post(browser, "/units", unit=YIAN, name="义安区教育局", suffix="education").status_code == 303
    for wrong in (
        {"unit": VILLAGE, "suffix": "009"},
        {"unit": VILLAGE, "suffix": "9"},
        {"unit": YIAN, "suffix": "Education"},
        {"unit": YIAN, "suffix": "x_y", "name": ""},
        {"unit": GRID, "suffix": "001"},
    ):
        assert post(browser, "/units", **{"name": "x", **wrong}).status_code == 422
    with door.session() as session:
        assert session.get_one(Unit, f"{VILLAGE}009").path.endswith(f"/{VILLAGE}/{VILLAGE}009/")
        assert session.get_one(Unit, f"{YIAN}-education").path == f"{CITY}/{YIAN}/{YIAN}-education/"


def test_a_token_opens_the_doors_of_its_rights_until_it_is_revoked(door: Door) -> None:
    security = door.browser("security")
    created = post(security, "/tokens", name="freshness-only", rights=["freshness:write"])
    token = re.search(r'<code class="secret">([^<]+)</code>', created.text)[1]
    assert token not in security.get("/administration/tokens").text
    service = door.anonymous()
    service.headers["Authorization"] = f"Bearer {token}"
    assert service.put("/api/v1/freshness", json=freshness()).status_code == 204
    refused = service.put("/api/v1/warnings", json=batch(warning()))
    assert refused.status_code == 403
    assert refused.headers["content-type"] == "application/problem+json"
    assert "warnings:write" in refused.json()["detail"]
    assert post(security, "/tokens", name="freshness-only", rights=["outcomes:read"]).status_code == 422
    assert post(security, "/tokens", name="nothing").status_code == 422
    assert post(security, "/tokens/freshness-only/revocation").status_code == 303
    assert post(security, "/tokens/freshness-only/revocation").status_code == 404
    assert service.put("/api/v1/freshness", json=freshness()).status_code == 401


def test_the_audit_administrator_reads_the_record_page_by_page_and_reading_is_recorded(door: Door) -> None:
    put = door.put(*(warning(household_key=f"h{n}") for n in range(60)))
    audit = door.browser("audit")
    page = audit.get("/administration/log").text
    assert page.count("<tr>") == 51
    older = re.search(r'href="(/administration/log\?[^"]+before=\d+)"', page)[1].replace("&amp;", "&")
    assert audit.get(older).text.count("<tr>") == 11
    number = str(put[0]["order_number"])
    assert audit.get("/administration/log", params={"subject": number}).text.count("<tr>") == 2
    assert actions(door)[-1] == ("audit", "log_read", "action_log", {"actor": "", "action": "", "subject": number})


def test_the_record_is_exported_with_the_hashes_that_prove_it(door: Door) -> None:
    door.put(warning())
    door.clock.moment += timedelta(days=1)
    door.put(warning(household_key="next day"))
    audit = door.browser("audit")
    exported = audit.get("/administration/log/export?since=&until=2025-11-21")
    assert exported.headers["content-disposition"].startswith("attachment")
    (entry,) = [json.loads(line) for line in exported.text.splitlines()]
    assert (entry["sequence"], entry["action"], entry["previous_hash"]) == (1, "warning_opened", "0" * 64)
    assert len(audit.get("/administration/log/export").text.splitlines()) == 4
    assert audit.get("/administration/log/export?since=yesterday").status_code == 422
