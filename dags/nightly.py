"""The night: ingest every department, then conform, warn, dispatch, feedback, publish.

Departments are mapped, so that one that is late or wrong turns red alone and holds back nobody.
"""

from typing import Any

import pendulum
from airflow.sdk import Asset, Param, TriggerRule, chain, dag, get_current_context, task

from dags import DEFAULTS

PUBLISHED = Asset("shouwang://published/latest")


@dag(
    dag_display_name="守望 每夜作业",
    schedule="0 1 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="Asia/Shanghai"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    params={"business_date": Param(None, type=["null", "string"], format="date", title="业务日期")},
    doc_md=__doc__,
    tags=["shouwang"],
)
def nightly() -> None:
    @task
    def business_date() -> str:
        from jobs.nightly import business_date_of

        context = get_current_context()
        return business_date_of(context["params"]["business_date"], context["dag_run"].run_after).isoformat()

    @task
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
    ingested = ingest.partial(day=day).expand(department=departments(day))
    chain(
        ingested,
        later("conform", trigger_rule=TriggerRule.ALL_DONE)(day),
        later("warn")(day),
        later("dispatch")(day),
        later("feedback")(day),
        later("publish", outlets=[PUBLISHED])(day),
    )


nightly()
