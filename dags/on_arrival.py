"""As it lands: what arrives between two nights goes through to work orders at once; same ids as in the night.

A run waits until something has landed, takes it in and ends; the next one begins at once. While a night runs it waits.
"""

from typing import Any

import pendulum
from airflow.sdk import chain, dag, task

from dags import DEFAULTS, PARAMS, business_date


@dag(
    dag_display_name="守望 到件即办",
    schedule="@continuous",
    start_date=pendulum.datetime(2026, 1, 1, tz="Asia/Shanghai"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    params=PARAMS,
    doc_md=__doc__,
    tags=["shouwang"],
)
def on_arrival() -> None:
    # The hour's end lets the next run ask which date it is.
    @task.sensor(poke_interval=30, timeout=3600, mode="reschedule", soft_fail=True)
    def landed(day: str) -> bool:
        from jobs.scheduled import has_landed

        return has_landed(day)

    @task
    def take_in(day: str) -> list[str]:
        from jobs.scheduled import take_in_what_landed

        return take_in_what_landed(day)

    day: Any = business_date()
    chain(landed(day), take_in(day))


on_arrival()
