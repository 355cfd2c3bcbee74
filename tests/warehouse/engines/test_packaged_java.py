"""On a machine without Java the runtime that comes as a Python package serves."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bare_machine import programs_without

CODE = """
import sys
from pathlib import Path
from warehouse.engines import open_engine
with open_engine("spark", work_folder=Path(sys.argv[1]), master="local[1]") as engine:
    print(engine.query("select full_years(date '1950-03-01', date '2026-11-20') as age").to_pylist())
"""


@pytest.mark.long
def test_spark_starts_without_a_java_of_the_machine(tmp_path: Path) -> None:
    path = programs_without(tmp_path / "bin", "java", "jdk")
    around = {name: value for name, value in os.environ.items() if not name.startswith(("JAVA", "JDK", "SPARK"))}
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(tmp_path / "work")],
        env={**around, "PATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "[{'age': 76}]"
    assert (tmp_path / "work" / "java" / "bin" / "java").exists()
