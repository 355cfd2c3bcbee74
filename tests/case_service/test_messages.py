"""What staff are told names an order, a village, a due time and a link, and never a person."""

import json
import re
from collections.abc import Callable, Iterator
from typing import get_type_hints

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from case_service.notifications.channels.base import Outgoing, Route
from case_service.notifications.channels.mail import Email, EmailOptions
from case_service.notifications.channels.sms import Sms, SmsOptions
from case_service.notifications.channels.wecom import WecomBot, WecomBotOptions
from case_service.notifications.messages import OrderNotice, line_of, notice_of, text_of
from case_service.notifications.outbox import Telling, tell
from case_service.row_security import SYSTEM, Looker, Looking, ServiceSession
from case_service.tables import Dispatch, Message, Staff, Unit, WorkOrder
from case_service.tables.casework import OrderKind
from case_service.tables.notifications import Happening
from case_service.tables.people import LONGEST_UNIT_NAME
from schemas.messages import WarningMessage
from tests.case_service import made_up
from tests.case_service.clocks_case import tick_at, told
from tests.case_service.conftest import Door, opened_door
from tests.case_service.made_up import OTHER_GRID, OTHER_VILLAGE, OTHER_WORKER, VILLAGE, WORKER, warning
from tests.case_service.providers import running_mail_server, running_provider


@pytest.fixture(scope="module")
def shared_door(new_test_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """For what only reads, with one order about somebody of whom much is known."""
    with opened_door(new_test_database(), tmp_path_factory.mktemp("messages")) as door:
        door.put(about())
        yield door


def about() -> WarningMessage:
    return warning(household=made_up.household(), other_contacts={"person-2": made_up.warning().contact})


def said_of_the_person() -> set[str]:
    """Everything the warning says: names, numbers, illness, amounts, every word of its reason and its figures."""
    sent = about()
    content = sent.model_dump(mode="json", exclude={"warning_id", "village_code", "grid_code", "contact"})
    words = set(re.findall(r"[\u4e00-\u9fff]{2,}|\d[\d,.]{2,}", json.dumps(content, ensure_ascii=False)))
    contact = sent.contact.model_dump()
    return words | {str(value) for value in contact.values() if value} | {made_up.NAME[0], "家庭", "住院", "元"}


@pytest.mark.parametrize("kind", OrderKind)
@pytest.mark.parametrize("happening", Happening)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_template_says_anything_of_a_person(
    shared_door: Door, kind: OrderKind, happening: Happening, language: str
) -> None:
    with shared_door.session() as session:
        order = session.scalars(select(WorkOrder)).one()
        order.kind = kind
        for due_at in (None, shared_door.clock()):
            notice = notice_of(order, due_at, "https://shouwang.city.example")
            text = line_of(happening, notice, language) + text_of(happening, notice)
            assert order.number in text
            assert "城东村委会" in text
            assert f"https://shouwang.city.example/orders/{order.number}" in text
            left = text.replace(order.number, "").replace("城东村委会", "")
            assert [one for one in said_of_the_person() if one in left] == []
        session.rollback()


@pytest.mark.parametrize("happening", Happening)
def test_no_request_carries_anything_of_a_person(shared_door: Door, happening: Happening) -> None:
    """What really goes over the wire, with every channel's own fields around the text."""
    with shared_door.session() as session:
        notice = notice_of(session.scalars(select(WorkOrder)).one(), shared_door.clock(), "http://shouwang.example")
    with running_provider(shared_door.clock) as provider, running_mail_server() as mail:
        bodies: list[bytes] = []
        answer = provider.answer

        def noting(method: str, target: str, body: bytes, key: str) -> tuple[int, dict[str, object]]:
            bodies.append(target.encode() + body)
            return answer(method, target, body, key)

        provider.answer = noting
        bot = WecomBot(WecomBotOptions(base_url=provider.address, keys={VILLAGE: "bot-key"}))
        sms = Sms(
            SmsOptions(
                url=f"{provider.address}/sms",
                access_key="sms-key",
                sign_name="守望平台",
                templates=dict.fromkeys(Happening, "T"),
            )
        )
        email = Email(EmailOptions(host="127.0.0.1", port=mail.port, sender="a@b.example", encryption="none"))
        for channel, address in ((bot, "bot-key"), (sms, "13000000001"), (email, "ge1@city.example")):
            channel.send(Outgoing("key-1", happening, notice, Route("k", address)))
        sent = b"".join(bodies).decode() + mail.letters[0]
    assert len(bodies) == 2
    for one in (made_up.NAME, made_up.IDENTITY_NUMBER, made_up.PHONE, made_up.ADDRESS, "16,842", "住院"):
        assert one not in sent
        assert json.dumps(one).strip('"') not in sent


def test_a_message_has_room_for_four_things_and_no_more() -> None:
    assert set(get_type_hints(OrderNotice)) - set(get_type_hints(OrderNotice.__base__)) == {
        "order_number", "village", "due_at", "link",
    }  # fmt: skip
    good = {"order_number": "GD20251121000001", "village": "城东村", "due_at": None}
    good["link"] = f"https://x/orders/{good['order_number']}"
    OrderNotice.model_validate(good)
    for wrong in (
        {"name": made_up.NAME},
        {"order_number": made_up.IDENTITY_NUMBER},
        {"order_number": made_up.NAME},
        {"link": f"https://x/orders/{made_up.NAME}"},
        {"village": "长" * (LONGEST_UNIT_NAME + 1)},
    ):
        with pytest.raises(ValidationError):
            OrderNotice.model_validate(good | wrong)
    # What is kept of a message refers to its order: none of its columns takes free text about anybody.
    texts = {column.name for column in Message.__table__.columns if column.type.python_type is str}
    assert texts == {"cause"}


def test_the_longest_name_that_a_village_may_have_can_be_told(door: Door, order_number: str) -> None:
    with door.session() as session:
        session.get_one(Unit, VILLAGE).name = "长" * LONGEST_UNIT_NAME
        session.commit()
    tick_at(door, "2025-11-21", "10:00")
    assert "长" * LONGEST_UNIT_NAME in door.browser(WORKER).get("/messages").text


def test_telling_the_same_fact_twice_tells_it_once(door: Door, order_number: str) -> None:
    with door.session() as session:
        order = session.scalars(select(WorkOrder)).one()
        telling = Telling(order.assignee_id, order.id, Happening.DUE_SOON, "fact", None)
        assert [tell(session, [telling], door.clock()) for _ in range(2)] == [1, 0]
        session.commit()
        assert len(session.scalars(select(Dispatch)).all()) == 1


def test_the_inbox_counts_shows_and_is_read(door: Door, order_number: str) -> None:
    browser = door.browser(WORKER)
    assert "还没有消息" in browser.get("/messages").text
    tick_at(door, "2025-11-21", "10:00")
    page = browser.get("/orders").text
    assert 'aria-label="1 条未读"' in page
    page = browser.get("/messages").text
    assert f'<a href="/orders/{order_number}" class="is-new">您有新工单 {order_number}（城东村委会）' in page
    assert browser.post("/messages/read", data={"form_token": browser.form_token}).status_code == 303
    page = browser.get("/messages").text
    assert "未读" not in page
    assert order_number in page
    browser.get("/language/en")
    assert f"A new order, {order_number}" in browser.get("/messages").text


def test_long_inboxes_go_on_below(door: Door) -> None:
    door.put(*(warning(household_key=f"h{n}") for n in range(35)))
    tick_at(door, "2025-11-21", "10:00")
    browser = door.browser(WORKER)
    page = browser.get("/messages").text
    assert page.count("/orders/GD") == 30
    older = re.search(r"/messages\?before=\d+", page)
    assert older is not None
    assert browser.get(older[0]).text.count("/orders/GD") == 5
    assert browser.get("/messages?before=0").status_code == 422


def test_everybody_sees_their_own_messages_only(door: Door) -> None:
    elsewhere = {"village_code": OTHER_VILLAGE, "grid_code": OTHER_GRID}
    (here, there) = door.put(warning(household_key="a"), warning(household_key="b", **elsewhere))
    tick_at(door, "2025-12-02")
    assert str(there["order_number"]) not in door.browser("village").get("/messages").text
    assert str(here["order_number"]) in door.browser("village").get("/messages").text
    page = door.browser("wusong").get("/messages").text
    assert str(here["order_number"]) in page
    assert str(there["order_number"]) in page
    assert page.count("/orders/GD") == 3, "the next village has no supervisor, so the town had its escalation too"
    assert "/orders/GD" not in door.browser("analyst").get("/messages").text
    assert (OTHER_WORKER, "overdue") in told(door)


def test_the_database_bounds_messages_by_their_orders(door: Door, order_number: str) -> None:
    tick_at(door, "2025-11-21", "10:00")
    with door.session() as session:
        holder = session.scalars(select(Staff).where(Staff.username == WORKER)).one()
        village_path = holder.unit.path.removesuffix(f"{holder.unit_code}/")

    def seen(looking: Looking) -> tuple[int, int]:
        with ServiceSession(door.engine) as session:
            session.looking = looking
            return len(session.scalars(select(Message)).all()), len(session.scalars(select(Dispatch)).all())

    assert seen(SYSTEM) == (1, 1)
    assert seen(Looking(Looker.ASSIGNEE, village_path, str(holder.id))) == (1, 0)
    assert seen(Looking(Looker.ASSIGNEE, village_path, str(holder.id + 1))) == (0, 0)
    assert seen(Looking(Looker.SUBTREE, village_path)) == (1, 0)
    assert seen(Looking(Looker.NOBODY)) == (0, 0)
