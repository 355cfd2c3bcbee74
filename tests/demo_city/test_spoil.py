import shutil
from pathlib import Path

import pytest

from demo_city.__main__ import main
from demo_city.spoil import NothingToSpoilError, spoil
from schemas.delivery import Manifest, file_sm3, finished_manifests
from schemas.loader import contracts
from tests.demo_city.conftest import BuiltCity
from tests.demo_city.reading import delivered_rows


@pytest.fixture
def city(small_city: BuiltCity, tmp_path: Path) -> BuiltCity:
    home = tmp_path / "home"
    shutil.copytree(small_city.home, home)
    return BuiltCity(home, small_city.plan, small_city.manifests)


def reread(city: BuiltCity, extract_class: str) -> Manifest:
    path = city.data_file(city.manifest(extract_class))
    return Manifest.model_validate_json(path.with_suffix(".manifest.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("extract_class", ["household_register", "disability_certificate", "dibao"])
def test_a_changed_column_leaves_the_hash_right(city: BuiltCity, extract_class: str) -> None:
    spoil(city.home, city.plan.first_night, extract_class, "columns_changed")

    manifest = reread(city, extract_class)
    assert file_sm3(city.data_file(manifest)) == manifest.files[0].sm3
    with pytest.raises(AssertionError):
        delivered_rows(contracts()[extract_class], city.data_file(manifest))


def test_a_wrong_hash_leaves_the_file_alone(city: BuiltCity) -> None:
    spoil(city.home, city.plan.first_night, "tekun", "hash")

    manifest = reread(city, "tekun")
    assert file_sm3(city.data_file(manifest)) == city.manifest("tekun").files[0].sm3 != manifest.files[0].sm3


def test_counts_and_sums_can_be_wrong(city: BuiltCity) -> None:
    date = str(city.plan.first_night)
    for how in ("row_count", "control_sum"):
        assert main(["spoil", "--home", str(city.home), "--date", date, "--class", "dibao", "--how", how]) == 0

    spoiled, right = reread(city, "dibao"), city.manifest("dibao")
    assert spoiled.row_count != right.row_count
    assert spoiled.control_sum != right.control_sum


def test_a_delivery_without_ok_is_not_finished(city: BuiltCity) -> None:
    spoil(city.home, city.plan.first_night, "tekun", "no_ok")

    finished = finished_manifests(city.landing, city.plan.first_night, "civil_affairs")
    assert not any(path.name.startswith("tekun") for path in finished)


def test_what_cannot_be_spoiled_is_said_so(city: BuiltCity) -> None:
    with pytest.raises(NothingToSpoilError, match="no control sum"):
        spoil(city.home, city.plan.first_night, "household_register", "control_sum")
    with pytest.raises(NothingToSpoilError, match="There is no delivery"):
        spoil(city.home, city.plan.first_night, "tekun", "hash", sequence=9)
