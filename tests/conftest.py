"""Shared by all tests: properties are judged by what they find, never by seconds."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
