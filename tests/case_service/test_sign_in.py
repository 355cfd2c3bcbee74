"""Signing in, staying signed in, and being sent away."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from case_service.sign_in.sessions import SESSION_COOKIE
from case_service.tables import SignInSession
from tests.case_service.conftest import Door
from tests.case_service.made_up import WORKER


def sign_in(browser: TestClient, username: str = WORKER, password: str = "shouwang-demo", **more: str):
    browser.get("/sign-in")
    data = {"form_token": browser.cookies["visitor"], "username": username, "password": password}
    return browser.post("/sign-in", data=data | more)


def test_signing_in_leads_where_one_was_heading(door: Door) -> None:
    browser = door.anonymous()
    heading = browser.get("/orders/GD1").headers["location"]
    assert heading == "/sign-in?next=%2Forders%2FGD1"
    assert 'value="/orders/GD1"' in browser.get(heading).text
    assert sign_in(browser, next="/orders/GD1").headers["location"] == "/orders/GD1"
    assert browser.get("/").headers["location"] == "/orders"
    assert browser.get("/orders").status_code == 200


@pytest.mark.parametrize(
    "elsewhere", ["https://example.org", "//example.org", "/\\example.org", "javascript:1", "/a\tb"]
)
def test_no_link_leads_elsewhere_after_signing_in(door: Door, elsewhere: str) -> None:
    assert sign_in(door.anonymous(), next=elsewhere).headers["location"] == "/"
    assert door.anonymous().get("/language/en", params={"back": elsewhere}).headers["location"] == "/"


def test_the_cookie_is_random_hidden_from_scripts_and_stored_only_as_a_hash(door: Door) -> None:
    browser = door.anonymous()
    cookie = sign_in(browser).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    with door.session() as session:
        row = session.scalars(select(SignInSession)).one()
        assert browser.cookies[SESSION_COOKIE] not in (row.id_hash, row.form_token)


def test_wrong_and_unknown_get_the_same_answer(door: Door) -> None:
    wrong, unknown = sign_in(door.anonymous(), password="wrong"), sign_in(door.anonymous(), username="nobody")
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert "用户名或密码不对" in wrong.text
    assert "用户名或密码不对" in unknown.text


def test_repeated_failures_lock_the_account_for_a_while(door: Door) -> None:
    for _ in range(5):
        sign_in(door.anonymous(), password="wrong")
    assert sign_in(door.anonymous()).status_code == 401
    door.clock.moment += timedelta(minutes=16)
    assert sign_in(door.anonymous()).status_code == 303


def test_idle_and_old_sessions_end(door: Door) -> None:
    browser = door.browser(WORKER)
    door.clock.moment += timedelta(minutes=59)
    assert browser.get("/orders").status_code == 200
    door.clock.moment += timedelta(minutes=59)
    assert browser.get("/orders").status_code == 200
    door.clock.moment += timedelta(minutes=61)
    assert browser.get("/orders").status_code == 303
    lively = door.browser(WORKER)
    for _ in range(13):
        assert lively.get("/orders").status_code == 200
        door.clock.moment += timedelta(minutes=56)
    assert lively.get("/orders").status_code == 303


def test_signing_out_revokes_the_session_even_for_a_copied_cookie(door: Door) -> None:
    browser, copy = door.browser(WORKER), door.anonymous()
    copy.cookies.set(SESSION_COOKIE, browser.cookies[SESSION_COOKIE])
    assert copy.get("/orders").status_code == 200
    assert browser.post("/sign-out", data={"form_token": browser.form_token}).status_code == 303
    assert copy.get("/orders").status_code == 303


def test_the_demo_page_lists_sign_ins_and_one_tap_signs_in(door: Door) -> None:
    page = door.anonymous().get("/sign-in").text
    assert "演示账号" in page
    assert WORKER in page


def test_the_language_is_remembered(door: Door) -> None:
    browser = door.anonymous()
    assert browser.get("/language/en", params={"back": "/sign-in"}).headers["location"] == "/sign-in"
    assert "<h1>Sign in</h1>" in browser.get("/sign-in").text
    browser.get("/language/zh")
    assert "<h1>登录</h1>" in browser.get("/sign-in").text
