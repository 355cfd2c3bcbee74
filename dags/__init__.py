"""When and in what order. No logic: tasks call jobs."""

import asyncio
import sys
from datetime import timedelta
from typing import Any

from airflow.sdk import (  # type: ignore[attr-defined]
    AsyncCallback,
    BaseNotifier,
    DeadlineAlert,
    DeadlineReference,
    ExceptionRetryPolicy,
    Param,
    RetryAction,
    RetryRule,
    get_current_context,
    task,
)


class OperatorsNotifier(BaseNotifier):
    """Tells the operators' group of a task that failed, or of a run that is not done by its deadline."""

    def notify(self, context: Any) -> None:
        from jobs.operators import tell_operators, told_of_deadline, told_of_failure
        from jobs.settings import settings

        if "deadline" in context:
            text = told_of_deadline(context["dag_run"]["dag_id"], context["dag_run"]["dag_run_id"])
        else:
            task_instance = context["task_instance"]
            about = task_instance.rendered_map_index or ""
            text = told_of_failure(task_instance.dag_id, task_instance.task_id, about, context.get("exception"))
        tell_operators(settings(), text)

    async def async_notify(self, context: Any) -> None:
        """As the triggerer runs it, where nothing may wait."""
        await asyncio.to_thread(self.notify, context)


# From the start of the night at one until nine.
NIGHT_DEADLINE = DeadlineAlert(
    reference=DeadlineReference.DAGRUN_LOGICAL_DATE,
    interval=timedelta(hours=8),
    callback=AsyncCallback(OperatorsNotifier),
    name="night late",
)
# 'airflow dags test' stores no alerts, and Airflow 3.3.2 then fails to look them up when a run succeeds.
NIGHT_DEADLINES = [] if sys.argv[1:3] == ["dags", "test"] else [NIGHT_DEADLINE]

# What a person must mend is not tried again; a service that is down for a moment is.
DEFAULTS = {
    "owner": "data-team",
    "retries": 2,
    "on_failure_callback": OperatorsNotifier(),
    "retry_delay": timedelta(minutes=10),
    "retry_policy": ExceptionRetryPolicy(
        rules=[
            RetryRule("jobs.errors.CaseServiceUnreachableError", RetryAction.RETRY),
            RetryRule("jobs.errors.BusyError", RetryAction.RETRY),
            RetryRule("jobs.errors.ShouwangError", RetryAction.FAIL, reason="a person must act"),
        ]
    ),
}
PARAMS = {"business_date": Param(None, type=["null", "string"], format="date", title="业务日期")}


@task
def business_date() -> str:
    """The date a run is for: the one it was triggered with, else the day on which it starts."""
    from jobs.scheduled import business_date_of

    context = get_current_context()
    return business_date_of(context["params"]["business_date"], context["dag_run"].run_after).isoformat()
