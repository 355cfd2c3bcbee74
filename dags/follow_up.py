"""The day between two nights: how work orders stand against their clocks, and what visits found."""

from typing import Any

import pendulum
from airflow.sdk import dag, task

from dags import DEFAULTS, PARAMS, business_date


@dag(
    dag_display_name="守望 日间跟进",
    schedule="30 8-20/2 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="Asia/Shanghai"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    params=PARAMS,
    doc_md=__doc__,
    tags=["shouwang"],
)
def follow_up() -> None:
    def step(name: str) -> Any:
        @task(task_id=name)
        def run(day: str) -> None:
            from jobs.scheduled import run_step

            run_step(name, day)

        return run(day)

    day: Any = business_date()
    step("deadlines")
    step("feedback")


follow_up()
