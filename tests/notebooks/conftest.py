"""The small city of the journeys and its first night."""

from tests.journeys.conftest import first_night_warned, small_city

__all__ = ["first_night_warned", "small_city"]
