"""A standalone cluster that loses a worker in the middle of a job gives every model's answers as DuckDB does."""

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from tests.warehouse.standalone_cluster import StandaloneCluster, standalone_cluster
from tests.warning_models.answering import answers_file
from warehouse.engines import open_engine
from warning_models.examples import differences_from, results
from warning_models.loader import WarningModel, load_models

MODELS = load_models()


def answered_by(
    cluster: StandaloneCluster, models: Sequence[WarningModel], folder: Path
) -> Mapping[str, Mapping[str, pa.Table]]:
    """What the cluster says of the models' families, though it loses a worker when half of them are answered."""
    lost, half = cluster.workers[0], models[len(models) // 2 - 1].id
    command = [sys.executable, "-m", "tests.warning_models.answering", str(folder), *(model.id for model in models)]
    complaints = folder / "complaints"
    with (
        complaints.open("wb") as log,
        subprocess.Popen(command, env={**os.environ, **cluster.environment}, stderr=log) as answering,
    ):
        try:
            while not answers_file(folder, half).exists():
                assert answering.poll() is None, complaints.read_text()[-3000:]
                time.sleep(0.02)
            before = lost.shuffled()
            while lost.shuffled() <= before:
                assert answering.poll() is None, "all was answered before the worker had anything to lose"
                time.sleep(0.005)
            lost.kill()
            assert not answers_file(folder, models[-1].id).exists()
            answering.wait()
        finally:
            answering.kill()
    assert answering.returncode == 0, complaints.read_text()[-3000:]
    assert "Lost executor" in complaints.read_text()
    assert cluster.living_workers() == 1
    return {model.id: pickle.loads(answers_file(folder, model.id).read_bytes()) for model in models}


@pytest.mark.long
def test_examples_come_out_as_on_duckdb_though_a_worker_is_killed(
    schemas: Mapping[str, pa.Schema], tmp_path: Path
) -> None:
    """In short, that the composed cluster computes: see tests/deploy/test_compose.py."""
    with standalone_cluster(tmp_path / "cluster") as cluster:
        on_cluster = answered_by(cluster, MODELS, tmp_path)
    with open_engine("duckdb", work_folder=tmp_path / "duckdb") as engine:
        for model in MODELS:
            assert differences_from(model, on_cluster[model.id]) == []
            assert on_cluster[model.id] == results(model, engine, schemas), model.id
