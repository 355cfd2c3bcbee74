"""An outbox with one channel, and what arrived over it."""

from collections import Counter
from datetime import timedelta

from case_service.notifications.channels.configured import Channels
from case_service.notifications.channels.wecom import WecomBot, WecomBotOptions
from case_service.tables.notifications import ChannelName
from case_service.ticking import tick
from tests.case_service.conftest import Door
from tests.case_service.made_up import YIAN
from tests.case_service.providers import BOT_KEY, Provider


def channels_to(provider: Provider) -> Channels:
    return Channels({ChannelName.WECOM_BOT: WecomBot(WecomBotOptions(base_url=provider.address, keys={YIAN: BOT_KEY}))})


def ticks_until_all_is_sent(door: Door, channels: Channels) -> None:
    """Everything works again, for two hours."""
    for _ in range(6):
        door.clock.moment += timedelta(minutes=20)
        tick(door.engine, door.settings, channels, door.clock)


def arrived(provider: Provider) -> Counter[str]:
    return Counter(line.split()[1].partition("（")[0] for line in provider.texts())
