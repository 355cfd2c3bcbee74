"""The night: read departments' databases, ingest every department, then conform, warn, dispatch, feedback, publish.

Departments are mapped, so that one that is late or wrong turns red alone and holds back nobody. For
each held delivery that a person may let in, the DAG `held_delivery` is started; the night waits for no answer.
"""

from typing import Any

import pendulum
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Asset, TriggerRule, chain, dag, task

from dags import DEFAULTS, NIGHT_DEADLINES, PARAMS, business_date

PUBLISHED = Asset("shouwang://published/latest")


@dag(
    dag_display_name="守望 每夜作业",
    schedule="0 1 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="Asia/Shanghai"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    deadline=NIGHT_DEADLINES,
    params=PARAMS,
    doc_md=__doc__,
    tags=["shouwang"],
)
def nightly() -> None:
    def listed(what: str, **options: Any) -> Any:
        @task(task_id=what, **options)
        def run(day: str) -> list[Any]:
            from jobs import scheduled

            return scheduled.listed(what, day)

        return run(day)

    def each(step: str, departments: Any, **options: Any) -> Any:
        @task(task_id=step, map_index_template="{{ task.op_kwargs['department'] }}", **options)
        def run(day: str, department: str) -> None:
            from jobs.scheduled import run_department_step

            run_department_step(step, day, department)

        return run.partial(day=day).expand(department=departments)

    def later(step: str, **options: Any) -> Any:
        @task(task_id=step, **options)
        def run(day: str) -> None:
            from jobs.scheduled import run_step

            run_step(step, day)

        return run(day)

    day: Any = business_date()
    # What a database does not give tonight comes with the next night's pull.
    pulled = each("pull", listed("sources"), retries=0)
    departments = listed("departments", trigger_rule=TriggerRule.ALL_DONE)
    ingested = each("ingest", departments)
    held = listed("held", trigger_rule=TriggerRule.ALL_DONE)
    ask = TriggerDagRunOperator.partial(task_id="ask", trigger_dag_id="held_delivery", skip_when_already_exists=True)
    pulled >> departments
    ingested >> held >> ask.expand_kwargs(held)
    chain(
        ingested,
        later("conform", trigger_rule=TriggerRule.ALL_DONE),
        later("warn"),
        later("dispatch"),
        later("feedback"),
        later("publish", outlets=[PUBLISHED]),
    )


nightly()
