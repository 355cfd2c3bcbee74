"""The pipeline's side of the contract with the case service."""

import re
import ssl
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError
from structlog.contextvars import get_contextvars

from jobs.errors import CaseServiceUnreachableError, SettingsError
from jobs.settings import Settings
from schemas.messages import (
    DeadlineReport,
    Disposition,
    DispositionBatch,
    FreshnessReport,
    OutcomeMessage,
    OutcomePage,
    ReviewFindingBatch,
    ReviewFindingMessage,
    ReviewFindingsTaken,
    WarningBatch,
    WarningMessage,
)

BATCH_SIZE = 500
_TIMEOUT = httpx.Timeout(60, connect=5)
# What stands in the service's log lines too, so that both sides of a night can be read together.
_RUN_ID = re.compile("[0-9A-Za-z_:.+-]{8,120}")

Answer = TypeVar("Answer", bound=BaseModel)


class CaseServiceClient:
    """Puts warnings, findings for review and freshness, and reads outcomes. Every call may be repeated safely.

    Raises CaseServiceUnreachableError where the service does not answer, is not well, or something else answers for it.
    """

    def __init__(self, settings: Settings) -> None:
        self._url = settings.case_service_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {settings.key('service_token').decode()}"}

    def put_warnings(self, business_date: date, warnings: Sequence[WarningMessage]) -> Iterator[list[Disposition]]:
        """Deliver in batches; yields what became of each batch's warnings."""
        for start in range(0, len(warnings), BATCH_SIZE):
            batch = WarningBatch(business_date=business_date, warnings=list(warnings[start : start + BATCH_SIZE]))
            answer = self._asked(DispositionBatch, "PUT", "/api/v1/warnings", content=batch.model_dump_json())
            if unasked := {one.warning_id for one in answer.dispositions} - {one.warning_id for one in batch.warnings}:
                raise self._not_as_agreed(f"it tells of warnings that were not sent: {', '.join(sorted(unasked)[:3])}")
            yield answer.dispositions

    def put_review_findings(self, business_date: date, findings: Sequence[ReviewFindingMessage]) -> Iterator[list[str]]:
        """Hand over findings for review in batches; yields the ids that were taken of each."""
        for start in range(0, len(findings), BATCH_SIZE):
            batch = ReviewFindingBatch(business_date=business_date, findings=list(findings[start : start + BATCH_SIZE]))
            path, content = "/api/v1/review-findings", batch.model_dump_json()
            yield self._asked(ReviewFindingsTaken, "PUT", path, content=content).finding_ids

    def put_freshness(self, report: FreshnessReport) -> None:
        """Tell how fresh every source is."""
        self._request("PUT", "/api/v1/freshness", content=report.model_dump_json())

    def outcomes_after(self, cursor: str | None) -> Iterator[tuple[list[OutcomeMessage], str | None]]:
        """Read outcomes page by page; yields each page with the cursor behind it."""
        while True:
            page = self._asked(OutcomePage, "GET", "/api/v1/outcomes", params={"after": cursor} if cursor else {})
            if not page.outcomes:
                return
            cursor = page.next_cursor or cursor
            yield page.outcomes, cursor
            if page.next_cursor is None:
                return

    def deadlines(self) -> DeadlineReport:
        """How open work orders stand against their clocks right now."""
        return self._asked(DeadlineReport, "GET", "/api/v1/deadlines")

    def metrics(self) -> str:
        """How the service does and what waits there, as Prometheus' text."""
        return self._request("GET", "/metrics").text

    def _asked(
        self,
        kind: type[Answer],
        method: str,
        path: str,
        content: str | None = None,
        params: dict[str, str] | None = None,
    ) -> Answer:
        answer = self._request(method, path, content, params)
        try:
            return kind.model_validate_json(answer.content)
        except ValidationError as error:
            raise self._not_as_agreed(f"{method} {path} gives no {kind.__name__}") from error

    def _not_as_agreed(self, what: str) -> CaseServiceUnreachableError:
        return CaseServiceUnreachableError(
            f"what answers at {self._url} does not answer as the case service of this version does ({what}): the "
            "system administrator must check SHOUWANG_CASE_SERVICE_URL, what stands between, and that both are of one "
            "version"
        )

    def _request(
        self, method: str, path: str, content: str | None = None, params: dict[str, str] | None = None
    ) -> httpx.Response:
        headers = {**self._headers, "Content-Type": "application/json", "X-Run-Id": _run_id()}
        try:
            answer = httpx.request(
                method,
                self._url + path,
                content=content,
                params=params,
                headers=headers,
                timeout=_TIMEOUT,
                verify=_trusted_certificates(),
            )
        except httpx.HTTPError as error:
            raise CaseServiceUnreachableError(f"the case service at {self._url} does not answer: {error}") from error
        if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise SettingsError(
                f"the case service at {self._url} refuses the service token: the system administrator must give "
                "pipeline and case service the same SHOUWANG_SERVICE_TOKEN"
            )
        if answer.is_server_error:
            raise CaseServiceUnreachableError(f"the case service at {self._url} is not well: {answer.status_code}")
        if not answer.is_success:
            raise self._not_as_agreed(f"{method} {path} gives {answer.status_code}")
        return answer


@cache
def _trusted_certificates() -> ssl.SSLContext:
    """Read once: it takes longer than most requests."""
    return httpx.create_ssl_context()


def _run_id() -> str:
    run_id = str(get_contextvars().get("run_id", ""))
    return run_id if _RUN_ID.fullmatch(run_id) else ""
