"""Three times a day: what stands is told to the operators, each with who must do what.

Nothing else hangs on it: the task turns red while something stands, and green once it is mended.
"""

import pendulum
from airflow.sdk import dag, task

from dags import DEFAULTS


@dag(
    dag_display_name="守望 告警",
    schedule="5 9,13,17 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="Asia/Shanghai"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    doc_md=__doc__,
    tags=["shouwang"],
)
def alerts() -> None:
    @task
    def standing() -> None:
        from jobs.scheduled import raise_alerts

        raise_alerts()

    standing()


alerts()
