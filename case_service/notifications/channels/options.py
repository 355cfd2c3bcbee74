"""What a channel can be told in the channels' file, and how a unit finds its group."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict


class ChannelOptions(BaseModel):
    """The options of one channel; unknown ones are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def nearest(by_unit: Mapping[str, object], unit_path: str) -> str | None:
    """The unit with an entry that is nearest on the way up from `unit_path`, itself included."""
    upwards = reversed(unit_path.strip("/").split("/"))
    return next((unit for unit in upwards if unit in by_unit), None)
