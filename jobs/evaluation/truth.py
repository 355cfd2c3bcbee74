"""The warnings held to what really happened in a demo city; no other job reads the truth, and no installation has one.

A made-up city can show that what was planted is found, and how soon. It cannot show that the hardships of a
real city look like those planted here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.claims.keeping import CLAIM
from jobs.evaluation.intervals import median, share
from jobs.evaluation.judged import Judged, rows_of
from jobs.evaluation.measures import plain
from jobs.installation import Installation
from jobs.layer_tables import register_layers
from jobs.people.links import former_keys

# What the truth calls a hardship, and the models that are there to find it.
MODELS_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "medical_year_over_limit": ("medical_cost_over_limit",),
    "sudden_bill": ("sudden_medical_spending",),
    "disability": ("disability_newly_certified",),
    "disability_worsened": ("disability_newly_certified",),
    "job_lost": ("employment_lost",),
    "unemployed_low_income": ("employment_lost",),
    "income_drop": ("income_dropped",),
    "whole_household_meets_tekun": ("entitlement_unclaimed",),
}
_HOUSEHOLDS = """
select person.person_key, person.household_key
from dwd_person as person
join true_person as named on named.person_key = person.person_key
"""


@dataclass(frozen=True)
class Hardship:
    """One person's hardship as it really is. `first_visible_on` is the first night whose deliveries show it."""

    person_key: str
    household_key: str | None
    kind: str
    happened_on: date
    first_visible_on: date


def true_hardships(installation: Installation, until: date) -> list[Hardship] | None:
    """The hardships that could be seen until a date, but for those of households that visibly get by.

    None where nobody knows, which is everywhere but in a demo.
    """
    file = installation.settings.home / "demo" / "truth" / "hardship.parquet"
    if installation.settings.mode != "demo" or not file.is_file():
        return None
    seen = [row for row in pq.read_table(file).to_pylist() if row["first_visible_on"] <= until]
    rows = [row for row in seen if not row["left_out_for"]]
    keys = {
        number: installation.pseudonymiser.person_key(number) for number in {row["identity_number"] for row in rows}
    }
    households = _households(installation, set(keys.values()))
    return [
        Hardship(
            keys[row["identity_number"]],
            households.get(keys[row["identity_number"]]),
            row["kind"],
            row["happened_on"],
            row["first_visible_on"],
        )
        for row in rows
    ]


def held_to_truth(
    installation: Installation, until: date, judged: Sequence[Judged], hardships: Sequence[Hardship]
) -> dict[str, Any]:
    """Recall and lead time: by model, of the hardships it is there to find; by kind and in all, of the households.

    A model found a hardship where it claims something of the person. A household was reached by any warning on or
    after the first night that shows the hardship. `met` are the warnings whose household is in some hardship.
    """
    claimed = _first_claims(installation, until)
    reached = _warning_nights(judged)
    by_model: dict[str, list[tuple[Hardship, date | None]]] = {}
    by_kind: dict[str, list[tuple[Hardship, date | None]]] = {}
    for hardship in hardships:
        for model in MODELS_OF_KIND.get(hardship.kind, ()):
            by_model.setdefault(model, []).append((hardship, claimed.get((model, hardship.person_key))))
        nights = reached.get(hardship.household_key or hardship.person_key, ())
        first = min((night for night in nights if night >= hardship.first_visible_on), default=None)
        by_kind.setdefault(hardship.kind, []).append((hardship, first))
    everything = [pair for pairs in by_kind.values() for pair in pairs]
    in_hardship = {one for hardship in hardships for one in (hardship.household_key, hardship.person_key) if one}
    met = sum(item.household_key in in_hardship or item.person_key in in_hardship for item in judged)
    return {
        "all": _recall(everything),
        "by_model": [{"model": name, **_recall(pairs)} for name, pairs in sorted(by_model.items())],
        "by_kind": [{"kind": name, **_recall(pairs)} for name, pairs in sorted(by_kind.items())],
        "warnings": len(judged),
        "met": met,
        "met_share": plain(share(met, len(judged))),
    }


def _recall(pairs: Sequence[tuple[Hardship, date | None]]) -> dict[str, Any]:
    found = [(hardship, on) for hardship, on in pairs if on is not None]
    return {
        "hardships": len(pairs),
        "found": len(found),
        "recall": plain(share(len(found), len(pairs))),
        "days_after_visible": plain(median([(on - hardship.first_visible_on).days for hardship, on in found])),
        "days_after_it_happened": plain(median([(on - hardship.happened_on).days for hardship, on in found])),
    }


def _first_claims(installation: Installation, until: date) -> dict[tuple[str, str], date]:
    """The first night on which each model claimed something of a person, who is known by the key of now."""
    now = {former: key for key, formers in former_keys(installation.warehouse).items() for former in formers}
    first: dict[tuple[str, str], date] = {}
    for row in rows_of(installation, CLAIM, until):
        if row["warning_id"]:
            key = (row["model_id"], now.get(row["person_key"], row["person_key"]))
            first[key] = min(first.get(key, row["business_date"]), row["business_date"])
    return first


def _warning_nights(judged: Sequence[Judged]) -> dict[str, list[date]]:
    nights: dict[str, list[date]] = {}
    for item in judged:
        nights.setdefault(item.household_key or item.person_key, []).append(item.business_date)
    return nights


def _households(installation: Installation, keys: set[str]) -> dict[str, str]:
    with installation.engine() as engine:
        register_layers(engine, installation, "dwd")
        engine.register_table("true_person", pa.table({"person_key": pa.array(sorted(keys), pa.string())}))
        return {row["person_key"]: row["household_key"] for row in engine.query(_HOUSEHOLDS).to_pylist()}
