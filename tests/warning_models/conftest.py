"""The models, the schemas of what they read, and both engines opened once."""

from collections.abc import Iterator, Mapping

import pyarrow as pa
import pytest

from warehouse.definitions import layer_definitions
from warehouse.engines import Engine, open_engine
from warning_models.loader import WarningModel, load_models


@pytest.fixture(scope="session")
def models() -> dict[str, WarningModel]:
    return {model.id: model for model in load_models()}


@pytest.fixture(scope="session")
def schemas() -> Mapping[str, pa.Schema]:
    return {table.sql_name: table.schema for layer in ("dwd", "dws") for table in layer_definitions(layer).values()}


@pytest.fixture(scope="session")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Engine]]:
    work_folder = tmp_path_factory.mktemp("engines")
    with (
        open_engine("duckdb", work_folder=work_folder) as on_duckdb,
        open_engine("spark", work_folder=work_folder, master="local[2]") as on_spark,
    ):
        yield {"duckdb": on_duckdb, "spark": on_spark}
