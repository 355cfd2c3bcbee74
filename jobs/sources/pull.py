"""The step before ingest for departments with a database: land what is new of each of their classes."""

from collections.abc import Sequence
from datetime import date

import structlog

from jobs.alone import alone
from jobs.errors import SettingsError, SourceError
from jobs.installation import Installation
from jobs.sources.addresses import url_of
from jobs.sources.database import Reading
from jobs.sources.landing import land, landed
from jobs.sources.watermark import Taken, Watermark, record_taken, taken_before
from jobs.steps import Report, StepResult, run_step
from jobs.storage_errors import storage_errors_told
from schemas.delivery import Manifest
from schemas.loader import Contract

log = structlog.get_logger(__name__)


def pull(installation: Installation, business_date: date, department: str, classes: Sequence[Contract]) -> StepResult:
    """Land what is new of each class; reports `landed` (rows by delivery) and `problems` (what to do, by class).

    A class whose database cannot be read holds back no other. A class that was taken for this date, or
    a later one, is left as it is.
    """

    def work() -> Report:
        rows: dict[str, int] = {}
        problems: dict[str, str] = {}
        for contract in classes:
            try:
                manifest = _pull_class(installation, business_date, contract)
            except (SourceError, SettingsError) as problem:
                log.error("source not read", extract_class=contract.extract_class, reason=str(problem))
                problems[contract.extract_class] = str(problem)
            else:
                rows |= {manifest.delivery_id: manifest.row_count} if manifest else {}
        return {"landed": rows, "problems": problems}

    with alone(installation, f"pull.{department}"), storage_errors_told(installation):
        return run_step(installation, business_date, f"pull.{department}", None, work)


def _pull_class(installation: Installation, business_date: date, contract: Contract) -> Manifest | None:
    landing = installation.settings.landing_folder
    if manifest := landed(landing, contract, business_date):
        # Landed before, perhaps by a run that was killed before it recorded the watermark.
        _record(installation, manifest)
        return None
    before = taken_before(installation, contract.extract_class)
    if before and before[-1].business_date >= business_date:
        log.info("a later night took this class already", extract_class=contract.extract_class)
        return None
    assert contract.source is not None
    reading = Reading(contract, contract.source, url_of(installation.settings, contract.source.server))
    marks = [Watermark.parse(taken.watermark) for taken in before if taken.watermark]
    manifest = land(landing, reading, business_date, marks[-1] if marks and contract.source.watermark else None)
    _record(installation, manifest)
    log.info("source read", delivery_id=manifest.delivery_id, rows=manifest.row_count, watermark=manifest.watermark)
    return manifest


def _record(installation: Installation, manifest: Manifest) -> None:
    taken = Taken(
        manifest.extract_class,
        manifest.business_date,
        manifest.delivery_id,
        manifest.row_count,
        manifest.watermark,
    )
    if taken not in taken_before(installation, manifest.extract_class):
        record_taken(installation, taken)
