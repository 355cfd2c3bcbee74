"""The set-up on a machine that has nothing but Python."""

import json
import shutil
import subprocess
from pathlib import Path

from tests.bare_machine import programs_without
from tests.deploy.compose import PROJECT


def test_what_browsers_get_is_fetched_without_a_node_of_the_machine(tmp_path: Path) -> None:
    bare = programs_without(tmp_path / "bin", "node", "npm", "npx", "corepack")
    folder = tmp_path / "clone"
    folder.mkdir()
    for name in ("Makefile", "package.json", "package-lock.json"):
        shutil.copy(PROJECT / name, folder / name)
    (folder / ".venv").symlink_to(PROJECT / ".venv")
    done = subprocess.run(
        ["make", "--assume-old=.venv/.installed", "node_modules/.installed"],
        cwd=folder,
        env={"PATH": str(bare), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    wanted = json.loads((PROJECT / "package.json").read_text(encoding="utf-8"))
    for name in (*wanted["dependencies"], *wanted["devDependencies"]):
        assert (folder / "node_modules" / name).is_dir(), name
