"""The channels that a city opened, read from its channels' file. Without the file nothing leaves the house."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from case_service.notifications.channels.base import Channel, Recipient, Route
from case_service.notifications.channels.dingtalk import Dingtalk, DingtalkOptions
from case_service.notifications.channels.mail import Email, EmailOptions
from case_service.notifications.channels.sms import Sms, SmsOptions
from case_service.notifications.channels.wecom import WecomApp, WecomAppOptions, WecomBot, WecomBotOptions
from case_service.settings import Settings, UnsafeToStartError
from case_service.tables.notifications import ChannelName

CHANNELS_FILE = "channels.yaml"


class ChannelsFile(BaseModel):
    """The file: every channel's options, and in which order they are tried."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    order: list[ChannelName] = Field(min_length=1)
    wecom_app: WecomAppOptions | None = None
    wecom_bot: WecomBotOptions | None = None
    dingtalk: DingtalkOptions | None = None
    sms: SmsOptions | None = None
    email: EmailOptions | None = None

    @model_validator(mode="after")
    def order_names_what_is_there(self) -> "ChannelsFile":
        """Every channel with options is tried, and none without."""
        given = {name for name in ChannelName if getattr(self, name) is not None}
        if len(self.order) != len(given) or set(self.order) != given:
            raise ValueError(
                f"order must name each channel that has options once: {', '.join(sorted(given)) or 'none'}"
            )
        return self


@dataclass(frozen=True, slots=True)
class Channels:
    """The open channels, in the order in which they are tried."""

    in_order: Mapping[ChannelName, Channel]

    def routes_to(self, recipient: Recipient, refused: set[ChannelName]) -> dict[ChannelName, Route]:
        """How `recipient` is reached, in order, without the channels that refused."""
        found = {name: channel.route_to(recipient) for name, channel in self.in_order.items() if name not in refused}
        return {name: route for name, route in found.items() if route is not None}


def channels_of(settings: Settings, clock: Callable[[], datetime]) -> Channels:
    """The channels named in the channels' file; raises `UnsafeToStartError` when it cannot be read."""
    path = settings.channels_file or (settings.keys_dir or settings.home / "keys") / CHANNELS_FILE
    if not path.is_file():
        if settings.channels_file:
            raise UnsafeToStartError(f"SHOUWANG_CHANNELS_FILE names {path}, and there is no such file.")
        return Channels({})
    if not (settings.public_url or settings.is_demo):
        raise UnsafeToStartError(
            f"{path} opens channels, and messages lead people to the service: the system administrator must set "
            "SHOUWANG_PUBLIC_URL to the address under which they open it."
        )
    opened = {channel.name: channel for channel in _opened(_read(path), clock)}
    return Channels({name: opened[name] for name in _read(path).order})


def _opened(file: ChannelsFile, clock: Callable[[], datetime]) -> Iterator[Channel]:
    if file.wecom_app:
        yield WecomApp(file.wecom_app)
    if file.wecom_bot:
        yield WecomBot(file.wecom_bot)
    if file.dingtalk:
        yield Dingtalk(file.dingtalk, clock)
    if file.sms:
        yield Sms(file.sms)
    if file.email:
        yield Email(file.email)


def _read(path: Path) -> ChannelsFile:
    try:
        return ChannelsFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        # Without the values: they are keys.
        told = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}" for one in error.errors())
        raise UnsafeToStartError(f"{path} cannot be used; the system administrator must mend it: {told}") from None
    except yaml.YAMLError:
        raise UnsafeToStartError(f"{path} is not YAML; the system administrator must mend it.") from None
