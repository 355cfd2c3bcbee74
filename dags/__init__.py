"""When and in what order. No logic: tasks call jobs."""

from datetime import timedelta

from airflow.sdk import ExceptionRetryPolicy, Param, RetryAction, RetryRule, get_current_context, task

# What a person must mend is not tried again; a service that is down for a moment is.
DEFAULTS = {
    "owner": "data-team",
    "retries": 2,
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
