"""Messages leave over the city's channels within their limits, and wait out whatever is wrong with them."""

import gc
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from case_service.directory.loading import DirectoryFileError
from case_service.notifications.addresses import load_addresses
from case_service.notifications.channels.configured import Channels, channels_of
from case_service.notifications.outcome_of_try import FIRST_WAIT, LONGEST_WAIT, wait_after
from case_service.settings import UnsafeToStartError, read_settings
from case_service.tables import Dispatch, DispatchAttempt, Message, Staff
from case_service.tables.notifications import Happening
from case_service.ticking import Ticked, tick
from tests.case_service import providers
from tests.case_service.conftest import Door
from tests.case_service.made_up import CITY, OTHER_GRID, OTHER_VILLAGE, OTHER_WORKER, WORKER, YIAN, warning
from tests.case_service.providers import MailServer, Provider, running_mail_server, running_provider

A_MINUTE = timedelta(minutes=1)
TEMPLATES = {happening.value: f"SMS_{place}" for place, happening in enumerate(Happening)}


@dataclass
class Post:
    """The service, its providers, and the channels opened to them."""

    door: Door
    provider: Provider
    mail: MailServer
    folder: Path

    def open(self, *order: str, **changes: dict[str, object]) -> Channels:
        """The channels in that order, as read from a file."""
        address = self.provider.address
        options: dict[str, dict[str, object]] = {
            "wecom_app": {
                "base_url": address,
                "corp_id": providers.CORP_ID,
                "agent_id": providers.AGENT_ID,
                "secret": providers.CORP_SECRET,
            },
            "wecom_bot": {"base_url": address, "keys": {YIAN: providers.BOT_KEY}},
            "dingtalk": {
                "base_url": address,
                "robots": {CITY: {"token": providers.ROBOT_TOKEN, "secret": providers.ROBOT_SECRET}},
            },
            "sms": {
                "url": f"{address}/sms",
                "access_key": providers.SMS_KEY,
                "sign_name": providers.SIGN_NAME,
                "templates": TEMPLATES,
            },
            "email": {
                "host": "127.0.0.1",
                "port": self.mail.port,
                "sender": "shouwang@city.example",
                "encryption": "none",
            },
        }
        file = {"order": list(order)} | {name: options[name] | changes.get(name, {}) for name in order}
        path = self.folder / "channels.yaml"
        path.write_text(yaml.safe_dump(file), encoding="utf-8")
        return channels_of(read_settings(mode="demo", channels_file=path), self.door.clock)

    def deliver(self, count: int = 1, **changes: object) -> list[str]:
        """So many orders for the worker of the first grid."""
        put = self.door.put(*(warning(household_key=f"h{n}", **changes) for n in range(count)))
        return [str(one["order_number"]) for one in put]

    def tick(self, channels: Channels, later: timedelta = timedelta()) -> Ticked:
        """Move the clock and tick."""
        self.door.clock.moment += later
        return tick(self.door.engine, self.door.settings, channels, self.door.clock)

    def states(self) -> dict[str, int]:
        """How many messages stand where on their way out."""
        with self.door.session() as session:
            rows = session.execute(select(Dispatch.state, func.count()).group_by(Dispatch.state))
            return {state.value: count for state, count in rows}

    def answers(self) -> list[str | None]:
        """What was answered to each try, in order."""
        with self.door.session() as session:
            return list(session.scalars(select(DispatchAttempt.answer).order_by(DispatchAttempt.id)))


@pytest.fixture
def post(door: Door, tmp_path: Path) -> Iterator[Post]:
    """Everything running, and the addresses of the staff loaded."""
    addresses = tmp_path / "addresses.csv"
    addresses.write_text(
        f"username,channel,address\n{WORKER},wecom_app,ge1\n{WORKER},email,ge1@city.example\n"
        f"{OTHER_WORKER},wecom_app,gone\n{OTHER_WORKER},email,ge3@city.example\n",
        encoding="utf-8",
    )
    with door.session() as session:
        assert load_addresses(session, addresses) == load_addresses(session, addresses) == 4
        session.commit()
    with running_provider(door.clock) as provider, running_mail_server() as mail:
        yield Post(door, provider, mail, tmp_path)


@pytest.mark.parametrize(
    ("channel", "to", "receipt"),
    [
        ("wecom_app", "ge1", "msgid m0"),
        ("wecom_bot", ["13000000001"], "errcode 0"),
        ("dingtalk", ["13000000001"], "errcode 0"),
        ("sms", "13000000001", "BizId b1^0"),
    ],
)
def test_a_message_arrives_and_its_receipt_is_kept(post: Post, channel: str, to: object, receipt: str) -> None:
    (number,) = post.deliver()
    done = post.tick(post.open(channel))
    assert (done.sent.delivered, done.sent.not_delivered) == (1, 0)
    (taken,) = post.provider.taken
    assert taken["to"] == to
    for part in (number, "城东村委会", "11月28日 23:59", f"http://127.0.0.1:8420/orders/{number}"):
        assert part in str(taken["text"])
    with post.door.session() as session:
        (dispatch,) = session.scalars(select(Dispatch))
    assert (dispatch.state, dispatch.channel, dispatch.receipt) == ("sent", channel, receipt)
    assert post.tick(post.open(channel), A_MINUTE).sent.delivered == 0


def test_a_letter_arrives(post: Post) -> None:
    (number,) = post.deliver()
    post.tick(post.open("email"))
    (letter,) = post.mail.letters
    assert "To: ge1@city.example" in letter
    assert "Message-ID: <shouwang-1@city.example>" in letter
    assert post.states() == {"sent": 1}
    assert number.startswith("GD")


def test_without_channels_the_inbox_is_all_there_is(post: Post) -> None:
    post.deliver()
    assert post.tick(channels_of(post.door.settings, post.door.clock)).sent.delivered == 0
    assert post.states() == {"inbox_only": 1}
    assert post.tick(post.open("email"), A_MINUTE).sent.delivered == 0, "what was news then is not sent later"
    assert "未读" in post.door.browser(WORKER).get("/messages").text


def test_an_access_token_that_ran_out_is_fetched_anew(post: Post) -> None:
    channels = post.open("wecom_app")
    post.deliver()
    post.tick(channels)
    post.provider.tokens.append("another")
    post.deliver(1, village_code=OTHER_VILLAGE, grid_code=None)
    post.door.put(warning(household_key="later"))
    assert post.tick(channels, A_MINUTE).sent.delivered == 1
    assert len(post.provider.tokens) == 3


@pytest.mark.parametrize("channel", ["wecom_bot", "dingtalk"])
def test_a_bots_limit_is_kept_so_that_it_is_never_told_to_slow_down(post: Post, channel: str) -> None:
    channels = post.open(channel)
    post.deliver(50)
    arrived = []
    for _ in range(4):
        post.tick(channels, A_MINUTE)
        arrived.append(len(post.provider.taken))
    assert arrived == [20, 40, 50, 50]
    assert set(post.answers()) == {"errcode 0"}


def test_text_messages_to_one_number_are_spread_as_operators_demand(post: Post) -> None:
    channels = post.open("sms")
    post.deliver(7)
    arrived = []
    for later in [A_MINUTE] * 7 + [timedelta(minutes=54), A_MINUTE, A_MINUTE]:
        post.tick(channels, later)
        arrived.append(len(post.provider.taken))
    assert arrived == [1, 2, 3, 4, 5, 5, 5, 6, 7, 7]


def test_a_bot_that_others_use_too_waits_a_minute_when_it_is_told_to(post: Post) -> None:
    channels = post.open("wecom_bot")
    post.deliver(3)
    post.provider.times = [post.door.clock.moment] * 20
    post.tick(channels)
    assert post.answers() == ["errcode 45009", "not tried", "not tried"]
    post.tick(channels, timedelta(seconds=30))
    assert len(post.answers()) == 3
    post.tick(channels, timedelta(seconds=31))
    assert post.states() == {"sent": 3}


def test_a_robot_that_is_blocked_rests_for_ten_minutes(post: Post) -> None:
    channels = post.open("dingtalk")
    post.provider.blocked_until = post.door.clock.moment + timedelta(minutes=9)
    post.deliver(2)
    for _ in range(10):
        post.tick(channels, timedelta(seconds=59))
    assert post.answers() == ["errcode 130101", "not tried"]
    post.tick(channels, 2 * A_MINUTE)
    assert post.states() == {"sent": 2}


def test_whoever_a_channel_does_not_know_is_told_over_the_next(post: Post) -> None:
    post.deliver(1, village_code=OTHER_VILLAGE, grid_code=OTHER_GRID)
    post.tick(post.open("wecom_app", "sms", "email"))
    assert post.answers() == ["errcode 81013", "isv.MOBILE_NUMBER_ILLEGAL", "250"]
    assert "ge3@city.example" in post.mail.letters[0]


def test_whom_every_channel_refuses_has_the_inbox(post: Post) -> None:
    post.mail.says["ge3@city.example"] = "550 no such user"
    post.deliver(1, village_code=OTHER_VILLAGE, grid_code=OTHER_GRID)
    post.tick(post.open("wecom_app", "email"))
    assert post.answers() == ["errcode 81013", "smtp 550"]
    assert post.states() == {"undeliverable": 1}
    assert "未读" in post.door.browser(OTHER_WORKER).get("/messages").text


def test_a_mail_server_that_takes_no_login_is_left_with_the_connection_closed(post: Post) -> None:
    post.deliver()
    post.mail.says["AUTH"] = "535 no"
    gc.collect()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        post.tick(post.open("email", email={"username": "shouwang", "password": "wrong"}))
        gc.collect()
    assert post.answers() == ["SMTPAuthenticationError"]
    assert [str(one.message) for one in caught if "unclosed" in str(one.message)] == []


def test_a_mail_server_that_says_later_is_asked_later(post: Post) -> None:
    channels = post.open("email")
    post.mail.says["ge1@city.example"] = "451 greylisted"
    post.deliver()
    for _ in range(3):
        post.tick(channels, A_MINUTE)
    assert post.answers() == ["smtp 451", "smtp 451"], "after one minute, then after two"
    post.mail.says.clear()
    post.tick(channels, timedelta(minutes=3))
    assert post.answers()[2:] == ["250"]


@pytest.mark.parametrize(
    "says",
    [
        (503, {}),
        (500, {}),
        (200, {"errcode": -1, "errmsg": "system busy"}),
        (200, {"errcode": 40001, "errmsg": "invalid credential"}),
    ],
    ids=lambda says: str(says[1].get("errcode", says[0])),
)
def test_an_hour_without_messaging_loses_nothing(post: Post, says: tuple[int, dict[str, object]]) -> None:
    channels = post.open("wecom_bot")
    post.provider.outage = says
    numbers = post.deliver(10)
    for _ in range(20):
        post.tick(channels, 3 * A_MINUTE)
    assert post.provider.taken == []
    assert post.states() == {"waiting": 10}
    tries = post.answers()
    assert len([one for one in tries if one != "not tried"]) <= 70
    post.provider.outage = None
    for _ in range(7):
        post.tick(channels, 3 * A_MINUTE)
    assert post.states() == {"sent": 10}
    assert sorted(text.split()[1].partition("（")[0] for text in post.provider.texts()) == sorted(numbers)


def test_a_provider_that_cannot_be_reached_is_asked_ever_more_rarely(post: Post) -> None:
    channels = post.open("wecom_bot", wecom_bot={"base_url": "http://127.0.0.1:9"})
    post.deliver(10)
    for _ in range(20):
        post.tick(channels, 3 * A_MINUTE)
    tried = [one for one in post.answers() if one != "not tried"]
    assert set(tried) == {"ConnectError"}
    assert len(tried) <= 8
    for _ in range(7):
        post.tick(post.open("wecom_bot"), 3 * A_MINUTE)
    assert post.states() == {"sent": 10}


@pytest.mark.parametrize("channel", ["wecom_app", "wecom_bot", "dingtalk", "sms"])
def test_an_answer_that_cannot_be_read_closes_the_channel_for_a_while(post: Post, channel: str) -> None:
    post.deliver()
    channels = post.open(channel)
    post.provider.garbles_answers = True
    post.tick(channels)
    assert post.answers() == ["DecodingError"]
    assert post.states() == {"waiting": 1}
    post.provider.garbles_answers = False
    post.tick(channels, 15 * A_MINUTE)
    assert post.states() == {"sent": 1}


def test_who_waits_ten_minutes_for_a_channel_is_told_over_the_next(post: Post) -> None:
    channels = post.open("wecom_bot", "email")
    post.provider.outage = (503, {})
    post.deliver()
    for _ in range(9):
        post.tick(channels, A_MINUTE)
    assert post.mail.letters == []
    for _ in range(2):
        post.tick(channels, A_MINUTE)
    assert len(post.mail.letters) == 1


def test_what_is_done_is_no_longer_told(post: Post) -> None:
    channels = post.open("wecom_app")
    post.provider.outage = (503, {})
    (number,) = post.deliver()
    post.tick(channels)
    post.door.visit(number)
    post.provider.outage = None
    post.tick(channels, timedelta(minutes=5))
    assert post.provider.taken == []
    assert post.states() == {"withdrawn": 1}


def test_an_answer_that_is_lost_leads_to_a_second_try_under_the_same_key(post: Post) -> None:
    channels = post.open("sms")
    post.provider.loses_answers = True
    post.deliver()
    post.tick(channels)
    post.provider.loses_answers = False
    for _ in range(3):
        post.tick(channels, A_MINUTE)
    assert len(post.provider.taken) == 2
    assert post.states() == {"sent": 1}
    with post.door.session() as session:
        assert session.scalar(select(func.count()).select_from(Message)) == 1


@given(failures=st.integers(1, 10_000), key=st.text(max_size=20))
def test_waits_double_and_end_at_a_quarter_of_an_hour_and_a_little(failures: int, key: str) -> None:
    wait = wait_after(failures, key)
    plain = min(FIRST_WAIT * 2.0 ** min(failures - 1, 20), LONGEST_WAIT)
    assert plain <= wait <= plain * 1.25
    assert wait == wait_after(failures, key)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("order: [sms]", "order must name each channel that has options once"),
        ("order: [pigeon]", "order.0"),
        ("order: [email]\nemail: {host: h, port: 25, sender: a@b, passwort: geheim}", "email.passwort"),
        ("order: [", "is not YAML"),
    ],
)
def test_a_channels_file_that_makes_no_sense_is_refused_without_showing_its_keys(
    tmp_path: Path, content: str, words: str
) -> None:
    path = tmp_path / "channels.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UnsafeToStartError, match=words) as refusal:
        channels_of(read_settings(mode="demo", channels_file=path), None)
    assert "geheim" not in str(refusal.value)
    path.unlink()
    with pytest.raises(UnsafeToStartError, match="there is no such file"):
        channels_of(read_settings(mode="demo", channels_file=path), None)


def test_no_channel_opens_before_messages_have_an_address_to_lead_to(tmp_path: Path) -> None:
    path = tmp_path / "channels.yaml"
    path.write_text("order: [email]\nemail: {host: h, port: 25, sender: a@b}\n", encoding="utf-8")
    given = {"channels_file": path, "service_token": "t" * 32, "case_sealing_key": "ab" * 16}
    with pytest.raises(UnsafeToStartError, match="must set SHOUWANG_PUBLIC_URL"):
        channels_of(read_settings(**given), None)
    opened = channels_of(read_settings(**given, public_url="https://shouwang.city.example"), None)
    assert list(opened.in_order) == ["email"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nobody,email,a@b", "nobody is called nobody"),
        (f"{WORKER},sms,130", "go by an address of their own"),
        (f"{WORKER},email,a b", "line 2: address"),
    ],
)
def test_mistakes_in_the_addresses_are_told(door: Door, tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "addresses.csv"
    path.write_text(f"username,channel,address\n{line}\n", encoding="utf-8")
    with door.session() as session, pytest.raises(DirectoryFileError, match=words):
        load_addresses(session, path)


def test_whoever_has_left_is_told_nothing(post: Post) -> None:
    post.deliver()
    channels = post.open("wecom_app")
    post.provider.outage = (503, {})
    post.tick(channels)
    with post.door.session() as session:
        session.scalars(select(Staff).where(Staff.username == WORKER)).one().is_active = False
        session.commit()
    post.provider.outage = None
    post.tick(channels, timedelta(minutes=5))
    assert post.states() == {"inbox_only": 1}
