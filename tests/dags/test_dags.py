"""The DAGs load quickly and cleanly, say what they are, and keep to their order."""

import ast
import subprocess
import sys
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

DAGS = Path(__file__).parents[2] / "dags"
NAMES = {"alerts", "nightly", "follow_up", "held_delivery", "on_arrival"}
FILES = sorted(path for path in DAGS.glob("*.py") if path.name != "__init__.py")


@pytest.fixture(scope="module")
def dags() -> dict[str, object]:
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=str(DAGS))
    assert bag.import_errors == {}
    return dict(bag.dags)


def test_each_file_holds_the_dag_of_its_name(dags: dict[str, object]) -> None:
    assert set(dags) == {path.stem for path in FILES} == NAMES


def test_a_dag_says_what_it_is_and_who_owns_it(dags: dict[str, object]) -> None:
    for dag in dags.values():
        assert dag.doc_md  # type: ignore[attr-defined]
        assert dag.owner == "data-team"  # type: ignore[attr-defined]
        assert dag.timezone.name == "Asia/Shanghai"  # type: ignore[attr-defined]
        assert dag.catchup is False  # type: ignore[attr-defined]


def test_the_night_starts_at_one_and_goes_on_when_a_department_fails(dags: dict[str, object]) -> None:
    night = dags["nightly"]
    assert night.schedule == "0 1 * * *"  # type: ignore[attr-defined]
    order = ["pull", "departments", "ingest", "conform", "warn", "dispatch", "feedback", "publish"]
    tasks = night.task_dict  # type: ignore[attr-defined]
    for earlier, later in pairwise(order):
        assert later in tasks[earlier].downstream_task_ids
    assert tasks["ingest"].is_mapped
    assert tasks["pull"].is_mapped
    assert tasks["departments"].trigger_rule == tasks["conform"].trigger_rule == "all_done"


def test_the_night_asks_about_what_is_held_and_waits_for_no_answer(dags: dict[str, object]) -> None:
    tasks = dags["nightly"].task_dict  # type: ignore[attr-defined]
    assert tasks["held"].upstream_task_ids == {"business_date", "ingest"}
    assert tasks["held"].trigger_rule == "all_done"
    assert tasks["ask"].is_mapped
    assert tasks["ask"].partial_kwargs["skip_when_already_exists"], "asked once, however often the night runs"
    assert not tasks["ask"].downstream_task_ids
    asked = dags["held_delivery"].task_dict  # type: ignore[attr-defined]
    assert asked["approval"].options == ["Approve", "Reject"]
    assert asked["decide"].upstream_task_ids == {"approval"}


def test_operators_are_told_of_every_task_that_fails_and_of_a_night_that_is_late(dags: dict[str, object]) -> None:
    from dags import NIGHT_DEADLINE, OperatorsNotifier
    from jobs.alerts import NIGHT_DUE

    for dag in dags.values():
        for task in dag.task_dict.values():  # type: ignore[attr-defined]
            options = task.partial_kwargs if task.is_mapped else vars(task)
            told = options["on_failure_callback"]
            assert [type(one) for one in (told if isinstance(told, list) else [told])] == [OperatorsNotifier], task
    assert dags["nightly"].deadline == [NIGHT_DEADLINE]  # type: ignore[attr-defined]
    start = int(dags["nightly"].schedule.split()[1])  # type: ignore[attr-defined]
    assert start + NIGHT_DEADLINE.interval / timedelta(hours=1) == NIGHT_DUE.hour, "both ways agree on when it is late"
    first = min(int(hour) for hour in dags["alerts"].schedule.split()[1].split(","))  # type: ignore[attr-defined]
    assert first == NIGHT_DUE.hour


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_dag_file_is_thin_and_imports_nothing_of_ours_while_parsing(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    top_level = [node for node in ast.parse(source).body if isinstance(node, ast.Import | ast.ImportFrom)]
    imported = {alias.name for node in top_level for alias in node.names} | {
        node.module or "" for node in top_level if isinstance(node, ast.ImportFrom)
    }
    assert not any(name.split(".")[0] in ("jobs", "warehouse", "schemas", "warning_models") for name in imported)
    assert len(source.splitlines()) <= 80


def test_parsing_touches_neither_duckdb_nor_spark_nor_great_expectations() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import dags.nightly, dags.follow_up, dags.held_delivery; "
        "import dags.on_arrival, dags.alerts; "
        "print(sorted({'duckdb', 'pyspark', 'great_expectations', 'pyiceberg'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(DAGS.parent)], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"
