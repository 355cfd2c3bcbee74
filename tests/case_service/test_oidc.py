"""Signing in by the city's own OpenID provider, and what is refused there."""

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from case_service.settings import UnsafeToStartError, read_settings
from case_service.tables import ActionLogEntry, Staff
from tests.case_service.conftest import NOVEMBER_MORNING, Door
from tests.case_service.made_up import SECOND_WORKER, WORKER
from tests.case_service.oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider, running_provider


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with running_provider(NOVEMBER_MORNING) as provider:
        yield provider


@pytest.fixture
def provider(running: Provider, door: Door) -> Provider:
    """The provider telling the truth about the grid worker."""
    running.lies, running.signs_with, running.subject, running.username = {}, "own", "subject-1", WORKER
    door.app.state.settings = door.settings.model_copy(
        update={"oidc_issuer": running.address, "oidc_client_id": CLIENT_ID, "oidc_client_secret": CLIENT_SECRET}
    )
    return running


def come_back(browser: TestClient, heading: str = "/orders") -> httpx.Response:
    """Leave for the provider, sign in there, and follow its redirect home."""
    leaving = browser.get("/sign-in/oidc", params={"next": heading})
    assert leaving.status_code == 303
    back = httpx.get(leaving.headers["location"], trust_env=False).headers["location"]
    return browser.get(back)


def test_whoever_signed_in_at_the_city_is_signed_in_here_and_lands_where_they_were_heading(
    door: Door, provider: Provider
) -> None:
    assert "/sign-in/oidc?next=/orders" in door.anonymous().get("/sign-in?next=/orders").text
    browser = door.anonymous()
    assert come_back(browser).headers["location"] == "/orders"
    assert browser.get("/orders").status_code == 200
    with door.session() as session:
        assert session.scalars(select(Staff.oidc_subject).where(Staff.username == WORKER)).one() == "subject-1"
        latest = session.scalars(select(ActionLogEntry).order_by(ActionLogEntry.sequence)).all()
    assert ("signed_in", {"by": "oidc"}) in [(one.action, one.details) for one in latest]


def test_an_account_once_bound_follows_the_subject_and_not_the_name(door: Door, provider: Provider) -> None:
    come_back(door.anonymous())
    provider.subject = "subject-2"
    assert come_back(door.anonymous()).status_code == 401, "somebody else has taken the name over there"
    provider.subject, provider.username = "subject-1", SECOND_WORKER
    browser = door.anonymous()
    assert come_back(browser).status_code == 303
    assert "葛一" in browser.get("/orders").text


def test_nobody_without_an_account_is_let_in(door: Door, provider: Provider) -> None:
    provider.username = "somebody"
    answer = come_back(door.anonymous())
    assert answer.status_code == 401
    assert "还没有账号" in answer.text


@pytest.mark.parametrize(
    "lies",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another-client"},
        {"iss": "https://elsewhere.example"},
        {"exp": int((NOVEMBER_MORNING - timedelta(minutes=5)).timestamp())},
        {"exp": None},
        {"iat": None},
        {"sub": None},
        {"sub": 7},
        {"azp": "another-client", "aud": [CLIENT_ID, "another-client"]},
    ],
)
def test_a_token_with_a_wrong_claim_signs_nobody_in(door: Door, provider: Provider, lies: dict[str, object]) -> None:
    provider.lies = lies
    browser = door.anonymous()
    answer = come_back(browser)
    assert answer.status_code == 401
    assert "统一身份认证没有完成" in answer.text
    assert browser.get("/orders").status_code == 303


def test_a_token_signed_by_somebody_else_signs_nobody_in(door: Door, provider: Provider) -> None:
    provider.signs_with = "foreign"
    assert come_back(door.anonymous()).status_code == 401


def test_a_provider_whose_keys_cannot_be_read_signs_nobody_in(door: Door, provider: Provider) -> None:
    provider.publishes_keys = False
    assert come_back(door.anonymous()).status_code == 401


def test_an_answer_that_this_browser_did_not_ask_for_signs_nobody_in(door: Door, provider: Provider) -> None:
    leaving = door.anonymous().get("/sign-in/oidc").headers["location"]
    back = httpx.get(leaving, trust_env=False).headers["location"]
    assert door.anonymous().get(back).status_code == 401
    browser = door.anonymous()
    browser.get("/sign-in/oidc")
    assert browser.get(back).status_code == 401, "the state is another browser's"
    late = door.anonymous()
    leaving = late.get("/sign-in/oidc").headers["location"]
    back = httpx.get(leaving, trust_env=False).headers["location"]
    door.clock.moment += timedelta(minutes=11)
    assert late.get(back).status_code == 401


def test_a_provider_that_does_not_answer_is_told_of_and_passwords_still_work(door: Door) -> None:
    door.app.state.settings = door.settings.model_copy(update={"oidc_issuer": "http://127.0.0.1:9"})
    answer = door.anonymous().get("/sign-in/oidc")
    assert answer.status_code == 401
    assert "统一身份认证没有完成" in answer.text


def test_without_a_provider_there_is_no_such_sign_in(door: Door) -> None:
    assert door.anonymous().get("/sign-in/oidc").status_code == 404
    assert door.anonymous().get("/sign-in/oidc/callback").status_code == 404


def test_production_talks_to_the_provider_in_confidence(tmp_path) -> None:
    keys = {"service_token": "t" * 32, "case_sealing_key": "0123456789abcdef" * 2}
    with pytest.raises(UnsafeToStartError, match="must be an https address"):
        read_settings(home=tmp_path, oidc_issuer="http://sso.example", oidc_client_secret="s", **keys)
