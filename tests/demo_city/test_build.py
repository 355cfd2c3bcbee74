import hashlib
import stat
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from demo_city.__main__ import main
from demo_city.build import CityRefusedError, build
from demo_city.period import PEOPLE_AT_SCALE, CityPlan
from jobs.commands.demo import Mess, Scale
from tests.demo_city.conftest import SMALL, BuiltCity, built


def hashes(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def quiet(_: str) -> None:
    pass


def test_the_same_arguments_give_the_same_bytes(small_city: BuiltCity, tmp_path: Path) -> None:
    again = built(tmp_path, SMALL)

    assert hashes(again.home) == hashes(small_city.home)


def test_another_seed_gives_another_city(small_city: BuiltCity, tmp_path: Path) -> None:
    other = built(tmp_path, replace(SMALL, seed=8))

    register = other.manifest("household_register")
    assert register.files[0].sm3 != small_city.manifest("household_register").files[0].sm3


def test_a_city_already_there_is_left_alone(small_city: BuiltCity) -> None:
    before = hashes(small_city.home)

    assert build(small_city.home, SMALL, quiet) == []
    assert hashes(small_city.home) == before


def test_other_arguments_are_refused(small_city: BuiltCity, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["build", "--home", str(small_city.home), "--people", "1600"]

    assert main(arguments) == 2
    assert "Another demo city is already in" in capsys.readouterr().err


def test_a_scale_names_how_many_people_live_there() -> None:
    assert PEOPLE_AT_SCALE["city"] == PEOPLE_AT_SCALE["province"] == 1_310_000
    assert set(PEOPLE_AT_SCALE) == {scale.value for scale in Scale}
    assert set(get_args(CityPlan.__annotations__["mess"])) == {mess.value for mess in Mess}


def test_a_build_that_crashed_is_built_again(small_city: BuiltCity, tmp_path: Path) -> None:
    def crash(step: str) -> None:
        if "2026-11-20 dibao" in step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(tmp_path, SMALL, crash)
    assert not (tmp_path / "demo" / "city.json").exists()

    build(tmp_path, SMALL, quiet)
    assert hashes(tmp_path) == hashes(small_city.home)


def test_deliveries_of_others_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / "landing" / "2026-11-19").mkdir(parents=True)

    with pytest.raises(CityRefusedError, match="choose another --home"):
        build(tmp_path, SMALL, quiet)


def test_the_truth_is_closed_to_others(small_city: BuiltCity) -> None:
    folder = small_city.home / "demo" / "truth"

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert "No job" in (folder / "README.md").read_text(encoding="utf-8")
