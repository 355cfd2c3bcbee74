"""Ten cities, each by itself in a home of its own."""

from pathlib import Path

import pytest

from demo_city.__main__ import main
from demo_city.period import CITY_CODE
from demo_city.province import CITY_CODES
from schemas.loader import contracts
from tests.demo_city.reading import delivered_rows, tidy_identity

PEOPLE = "1000"


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("province")
    assert main(["build", "--home", str(home), "--scale", "province", "--people", PEOPLE]) == 0
    return home


def register(home: Path) -> list[dict[str, str]]:
    path = next(home.glob("landing/*/public_security/household_register_*_01.csv"))
    return delivered_rows(contracts()["household_register"], path)


def test_each_city_has_a_home_of_its_own(province: Path) -> None:
    assert {path.name for path in province.iterdir()} == set(CITY_CODES)
    assert len(CITY_CODES) == 10
    for code in CITY_CODES:
        assert (province / code / "demo" / "city.json").exists()
        assert (province / code / "demo" / "truth" / "hardship.parquet").exists()
        assert (province / code / "demo" / "directory").exists() == (code == CITY_CODE)


def test_no_two_cities_share_people_or_places(province: Path) -> None:
    numbers: set[str] = set()
    for code in CITY_CODES:
        rows = register(province / code)
        assert {row["village_code"][:4] for row in rows if len(row["village_code"]) == 12} == {code}
        own = {tidy_identity(row["certno"]) for row in rows} - {""}
        assert not own & numbers
        numbers |= own


def test_a_province_that_is_there_is_left_alone(province: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "--home", str(province), "--scale", "province", "--people", PEOPLE]) == 0
    assert capsys.readouterr().out.count("nothing was changed") == 10
