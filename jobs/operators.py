"""Telling the operators: a text into their group, by the address of a bot (WeCom 企业微信 or DingTalk 钉钉 alike).

A text says what happened and who must do what, and holds no data of a person: of errors that are not ours only the
kind is told.
"""

import httpx
import structlog

from jobs.errors import OperatorsNotToldError, ShouwangError
from jobs.settings import Settings

SIGNED = "【守望 Shouwang】"
# What WeCom takes of a text.
MOST_BYTES = 2048
SECONDS = 20

log = structlog.get_logger(__name__)


def tell_operators(settings: Settings, text: str) -> bool:
    """Send a text to the operators' group, or only log it where none is set; says whether it was sent.

    Raises OperatorsNotToldError where the group does not take it.
    """
    webhook = settings.operators_webhook_address
    if webhook is None:
        log.warning("nobody is told: SHOUWANG_OPERATORS_WEBHOOK is not set", text=text)
        return False
    body = {"msgtype": "text", "text": {"content": _short(f"{SIGNED}{text}")}}
    try:
        answer = httpx.post(webhook, json=body, timeout=SECONDS).raise_for_status().json()
        refusal = answer.get("errcode")
    except (httpx.HTTPError, ValueError, AttributeError) as error:
        # Not its words: they name the address, which holds the bot's key.
        refusal = type(error).__name__
    if refusal != 0:
        raise OperatorsNotToldError(
            f"the operators' group does not take a message ({refusal}): the system administrator must check "
            "SHOUWANG_OPERATORS_WEBHOOK"
        )
    return True


def told_of_failure(dag: str, task: str, about: str, error: BaseException | str | None) -> str:
    """What the operators are told of a task of a DAG that failed, about a department or about none."""
    of = f"{task} ({about})" if about else task
    words = str(error) if isinstance(error, ShouwangError) else type(error).__name__ if error else "ended"
    act = "" if isinstance(error, ShouwangError) else " The data team must read its log in Airflow."
    return f"{dag}: {of} 失败 failed: {words}{act}"


def told_of_deadline(dag: str, run: str) -> str:
    """What the operators are told of a run that is not done by its time."""
    late = f"{dag}: {run} 到时未完成 is late. The data team must look at the run in Airflow; 'shouwang doctor' says"
    return f"{late} what is missing, and 'shouwang nightly' goes on from where it stopped."


def _short(text: str) -> str:
    return text.encode()[:MOST_BYTES].decode(errors="ignore")
