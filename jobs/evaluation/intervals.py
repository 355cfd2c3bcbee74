"""Shares and medians with the interval in which they lie in 19 cases of 20, so that small numbers look small.

scipy.stats is imported where something is counted: it would be a quarter of what every command takes to start.
"""

from collections.abc import Sequence
from dataclasses import dataclass

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A measured value between `low` and `high`; they are None where too few were measured to tell."""

    value: float
    low: float | None
    high: float | None


def share(count: int, of: int) -> Interval | None:
    """A share with its Wilson interval; None of nothing."""
    if not of:
        return None
    from scipy.stats import binomtest

    found = binomtest(count, of).proportion_ci(LEVEL, method="wilson")
    return Interval(count / of, float(found.low), float(found.high))


def median(values: Sequence[float]) -> Interval | None:
    """The median with the interval that its order statistics give, whatever the values' distribution."""
    if not values:
        return None
    from scipy.stats import binom

    ordered, count = sorted(values), len(values)
    middle = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2
    rank = int(binom.ppf((1 - LEVEL) / 2, count, 0.5))
    if rank < 1:
        return Interval(middle, None, None)
    return Interval(middle, ordered[rank - 1], ordered[count - rank])
