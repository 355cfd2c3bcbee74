"""What a phone sends is taken once; what meets a changed order shows both versions and loses nothing."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from case_service.tables import Addition, Outcome, SubmissionReceipt, UrgentHelp, Visit, WorkOrder
from case_service.tables.casework import OrderStatus
from schemas.messages import Level
from tests.case_service.conftest import Door, visit_form
from tests.case_service.made_up import NAME, SECOND_WORKER, WORKER, warning
from tests.case_service.photographs import photograph

AS_PHONE = {"Accept": "application/json"}


def send(browser: TestClient, path: str, data: dict[str, str], key: str = "k-1"):
    return browser.post(path, data=data, headers={**AS_PHONE, "Idempotency-Key": key})


def seen_in(browser: TestClient, order_number: str) -> str:
    page = browser.get(f"/orders/{order_number}/visit").text
    return page.partition('name="seen" value="')[2].partition('"')[0]


def count(door: Door, table: type) -> int:
    with door.session() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_sent_again_after_a_lost_reply_it_is_answered_again_and_written_once(door: Door, order_number: str) -> None:
    browser = door.browser(WORKER)
    data = visit_form(browser, door.clock())
    answers = [send(browser, f"/orders/{order_number}/visit", data) for _ in range(3)]
    assert [one.json() for one in answers] == [{"kind": "taken", "path": f"/orders/{order_number}"}] * 3
    assert (count(door, Visit), count(door, Outcome), count(door, SubmissionReceipt)) == (1, 1, 1)


def test_sent_again_in_another_session_it_is_still_the_same(door: Door, order_number: str) -> None:
    first, second = door.browser(WORKER), door.browser(WORKER)
    data = visit_form(first, door.clock())
    assert send(first, f"/orders/{order_number}/visit", data).status_code == 200
    data["form_token"] = second.form_token
    assert send(second, f"/orders/{order_number}/visit", data).status_code == 200
    assert count(door, Visit) == 1


def test_a_key_used_for_something_else_is_refused(door: Door, order_number: str) -> None:
    browser = door.browser(WORKER)
    data = visit_form(browser, door.clock())
    assert send(browser, f"/orders/{order_number}/visit", data).status_code == 200
    assert send(browser, f"/orders/{order_number}/visit", data | {"note": "另一份"}).status_code == 422
    assert send(browser, f"/orders/{order_number}/visit", data, key="k" * 65).status_code == 422


def test_help_given_at_once_is_written_once_too(door: Door, order_number: str) -> None:
    browser = door.browser(WORKER)
    data = {"form_token": browser.form_token, "help": "cash", "given_at": "2025-11-21T09:00", "note": "断炊"}
    for _ in range(2):
        assert send(browser, f"/orders/{order_number}/do/urgent-help", data).status_code == 200
    assert (count(door, UrgentHelp), count(door, WorkOrder)) == (1, 2)


def test_mistakes_are_told_by_field(door: Door, order_number: str) -> None:
    browser = door.browser(WORKER)
    response = send(browser, f"/orders/{order_number}/visit", visit_form(browser, door.clock(), note="", outcome=""))
    assert response.status_code == 422
    assert response.json() == {"kind": "mend", "mistakes": {"note": "请写下看到的情况", "outcome": "请选择走访结果"}}


def test_a_phone_whose_session_ended_is_told_to_sign_in(door: Door, order_number: str) -> None:
    assert door.anonymous().get("/phone/standing", headers=AS_PHONE).status_code == 401
    browser = door.browser(WORKER)
    assert browser.get("/phone/standing").json() == {"account": WORKER, "form_token": browser.form_token}


def test_an_order_that_took_in_a_warning_meanwhile_shows_both_versions(door: Door, order_number: str) -> None:
    browser = door.browser(WORKER)
    data = visit_form(browser, door.clock(), seen=seen_in(browser, order_number))
    door.put(warning(level=Level.RED))
    response = send(browser, f"/orders/{order_number}/visit", data)
    assert response.status_code == 409
    conflict = response.json()
    assert conflict["conflict"] == "changed"
    assert {"label": "看到了什么", "text": data["note"]} in conflict["own"]
    assert {"label": "等级", "text": "红色 · 紧急"} in conflict["now"]
    assert count(door, Visit) == 0
    assert send(browser, f"/orders/{order_number}/visit", data | {"seen": conflict["seen"]}).status_code == 200
    assert count(door, Outcome) == 2


def test_without_a_script_the_page_shows_both_versions_and_sends_again(door: Door, order_number: str) -> None:
    browser = door.browser(WORKER)
    data = visit_form(browser, door.clock(), seen=seen_in(browser, order_number))
    door.put(warning(level=Level.RED))
    response = browser.post(f"/orders/{order_number}/visit", data=data)
    assert response.status_code == 409
    for words in ("工单有变化", "您登记的", "系统里现在的", data["note"], "仍然提交并办结"):
        assert words in response.text
    assert f'action="/orders/{order_number}/visit"' in response.text
    assert f'name="seen" value="{seen_in(browser, order_number)}"' in response.text


def test_answers_to_a_closed_order_may_be_kept_as_an_addition(door: Door, order_number: str) -> None:
    browser = door.browser(WORKER)
    data = visit_form(browser, door.clock(), note="后来又去看了一次")
    door.visit(order_number, note="先登记的")
    conflict = send(browser, f"/orders/{order_number}/visit", data).json()
    assert conflict["conflict"] == "closed"
    assert {"label": "看到了什么", "text": "先登记的"} in conflict["now"]
    files = [("photos", ("1.jpg", photograph(), "image/jpeg"))]
    for _ in range(2):
        sent = browser.post(
            f"/orders/{order_number}/addition", data=data, files=files, headers={**AS_PHONE, "Idempotency-Key": "k-2"}
        )
        assert sent.status_code == 200
    assert (count(door, Addition), count(door, Visit)) == (1, 1)
    page = door.browser("village").get(f"/orders/{order_number}").text
    assert "葛一 的补充记录" in page
    assert "后来又去看了一次" in page


def test_whoever_handed_an_order_on_learns_who_has_it_and_nothing_else(door: Door, order_number: str) -> None:
    browser, supervisor = door.browser(WORKER), door.browser("village")
    data = visit_form(browser, door.clock(), seen=seen_in(browser, order_number), note="去过了")
    supervisor.post(
        f"/orders/{order_number}/assignment", data={"form_token": supervisor.form_token, "worker": SECOND_WORKER}
    )
    response = send(browser, f"/orders/{order_number}/visit", data)
    assert response.status_code == 409
    assert response.json()["conflict"] == "handed_on"
    assert response.json()["now"] == [{"label": "网格员", "text": "葛二"}, {"label": "状态", "text": "在办"}]
    page = browser.post(f"/orders/{order_number}/visit", data=data | {"submission_key": "other"}).text
    assert NAME not in page
    assert "已经转给同事" in page
    assert send(browser, f"/orders/{order_number}/addition", data).json() == {"kind": "taken", "path": "/orders"}
    assert "去过了" in door.browser(SECOND_WORKER).get(f"/orders/{order_number}").text
    with door.session() as session:
        assert session.scalars(select(WorkOrder)).one().status is OrderStatus.OPEN


def test_nobody_adds_to_an_order_that_was_never_theirs(door: Door, order_number: str) -> None:
    other = door.browser(SECOND_WORKER)
    response = send(other, f"/orders/{order_number}/addition", visit_form(other, door.clock()))
    assert response.status_code == 404


@pytest.mark.parametrize("header", [AS_PHONE, {}])
def test_a_form_from_elsewhere_is_refused_to_phones_too(door: Door, order_number: str, header: dict[str, str]) -> None:
    browser = door.browser(WORKER)
    data = visit_form(browser, door.clock()) | {"form_token": "x"}
    assert browser.post(f"/orders/{order_number}/visit", data=data, headers=header).status_code == 403
