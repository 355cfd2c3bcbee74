"""The night: read departments' databases, ingest every department, then conform, warn, dispatch, feedback, publish.

Departments are mapped, so that one that is late or wrong turns red alone and holds back nobody.
"""

from typing import Any

import pendulum
from airflow.sdk import Asset, TriggerRule, chain, dag, task

from dags import DEFAULTS, PARAMS, business_date

PUBLISHED = Asset("shouwang://published/latest")


@dag(
    dag_display_name="守望 每夜作业",
    schedule="0 1 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="Asia/Shanghai"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    params=PARAMS,
    doc_md=__doc__,
    tags=["shouwang"],
)
def nightly() -> None:
    @task
    def sources() -> list[str]:
        from jobs.nightly import run_sources

        return run_sources()

    @task(map_index_template="{{ task.op_kwargs['department'] }}", retries=0)
    def pull(day: str, department: str) -> None:
        from jobs.nightly import run_pull

        run_pull(day, department)

    @task(trigger_rule=TriggerRule.ALL_DONE)
    def departments(day: str) -> list[str]:
        from jobs.nightly import run_departments

        return run_departments(day)

    @task(map_index_template="{{ task.op_kwargs['department'] }}")
    def ingest(day: str, department: str) -> None:
        from jobs.nightly import run_ingest

        run_ingest(day, department)

    def later(step: str, **options: Any) -> Any:
        @task(task_id=step, **options)
        def run(day: str) -> None:
            from jobs.nightly import run_step_of_day

            run_step_of_day(step, day)

        return run

    day: Any = business_date()
    found: Any = departments(day)
    ingested = ingest.partial(day=day).expand(department=found)
    chain(
        pull.partial(day=day).expand(department=sources()),
        found,
        ingested,
        later("conform", trigger_rule=TriggerRule.ALL_DONE)(day),
        later("warn")(day),
        later("dispatch")(day),
        later("feedback")(day),
        later("publish", outlets=[PUBLISHED])(day),
    )


nightly()
