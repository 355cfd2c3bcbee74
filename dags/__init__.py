"""When and in what order. No logic: tasks call jobs."""

from datetime import timedelta

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

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
