"""An installation of its own for every test."""

from pathlib import Path

import pytest

from jobs.installation import Installation
from jobs.settings import Settings


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """Demo keys, empty folders, DuckDB, and a case service address where nobody answers."""
    return Installation(Settings(mode="demo", home=tmp_path, case_service_url="http://127.0.0.1:9"))
