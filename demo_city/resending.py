"""Deliveries that are out of the ordinary: early, late, sent again, in part, out of order, mislabelled, doubtful.

They come beside the regular ones and on the first two nights, so that nothing is missing for them. What the
night must hold comes only where all mess is asked for.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from demo_city.planning import Outcome, PlannedDelivery
from schemas.delivery import Manifest

NEW_HEADER = "备用列"
HELD_BACK_SHARE, CHANGED_SHARE, PARTLY_SHARE, SHRUNK_SHARE = 0.02, 0.05, 0.3, 0.4


@dataclass(frozen=True)
class Way:
    """One way to deliver; `change` makes the delivery from the class's regular one of the first night."""

    extract_class: str
    change: Callable[[PlannedDelivery, "Nights"], PlannedDelivery]
    must: str
    outcome: Outcome = "ingested"
    is_releasable: bool = False


@dataclass(frozen=True)
class Nights:
    """The dates of the first two nights, and which sequence numbers the second one's classes have used."""

    first: date
    second: date
    used: frozenset[str]

    def next_sequence(self, extract_class: str) -> int:
        return 2 if extract_class in self.used else 1


def _on_the_second_night(first: PlannedDelivery, nights: Nights) -> PlannedDelivery:
    return replace(first, night=1, landed=1, sequence=nights.next_sequence(first.extract_class))


def _early(first: PlannedDelivery, _nights: Nights) -> PlannedDelivery:
    return replace(first, night=1, landed=0, rows=lambda: held_back(first.facts))


def _late(first: PlannedDelivery, _nights: Nights) -> PlannedDelivery:
    return replace(first, sequence=2, landed=1, rows=lambda: held_back(first.facts))


def _unchanged(first: PlannedDelivery, nights: Nights) -> PlannedDelivery:
    return _on_the_second_night(first, nights)


def _all_again(first: PlannedDelivery, nights: Nights) -> PlannedDelivery:
    """Everything known, in another order, as if it were new."""
    return replace(_on_the_second_night(first, nights), rows=lambda: first.facts.iloc[::-1])


def _changed(first: PlannedDelivery, _nights: Nights) -> PlannedDelivery:
    """The same name and nearly the same rows: some of those who were held are free by now."""

    def released() -> pd.DataFrame:
        facts = first.facts
        open_ended = facts["actual_end"].isna().to_numpy()
        free = open_ended & (np.arange(len(facts)) % round(1 / CHANGED_SHARE) == 0)
        free[np.argmax(open_ended)] |= open_ended.any()
        ended = np.where(free, np.datetime64(first.period_end), facts["actual_end"].to_numpy("datetime64[D]"))
        return facts.assign(actual_end=ended)

    return replace(first, landed=1, revision=2, rows=released)


def _partly(first: PlannedDelivery, nights: Nights) -> PlannedDelivery:
    return replace(_on_the_second_night(first, nights), rows=lambda: _beginning(first.facts, PARTLY_SHARE))


def _out_of_order(first: PlannedDelivery, nights: Nights) -> PlannedDelivery:
    """Last month's register, found again: with the amounts of then."""
    end = nights.first.replace(day=1) - timedelta(days=1)

    def older() -> pd.DataFrame:
        facts = first.facts[first.facts["recognised_on"] <= np.datetime64(end)]
        visited = facts["last_visit_on"].where(facts["last_visit_on"] <= np.datetime64(end))
        return facts.assign(last_visit_on=visited, monthly_amount=facts["monthly_amount"] // 110 * 100)

    return replace(_on_the_second_night(first, nights), rows=older, period_start=end, period_end=end)


def _shrunk(first: PlannedDelivery, nights: Nights) -> PlannedDelivery:
    second = _on_the_second_night(first, nights)
    second = replace(second, rows=lambda: _beginning(first.facts, SHRUNK_SHARE))
    return replace(second, period_start=nights.second, period_end=nights.second)


def _schema_changed(first: PlannedDelivery, nights: Nights) -> PlannedDelivery:
    second = _on_the_second_night(first, nights)
    return replace(second, new_header=NEW_HEADER, period_start=nights.second, period_end=nights.second)


def _part(facts: pd.DataFrame, share: float) -> int:
    return max(1, round(len(facts) * share))


def _beginning(facts: pd.DataFrame, share: float) -> pd.DataFrame:
    return facts.iloc[: _part(facts, share)]


def held_back(facts: pd.DataFrame) -> pd.DataFrame:
    """The rows that the regular delivery of the first night leaves out."""
    return facts.iloc[len(facts) - _part(facts, HELD_BACK_SHARE) :]


WAYS: Mapping[str, Way] = {
    "early": Way("student_aid", _early, "ingested with the night in whose folder it lies"),
    "late": Way("cremation", _late, "ingested, and marked as late"),
    "resent_unchanged": Way(
        "death_certificate", _unchanged, "recognised by its bytes; all rows unchanged", "recognised"
    ),
    "resent_changed": Way("custody", _changed, "kept beside the first of its name; only changed rows are new"),
    "partly_resent": Way("temporary_aid", _partly, "its rows are known; nothing is new, nothing is deleted"),
    "out_of_order": Way("child_in_need", _out_of_order, "kept as outdated; changes nothing that a newer one said"),
    "full_labelled_incremental": Way("traffic_casualty", _all_again, "not held; nothing is new or deleted"),
    "shrunk": Way("serious_disease", _shrunk, "held until a person releases or rejects it", "held", True),
    "schema_changed": Way("public_housing", _schema_changed, "held; the department must resend it", "held"),
}
HELD_BACK_KINDS = ("early", "late")


def out_of_the_ordinary(
    deliveries: Sequence[PlannedDelivery], first: date, second: date, with_held: bool
) -> Iterator[PlannedDelivery]:
    """The unusual deliveries beside these regular ones of two nights."""
    by_class = {each.extract_class: each for each in deliveries if each.night == 0}
    nights = Nights(first, second, frozenset(each.extract_class for each in deliveries if each.night == 1))
    for kind, way in WAYS.items():
        if way.outcome != "held" or with_held:
            planned = way.change(by_class[way.extract_class], nights)
            outcome, releasable = way.outcome, way.is_releasable
            yield replace(planned, kind=kind, must=way.must, outcome=outcome, is_releasable=releasable)


def without_held_back(planned: PlannedDelivery) -> PlannedDelivery:
    """The first night's delivery without the rows that come early or late in another."""
    classes = {WAYS[kind].extract_class for kind in HELD_BACK_KINDS}
    if planned.night or planned.extract_class not in classes:
        return planned
    return replace(planned, rows=lambda: _not_held_back(planned.facts))


def _not_held_back(facts: pd.DataFrame) -> pd.DataFrame:
    return facts.iloc[: len(facts) - len(held_back(facts))]


def known_as(planned: PlannedDelivery, manifest: Manifest) -> str:
    """The name under which the ledger keeps the delivery."""
    return manifest.delivery_id + (f".r{planned.revision}" if planned.revision > 1 else "")
