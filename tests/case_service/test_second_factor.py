"""The second step of signing in, the first sign-in, and one's own account."""

import re
from datetime import timedelta

import httpx
import pyotp
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from case_service.sign_in import passwords
from case_service.sign_in.sessions import SESSION_COOKIE, hash_of
from case_service.tables import ActionLogEntry, RecoveryCode, Staff
from tests.case_service.conftest import Door
from tests.case_service.made_up import WORKER
from tests.case_service.test_sign_in import sign_in

ADMINISTRATORS = ("system", "security", "audit")


@pytest.fixture
def strict(door: Door) -> Door:
    """A service that asks administrators for a second factor, as production does."""
    door.app.state.settings = door.settings.model_copy(update={"second_factor_in_demo": True})
    return door


def posted(browser: TestClient, path: str, **data: str):
    """Post a form with the token that its page carries."""
    page = browser.get("/account" if path == "/account/sessions" else path).text
    return browser.post(path, data={"form_token": re.search(r'name="form_token" value="([^"]+)"', page)[1], **data})


def enrol(browser: TestClient, door: Door) -> tuple[str, list[str]]:
    """Set up an authenticator app as a person would; gives its secret and the recovery codes."""
    secret, answer = enrol_with(browser, door, "shouwang-demo")
    assert answer.status_code == 200
    return secret, re.findall(r'<code class="secret">([0-9a-f-]{19})</code>', answer.text)


def enrol_with(browser: TestClient, door: Door, proof: str) -> tuple[str, httpx.Response]:
    """Try to, showing `proof` that one is the owner of the account."""
    page = browser.get("/account/second-factor").text
    secret = re.search(r'<code class="secret">([A-Z2-7]+)</code>', page)[1]
    sealed = re.search(r'name="sealed_secret" value="([^"]+)"', page)[1]
    token = re.search(r'name="form_token" value="([^"]+)"', page)[1]
    data = {"form_token": token, "sealed_secret": sealed, "code": pyotp.TOTP(secret).at(door.clock()), "proof": proof}
    return secret, browser.post("/account/second-factor", data=data)


@pytest.mark.parametrize("username", ADMINISTRATORS)
def test_administrators_must_set_up_a_second_factor_before_anything_else(strict: Door, username: str) -> None:
    browser = strict.anonymous()
    sign_in(browser, username)
    for path in ("/", "/account", "/account/password"):
        assert browser.get(path).headers["location"] == "/account/second-factor"
    _, codes = enrol(browser, strict)
    assert len(set(codes)) == 10
    assert browser.get("/account").status_code == 200


def test_others_may_do_without(strict: Door) -> None:
    browser = strict.anonymous()
    sign_in(browser)
    assert browser.get("/orders").status_code == 200


def test_once_set_up_every_sign_in_needs_a_code_and_each_code_counts_once(strict: Door) -> None:
    first = strict.anonymous()
    sign_in(first, "audit")
    secret, _ = enrol(first, strict)
    second = strict.anonymous()
    sign_in(second, "audit")
    assert second.get("/account").headers["location"] == "/sign-in/second-factor"
    code = pyotp.TOTP(secret).at(strict.clock())
    assert posted(second, "/sign-in/second-factor", code=code).status_code == 401, "used when it was set up"
    strict.clock.moment += timedelta(seconds=60)
    code = pyotp.TOTP(secret).at(strict.clock())
    assert posted(second, "/sign-in/second-factor", code=code).headers["location"] == "/"
    assert second.get("/account").status_code == 200
    third = strict.anonymous()
    sign_in(third, "audit")
    assert posted(third, "/sign-in/second-factor", code=code).status_code == 401


def test_a_recovery_code_stands_in_once(strict: Door) -> None:
    browser = strict.anonymous()
    sign_in(browser, "audit")
    _, codes = enrol(browser, strict)
    for expected in (303, 401):
        other = strict.anonymous()
        sign_in(other, "audit")
        assert posted(other, "/sign-in/second-factor", code=f" {codes[0].upper()} ").status_code == expected
    with strict.session() as session:
        hashes = session.scalars(select(RecoveryCode.code_hash)).all()
    assert len(hashes) == 9
    assert not set(hashes) & set(codes)


def test_wrong_codes_lock_the_account_and_a_right_password_does_not_start_the_count_again(strict: Door) -> None:
    browser = strict.anonymous()
    sign_in(browser, "audit")
    secret, _ = enrol(browser, strict)
    for _ in range(5):
        guessing = strict.anonymous()
        assert sign_in(guessing, "audit").status_code == 303
        assert posted(guessing, "/sign-in/second-factor", code="000000").status_code == 401
    assert guessing.get("/sign-in/second-factor").status_code == 303, "locking ended the session"
    assert sign_in(strict.anonymous(), "audit").status_code == 401
    strict.clock.moment += timedelta(minutes=16)
    again = strict.anonymous()
    sign_in(again, "audit")
    code = pyotp.TOTP(secret).at(strict.clock())
    assert posted(again, "/sign-in/second-factor", code=code).status_code == 303


def test_an_open_session_alone_sets_up_and_replaces_no_second_factor(door: Door) -> None:
    browser = door.browser(WORKER)
    for wrong in ("", "wrong"):
        assert enrol_with(browser, door, wrong)[1].status_code == 422
    first, codes = enrol(browser, door)
    door.clock.moment += timedelta(seconds=60)
    code = pyotp.TOTP(first).at(door.clock())
    for wrong in ("", "000000", "shouwang-demo"):
        refused = enrol_with(browser, door, wrong)[1]
        assert refused.status_code == 422
        assert "动态码不对" in refused.text
    second, answer = enrol_with(browser, door, code)
    assert answer.status_code == 200
    assert enrol_with(browser, door, codes[0])[1].status_code == 422, "the old recovery codes are gone"
    for _ in range(4):
        enrol_with(browser, door, "000000")
    door.clock.moment += timedelta(seconds=60)
    right = pyotp.TOTP(second).at(door.clock())
    assert enrol_with(browser, door, right)[1].status_code == 422, "five wrong ones lock the account"
    door.clock.moment += timedelta(minutes=16)
    assert enrol_with(browser, door, pyotp.TOTP(second).at(door.clock()))[1].status_code == 200


def test_whoever_signs_in_only_by_the_city_has_no_password_to_show(door: Door) -> None:
    with door.session() as session:
        session.execute(update(Staff).where(Staff.username == WORKER).values(password_hash=None))
        session.commit()
    assert enrol_with(door.browser(WORKER), door, "")[1].status_code == 200


def test_a_secret_shown_in_one_session_cannot_be_kept_in_another(strict: Door) -> None:
    browser, other = strict.browser("audit"), strict.browser("security")
    page = other.get("/account/second-factor").text
    secret = re.search(r'<code class="secret">([A-Z2-7]+)</code>', page)[1]
    sealed = re.search(r'name="sealed_secret" value="([^"]+)"', page)[1]
    data = {"form_token": browser.form_token, "code": pyotp.TOTP(secret).at(strict.clock())}
    for wrong in (sealed, "zz", ""):
        assert browser.post("/account/second-factor", data=data | {"sealed_secret": wrong}).status_code == 422


def test_the_first_sign_in_demands_a_password_of_ones_own(door: Door) -> None:
    with door.session() as session:
        session.execute(update(Staff).where(Staff.username == WORKER).values(must_change_password=True))
        session.commit()
    browser = door.anonymous()
    sign_in(browser)
    assert browser.get("/orders").headers["location"] == "/account/password"
    right = {"current": "shouwang-demo", "new": "五湖四海皆兄弟也 2026", "again": "五湖四海皆兄弟也 2026"}
    for wrong in (
        {"current": "wrong"},
        {"new": "short", "again": "short"},
        {"new": f"my {WORKER} 1", "again": f"my {WORKER} 1"},
        {"again": "another one 2026"},
        {"new": "shouwang-demo", "again": "shouwang-demo"},
    ):
        assert posted(browser, "/account/password", **right | wrong).status_code == 422
    assert posted(browser, "/account/password", **right).headers["location"] == "/account"
    assert browser.get("/orders").status_code == 200
    assert sign_in(door.anonymous()).status_code == 401
    assert sign_in(door.anonymous(), password=right["new"]).status_code == 303


def test_changing_the_password_ends_the_other_sessions(door: Door) -> None:
    browser, other = door.browser(WORKER), door.browser(WORKER)
    data = {"current": "shouwang-demo", "new": "another long one", "again": "another long one"}
    assert posted(browser, "/account/password", **data).status_code == 303
    assert browser.get("/orders").status_code == 200
    assert other.get("/orders").headers["location"].startswith("/sign-in")


def test_one_sees_where_one_is_signed_in_and_ends_it_there(door: Door) -> None:
    browser, other, stranger = door.browser(WORKER), door.browser(WORKER), door.browser("city")
    page = browser.get("/account").text
    ids = {name: hash_of(one.cookies[SESSION_COOKIE]) for name, one in (("own", browser), ("other", other))}
    assert set(re.findall(r'name="session" value="([^"]+)"', page)) == set(ids.values())
    assert browser.cookies[SESSION_COOKIE] not in page
    posted(stranger, "/account/sessions", session=ids["other"])
    assert other.get("/orders").status_code == 200, "others' sessions are not one's own to end"
    posted(browser, "/account/sessions", session=ids["other"])
    assert other.get("/orders").status_code == 303
    assert browser.get("/orders").status_code == 200
    posted(browser, "/account/sessions")
    assert browser.get("/orders").status_code == 303
    with door.session() as session:
        assert "sessions_ended" in session.scalars(select(ActionLogEntry.action)).all()


def test_passwords_that_may_be_chosen() -> None:
    assert passwords.is_good("abcd efgh ijkl", "u")
    assert not passwords.is_good("aaaaaaaaaaaaaaa", "u")
    assert passwords.is_good(passwords.new_one(), "u-name")
