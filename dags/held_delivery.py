"""One held delivery: a person approves (放行) or rejects (退回) it here, or by `shouwang deliveries`.

Started by the night for each delivery that is unusual but breaks no promise. Nothing waits for the answer: a
released delivery comes in with the next ingest.
"""

from datetime import timedelta
from typing import Any

import pendulum
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Param, TriggerRule, chain, dag, get_current_context, task

from dags import DEFAULTS


@dag(
    dag_display_name="守望 暂扣批次",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="Asia/Shanghai"),
    catchup=False,
    max_active_runs=1000,
    default_args=DEFAULTS,
    params={"delivery_id": Param("", type="string", title="批次")},
    doc_md=__doc__,
    tags=["shouwang"],
)
def held_delivery() -> None:
    @task
    def question() -> str:
        from jobs.approval import question
        from jobs.installation import this_installation

        return question(this_installation(), get_current_context()["params"]["delivery_id"])

    def decided(task_id: str, approved: bool, **options: Any) -> Any:
        @task(task_id=task_id, **options)
        def record() -> None:
            from jobs.approval import answer
            from jobs.installation import this_installation

            context = get_current_context()
            # Pulled, not passed: what depends on the approval directly is skipped where it is a rejection.
            given = context["ti"].xcom_pull(task_ids="approval")
            reason, by = given["params_input"].get("reason", ""), given["responded_by_user"]["name"]
            delivery_id = context["params"]["delivery_id"]
            answer(this_installation(), delivery_id, approved, reason, by, given["responded_at"])

        return record()

    asked = question()
    approval = ApprovalOperator(
        task_id="approval",
        subject="放行批次 release {{ params.delivery_id }}?",
        body="{{ ti.xcom_pull('question') }}",
        retry_delay=timedelta(seconds=10),
        params={"reason": Param("", type="string", title="理由 reason", description="必填 required; kept for ever")},
    )
    # Rejecting skips what follows the approval directly, and so runs what follows only when that was skipped.
    chain(asked, approval, decided("release", True), decided("reject", False, trigger_rule=TriggerRule.ALL_SKIPPED))


held_delivery()
