"""What the notebooks read comes from the night that the journeys begin from."""

from tests.journeys.conftest import first_night_told, small_city

__all__ = ["first_night_told", "small_city"]
