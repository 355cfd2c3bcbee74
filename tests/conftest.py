"""Shared by all tests: properties are judged by what they find, never by seconds."""

import os

from hypothesis import settings

# A test's Spark lives for a minute or two: Java's second compiler would take longer than it saves.
os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m")
# Working out what each column is computed from takes seconds that the tests of it are enough for.
os.environ.setdefault("SHOUWANG_LINEAGE_EVENTS", "off")

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
