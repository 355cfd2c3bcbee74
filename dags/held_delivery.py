"""One held delivery: a person approves (放行) or rejects (退回) it here, or by `shouwang deliveries`.

Started by the night for each delivery that is unusual but breaks no promise. Nothing waits for the answer: a
released delivery comes in with the next ingest.
"""

from datetime import timedelta
from typing import Any

import pendulum
from airflow.providers.standard.operators.hitl import ApprovalOperator, HITLOperator
from airflow.sdk import Param, chain, dag, get_current_context, task

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

    @task
    def decide(given: Any) -> None:
        from jobs.approval import answer
        from jobs.installation import this_installation

        delivery_id = get_current_context()["params"]["delivery_id"]
        approved = given["chosen_options"] == [ApprovalOperator.APPROVE]
        reason, by = given["params_input"].get("reason", ""), given["responded_by_user"]["name"]
        answer(this_installation(), delivery_id, approved, reason, by, given["responded_at"])

    asked = question()
    # ApprovalOperator itself keeps no answer of a rejection, because it skips what follows.
    approval = HITLOperator(
        task_id="approval",
        options=[ApprovalOperator.APPROVE, ApprovalOperator.REJECT],
        subject="放行批次 release {{ params.delivery_id }}?",
        body="{{ ti.xcom_pull('question') }}",
        retry_delay=timedelta(seconds=10),
        params={"reason": Param("", type="string", title="理由 reason", description="必填 required; kept for ever")},
    )
    chain(asked, approval, decide(approval.output))


held_delivery()
