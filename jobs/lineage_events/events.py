"""Telling how a step went: it started, and completed or failed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from uuid import NAMESPACE_URL, uuid4, uuid5
from zoneinfo import ZoneInfo

import structlog
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.generated import (
    column_lineage_dataset,
    job_type_job,
    nominal_time_run,
    parent_run,
    schema_dataset,
)
from openlineage.client.generated.base import DatasetFacet, RunFacet, set_producer
from openlineage.client.transport.file import FileConfig, FileTransport
from openlineage.client.transport.http import ApiKeyTokenProvider, HttpConfig, HttpTransport, TokenProvider

from jobs.lineage_events.datasets import Dataset, Flow, flow_of, told_name
from jobs.settings import Settings

log = structlog.get_logger(__name__)

PRODUCER = f"urn:shouwang:{version('shouwang')}"
set_producer(PRODUCER)
NIGHT = "nightly"
_SHANGHAI = ZoneInfo("Asia/Shanghai")
_JOB_TYPE = job_type_job.JobTypeJobFacet(processingType="BATCH", integration="SHOUWANG", jobType="JOB")


@contextmanager
def told(settings: Settings, business_date: date, step: str) -> Iterator[None]:
    """Tell that the step starts, and at the end of the block that it completed or failed.

    Why it failed is not told: a message may name somebody. Where nobody takes an event the step goes on, and the log
    says so.
    """
    if settings.lineage_events == "off":
        yield
        return
    run = _run(settings, business_date)
    job = Job(settings.lineage_namespace, step, {"jobType": _JOB_TYPE})
    flow = flow_of(step)
    _emit(settings, business_date, _event(RunState.START, run, job, flow, whole=False))
    try:
        yield
    except BaseException:
        _emit(settings, business_date, _event(RunState.FAIL, run, job, flow, whole=False))
        raise
    _emit(settings, business_date, _event(RunState.COMPLETE, run, job, flow, whole=True))


def _run(settings: Settings, business_date: date) -> Run:
    namespace = settings.lineage_namespace
    night = str(uuid5(NAMESPACE_URL, f"{namespace}/{NIGHT}/{business_date}"))
    begins = datetime.combine(business_date, time(), _SHANGHAI).isoformat()
    facets: dict[str, RunFacet] = {
        "nominalTime": nominal_time_run.NominalTimeRunFacet(nominalStartTime=begins),
        "parent": parent_run.ParentRunFacet(parent_run.Run(night), parent_run.Job(namespace, NIGHT)),
    }
    return Run(str(uuid4()), facets)


def _event(state: RunState, run: Run, job: Job, flow: Flow, whole: bool) -> RunEvent:
    """An event; with `whole` what is written is told with its columns and theirs."""
    namespace = job.namespace
    written = ((one.name, _facets(namespace, one) if whole else {}) for one in flow.outputs)
    return RunEvent(
        # The only clock here: when an event was told is no input of any step.
        eventTime=datetime.now(UTC).isoformat(),
        producer=PRODUCER,
        run=run,
        job=job,
        eventType=state,
        inputs=[InputDataset(namespace, one.name) for one in flow.inputs],
        outputs=[OutputDataset(namespace, name, facets=facets) for name, facets in written],
    )


def _facets(namespace: str, dataset: Dataset) -> dict[str, DatasetFacet]:
    fields = [
        schema_dataset.SchemaDatasetFacetFields(column.name, column.physical_type, column.comment)
        for column in dataset.columns
    ]
    facets: dict[str, DatasetFacet] = {"schema": schema_dataset.SchemaDatasetFacet(fields)}
    if dataset.origins:
        facets["columnLineage"] = _column_lineage(namespace, dataset)
    return facets


def _column_lineage(namespace: str, dataset: Dataset) -> column_lineage_dataset.ColumnLineageDatasetFacet:
    fields = {}
    for column, behind in (dataset.origins or {}).items():
        read = [column_lineage_dataset.InputField(namespace, *told_name(origin)) for origin in behind]
        if read:
            fields[column] = column_lineage_dataset.Fields(read)
    return column_lineage_dataset.ColumnLineageDatasetFacet(fields)


def _emit(settings: Settings, business_date: date, event: RunEvent) -> None:
    takers: list[Callable[[RunEvent], object]] = [partial(_to_file, settings.lineage_folder / f"{business_date}.jsonl")]
    if settings.lineage_url:
        takers.append(_http(settings.lineage_url, settings.lineage_server_token).emit)
    for take in takers:
        try:
            take(event)
        except Exception as problem:  # noqa: BLE001
            log.warning("lineage event not taken", problem=str(problem))


def _to_file(file: Path, event: RunEvent) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    FileTransport(FileConfig(log_file_path=str(file), append=True)).emit(event)


@cache
def _http(url: str, token: str | None) -> HttpTransport:
    auth = ApiKeyTokenProvider({"apiKey": token}) if token else TokenProvider({})
    return HttpTransport(HttpConfig(url=url, timeout=5, retry={"total": 1}, auth=auth))
