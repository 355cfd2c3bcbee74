"""Has Spark, where the environment says it runs, answer models' examples: `python -m … <folder> <model> …`.

A process of its own: a second Spark context is not allowed beside the first. Each model's answers are written as one
file once they are there, and no sooner.
"""

import pickle
import sys
from pathlib import Path

from warehouse.definitions import layer_definitions
from warehouse.engines import open_engine
from warning_models.examples import results
from warning_models.loader import load_models


def answers_file(folder: Path, model_id: str) -> Path:
    """Where a model's answers stand: a pickled mapping of family to what the model says of it."""
    return folder / f"{model_id}.pickle"


def main() -> None:
    """Answer and write."""
    folder, asked = Path(sys.argv[1]), sys.argv[2:]
    schemas = {table.sql_name: table.schema for layer in ("dwd", "dws") for table in layer_definitions(layer).values()}
    with open_engine("spark", work_folder=folder / "work") as engine:
        for model in (one for one in load_models() if one.id in asked):
            unfinished = folder / "unfinished"
            unfinished.write_bytes(pickle.dumps(results(model, engine, schemas)))
            unfinished.rename(answers_file(folder, model.id))


if __name__ == "__main__":
    main()
