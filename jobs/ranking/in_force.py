"""Which score ranks the queue: the one that a person switched on, from the night on for which they did."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pyarrow as pa

from jobs.claims.claim import Claim, HouseholdWarning
from jobs.errors import RankingError
from jobs.installation import Installation
from warehouse.definitions import definition
from warehouse.tables import rows_until, rows_where

RANKING = "ads.ranking"


def switch(installation: Installation, on: date, card: dict[str, Any] | None) -> None:
    """Have the nights from a date on ranked by the score of a card; None ranks them by none.

    Raises RankingError where the card says that the score is not usable.
    """
    if card and not card["is_usable"]:
        raise RankingError(f"The score stays off: {card['reason']}.")
    row = {
        "business_date": on,
        "trained_as_of": date.fromisoformat(card["trained_as_of"]) if card else None,
        "card": json.dumps(card, ensure_ascii=False, sort_keys=True) if card else None,
    }
    table = definition(RANKING)
    rows = pa.Table.from_pylist([row], schema=table.schema)
    installation.warehouse.replace_rows(table, rows, rows_where(business_date=on))


def trained_as_of(installation: Installation, night: date) -> date | None:
    """As of which day the score in force on a night was trained; None where none is."""
    if not installation.warehouse.exists(RANKING):
        return None
    rows = installation.warehouse.rows(RANKING, rows_until("business_date", night)).to_pylist()
    latest = max(rows, key=lambda row: row["business_date"], default=None)
    return latest["trained_as_of"] if latest else None


def ranked(
    installation: Installation, night: date, warnings: Sequence[HouseholdWarning], claims: Sequence[Claim]
) -> list[HouseholdWarning]:
    """The warnings with their score where one is in force. It is fitted from what was known when it was trained."""
    day = trained_as_of(installation, night)
    if day is None or not warnings:
        return list(warnings)
    # Here, because what it takes to fit a score loads for a second, and most nights have none.
    from jobs.ranking.card import lessons_until
    from jobs.ranking.features import features_of, leading_figures
    from jobs.ranking.score import fitted

    lessons = lessons_until(installation, day)
    score = fitted([lesson.features for lesson in lessons], [lesson.is_found for lesson in lessons])
    figures = leading_figures([vars(claim) for claim in claims])
    features = [features_of(vars(warning), figures.get(warning.warning_id)) for warning in warnings]
    return [replace(warning, score=value) for warning, value in zip(warnings, score.of(features), strict=True)]
