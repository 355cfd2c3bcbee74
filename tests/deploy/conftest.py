"""The small city of the journeys, built once."""

from tests.journeys.conftest import copy_city, small_city

__all__ = ["copy_city", "small_city"]
