"""Writes deliveries on all processors: each is the work of one process that shares the city's facts."""

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from demo_city.deliver import Delivered, deliver
from demo_city.facts import City
from demo_city.planning import PlannedDelivery

# More processes write no faster to one disk, and each needs memory of its own.
MOST_PROCESSES = 4
# What takes longest to write is begun first, lest one process be left with it in the end.
LARGEST = frozenset({
    "household_register", "chronic_outpatient_settlement", "general_outpatient_month", "inpatient_settlement",
    "insured_person", "disability_certificate",
})  # fmt: skip

Work = Callable[[int], Delivered]

_work: list[Work] = []


def deliver_side_by_side(
    city: City,
    planned: Sequence[PlannedDelivery],
    shielded: npt.NDArray[np.bool_],
    landing: Path,
    progress: Callable[[str], None],
) -> list[Delivered]:
    """Write all deliveries; what is written does not depend on how many processes there are."""

    def work(at: int) -> Delivered:
        return deliver(city, planned[at], shielded, landing)

    # Forked processes see what stands here now, without a copy of the city being sent to them.
    _work[:] = [work]
    largest_first = sorted(range(len(planned)), key=lambda at: planned[at].extract_class not in LARGEST)
    context = multiprocessing.get_context("fork")
    pool = ProcessPoolExecutor(min(MOST_PROCESSES, os.cpu_count() or 1), mp_context=context)
    try:
        running = {at: pool.submit(_deliver_at, at) for at in largest_first}
        delivered = []
        for at, each in enumerate(planned):
            progress(f"{city.plan.dates[each.landed]} {each.extract_class}")
            delivered.append(running[at].result())
        return delivered
    finally:
        pool.shutdown(cancel_futures=True)
        _work.clear()


def _deliver_at(at: int) -> Delivered:
    return _work[0](at)
