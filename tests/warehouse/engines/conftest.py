"""Both engines, opened once: everything an engine promises is asked of each."""

from collections.abc import Iterator

import pytest

from warehouse.engines import Engine, open_engine


@pytest.fixture(scope="session")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Engine]]:
    work_folder = tmp_path_factory.mktemp("engines")
    with (
        open_engine("duckdb", work_folder=work_folder) as on_duckdb,
        open_engine("spark", work_folder=work_folder, master="local[2]") as on_spark,
    ):
        yield {"duckdb": on_duckdb, "spark": on_spark}


@pytest.fixture(params=["duckdb", "spark"])
def engine(request: pytest.FixtureRequest, engines: dict[str, Engine]) -> Engine:
    return engines[request.param]
