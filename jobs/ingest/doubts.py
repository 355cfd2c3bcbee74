"""What makes a delivery that keeps its promises so unusual that a person must look at it first.

Nothing here says that a delivery is wrong: it is held until somebody who can ask the department
releases or rejects it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median

import structlog

from jobs.errors import DeliveryHeldError
from jobs.ingest.batch import Batch, Delivery
from jobs.ingest.field_profile import highest_null_rates
from jobs.ingest.history import ClassHistory
from jobs.ingest.ledger import DeliveryRecord
from jobs.ingest.versions import Comparison
from jobs.installation import Installation

log = structlog.get_logger(__name__)

COMPARED_DELIVERIES = 5
# An incremental class shows its habit only after a few deliveries; the first is often its whole past.
HABIT_AFTER = 3
# Below these, chance alone makes jumps.
LEAST_DIFFERENCE = 200
LEAST_ROWS = 50
# An incremental delivery that names nearly all known rows is a full one under a wrong label.
FULL_SHARE = 0.95
FULL_LEAST_ROWS = 1000


@dataclass(frozen=True)
class Doubt:
    """One thing to look at, in English and in Chinese."""

    text: str
    zh: str


def hold_doubtful(
    installation: Installation,
    comparison: Comparison,
    history: ClassHistory,
) -> None:
    """Raises a releasable DeliveryHeldError that names every doubt."""
    batch, delivery = comparison.batch, comparison.delivery
    mode = delivery.manifest.mode
    last = history.last(mode, COMPARED_DELIVERIES, apart_from=delivery.delivery_id)
    doubts = list(_row_count_doubts(comparison, last))
    if mode == "full" or len(last) >= HABIT_AFTER:
        rates = highest_null_rates(installation, [record.delivery_id for record in last], LEAST_ROWS)
        doubts += _null_rate_doubts(batch, delivery, rates)
    if doubts:
        raise DeliveryHeldError(
            f"{delivery.manifest.files[0].name} {'; '.join(doubt.text for doubt in doubts)}",
            "; ".join(doubt.zh for doubt in doubts),
            batch.received,
            releasable=True,
        )


def _row_count_doubts(comparison: Comparison, last: Sequence[DeliveryRecord]) -> Iterator[Doubt]:
    if comparison.delivery.manifest.mode == "full":
        yield from _shrunken(comparison)
    elif not _is_full_in_truth(comparison):
        yield from _jumped(comparison.batch, comparison.delivery, last)


def _shrunken(comparison: Comparison) -> Iterator[Doubt]:
    known, gate = comparison.known_count, comparison.delivery.contract.completeness_gate
    received = comparison.batch.received
    if received < known * gate:
        yield Doubt(
            f"is a full delivery of {received} rows where {known} are known; fewer than {gate:.0%} may mean "
            "that a part is missing",
            f"全量数据 {received} 行, 而已有 {known} 行, 不足 {gate:.0%}, 可能缺少一部分",
        )


def _is_full_in_truth(comparison: Comparison) -> bool:
    """Whether an incremental delivery names nearly everything known. It never deletes for that."""
    known = comparison.known_count
    if known < FULL_LEAST_ROWS or comparison.named_known_count() < known * FULL_SHARE:
        return False
    log.warning(
        "an incremental delivery looks like a full one", delivery_id=comparison.delivery.delivery_id, known_rows=known
    )
    return True


def _jumped(batch: Batch, delivery: Delivery, last: Sequence[DeliveryRecord]) -> Iterator[Doubt]:
    if len(last) < HABIT_AFTER:
        return
    usual, factor = median(record.received for record in last), delivery.contract.row_count_jump
    if abs(batch.received - usual) >= LEAST_DIFFERENCE and not usual / factor <= batch.received <= usual * factor:
        yield Doubt(
            f"brings {batch.received} rows where the class's last {len(last)} deliveries usually brought {usual:.0f}",
            f"增量数据 {batch.received} 行, 而最近 {len(last)} 批通常为 {usual:.0f} 行",
        )


def _null_rate_doubts(batch: Batch, delivery: Delivery, highest: Mapping[str, Fraction]) -> Iterator[Doubt]:
    if batch.row_count < LEAST_ROWS:
        return
    for field in delivery.contract.fields:
        rate = Fraction(batch.read.empty_counts[field.name], batch.row_count)
        if field.name in highest and float(rate - highest[field.name]) > delivery.contract.null_rate_jump:
            before = float(highest[field.name])
            yield Doubt(
                f"leaves {field.name} empty in {float(rate):.0%} of its rows, where it was {before:.0%} at most",
                f"{field.title} 为空的占 {float(rate):.0%}, 而以往最多 {before:.0%}",
            )
